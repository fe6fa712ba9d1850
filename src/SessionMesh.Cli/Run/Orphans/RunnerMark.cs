using System.Globalization;
using SessionMesh.Cli.Run.Process;

namespace SessionMesh.Cli.Run.Orphans;

/// <summary>
/// Which runner started a process: <c>PID:START:NAMESPACE</c> in <see cref="Variable"/> of its environment, from which all
/// that comes of it inherits it. The start time tells the runner from a later process with its id; the namespace says
/// where that id means anything. Linux alone.
/// </summary>
internal readonly record struct RunnerMark(int Pid, ulong StartTime, string Namespace)
{
    public const string Variable = "SESSION_MESH_RUNNER";

    /// <summary>This process's own; null where processes cannot be looked at.</summary>
    public static RunnerMark? Ours { get; } =
        Platform.TracksDescendants && ProcFs.Read(Environment.ProcessId) is { } self && OwnNamespace() is { } ns
            ? new RunnerMark(self.Pid, self.StartTime, ns)
            : null;

    public static RunnerMark? Parse(string? text) =>
        text?.Split(':') is [var pid, var start, var ns]
        && int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
        && ulong.TryParse(start, NumberStyles.None, CultureInfo.InvariantCulture, out var began)
            ? new RunnerMark(id, began, ns)
            : null;

    /// <summary>Whether that runner has surely ended. False where it may live out of our sight.</summary>
    public bool IsGone =>
        Ours is { } ours && ours.Namespace == Namespace
        && (ProcFs.Read(Pid) is not { } now || now.StartTime != StartTime || (now.IsOver && ProcFs.IsGone(Pid)));

    public override string ToString() => $"{Pid}:{StartTime}:{Namespace}";

    /// <summary>The number in <c>pid:[4026531836]</c>.</summary>
    private static string? OwnNamespace()
    {
        try
        {
            return new FileInfo("/proc/self/ns/pid").LinkTarget is { } target ? string.Concat(target.Where(char.IsAsciiDigit)) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
