using System.Reflection;

namespace SessionMesh.Cli.Hooks.Kinds;

/// <summary>The files of the plugins for agents that take no commands, as they were when the tool was built.</summary>
internal static class PluginFiles
{
    /// <summary>The name of each plugin's folder.</summary>
    public const string Name = "session-mesh";

    private const string Prefix = "plugin/";

    /// <summary>Paths within the folder, with <c>/</c>, and what is in them.</summary>
    public static IReadOnlyList<(string Path, byte[] Content)> Of(string agent) => [.. Read($"{Prefix}{agent}/")];

    private static IEnumerable<(string, byte[])> Read(string prefix)
    {
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var name in assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            using var content = new MemoryStream();
            stream.CopyTo(content);
            yield return (name[prefix.Length..].Replace('\\', '/'), content.ToArray());
        }
    }
}
