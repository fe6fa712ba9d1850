using System.Diagnostics;

namespace SessionMesh.Cli.Hosting;

/// <summary>
/// The server's connection string, which may be in the environment of whoever types a command: whatever the tool starts does not inherit
/// it. A test over the sources finds a start that forgets to ask here.
/// </summary>
internal static class DatabaseSecret
{
    /// <summary>The string itself, and what names the file that holds it: <c>SESSION_MESH_POSTGRES_FILE</c>.</summary>
    private const string Prefix = "SESSION_MESH_POSTGRES";

    /// <summary>Whether a variable has it or leads to it.</summary>
    public static bool IsIn(string variable) => variable.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Takes it from the environment of a process that is about to be started.</summary>
    /// <param name="unless">It is the server's own program, and is to reach the database.</param>
    public static ProcessStartInfo Without(ProcessStartInfo start, bool unless = false)
    {
        // What Windows opens for us has an environment that cannot be changed.
        if (unless || start.UseShellExecute)
        {
            return start;
        }

        foreach (var name in start.Environment.Keys.Where(IsIn).ToList())
        {
            start.Environment.Remove(name);
        }

        return start;
    }
}
