using SessionMesh.Cli.Run.Process;

namespace SessionMesh.Cli.Attach;

/// <summary>
/// A variable in the environment of all that a process has started, at any depth. It stays with whoever makes a session of its own and has
/// lost its parent. A process that cleans its environment is not found by it.
/// </summary>
internal sealed record ProcessMark(string Name, string Value)
{
    /// <summary>Reads <c>NAME=VALUE</c>; null for anything else.</summary>
    public static ProcessMark? Parse(string? text) =>
        text?.IndexOf('=') is > 0 and var equals && equals < text.Length - 1 ? new(text[..equals], text[(equals + 1)..]) : null;

    /// <summary>Those that carry it now.</summary>
    public IEnumerable<ProcEntry> Carriers() => ProcFs.All()
        .Where(entry => !entry.IsOver && ProcFs.EnvironmentOf(entry.Pid, Name) is [{ } value] && value == Value);
}
