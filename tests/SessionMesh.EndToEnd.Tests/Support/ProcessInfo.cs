using System.Globalization;

namespace SessionMesh.EndToEnd.Tests.Support;

/// <summary>One line of <c>/proc</c>.</summary>
/// <param name="State">R, S, D, T (stopped), Z (zombie)…</param>
internal sealed record ProcessInfo(int Pid, char State, int Parent, int Group, string Command)
{
    public override string ToString() => $"{Pid} {State} group {Group} {Command}";

    /// <summary>Null when there is no such process, or only what its parent has not yet collected.</summary>
    public static ProcessInfo? Find(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");

            // The name is in parentheses and may contain any character.
            var rest = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            var info = new ProcessInfo(
                pid, rest[0][0], Number(rest[1]), Number(rest[2]), File.ReadAllText($"/proc/{pid}/cmdline").Replace('\0', ' ').TrimEnd());
            return info.State is 'Z' or 'X' ? null : info;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Those whose initial environment holds this <c>NAME=VALUE</c>.</summary>
    public static IReadOnlyList<ProcessInfo> WithEnvironment(string variable) =>
        All(pid => Array.IndexOf(EnvironmentOf(pid), variable) >= 0);

    public static IReadOnlyList<ProcessInfo> WithCommand(Func<string, bool> wanted) => [.. All(_ => true).Where(p => wanted(p.Command))];

    public static IReadOnlyList<ProcessInfo> OfGroup(int group) => [.. All(_ => true).Where(p => p.Group == group)];

    /// <summary>The environment it was started with; empty when it is gone.</summary>
    public static string[] EnvironmentOf(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/environ").Split('\0');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static List<ProcessInfo> All(Func<int, bool> wanted)
    {
        var found = new List<ProcessInfo>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out var pid)
                && wanted(pid)
                && Find(pid) is { } info)
            {
                found.Add(info);
            }
        }

        return found;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
