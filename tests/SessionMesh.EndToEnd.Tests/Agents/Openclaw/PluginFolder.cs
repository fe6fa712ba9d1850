using System.Text.Json;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Agents.Openclaw;

/// <summary>The plugin's folder, as it is in a gateway that has it.</summary>
internal static class PluginFolder
{
    private static string Source => Path.Combine(Built.Repository, "src", "SessionMesh.Cli", "Hooks", "Openclaw", "plugin");

    /// <summary>The shipped files, and which tool they call.</summary>
    public static void Write(string folder, Scratch scratch)
    {
        Directory.CreateDirectory(folder);
        foreach (var file in Directory.EnumerateFiles(Source))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        string[] command = [Path.Combine(scratch.Bin, "session-mesh")];
        File.WriteAllText(Path.Combine(folder, "tool.json"), JsonSerializer.Serialize(new { command }));
    }
}
