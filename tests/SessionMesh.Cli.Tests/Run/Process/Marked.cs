using System.Security.Cryptography;
using SessionMesh.Cli.Run.Process;

namespace SessionMesh.Cli.Tests.Run.Process;

/// <summary>A variable that only one test's processes have, by which all that come of them are found, wherever they went.</summary>
internal sealed class Marked
{
    public const string Variable = "MESH_TEST_MARK";

    public string Value { get; } = RandomNumberGenerator.GetHexString(32);

    public IReadOnlyList<string> Sh(string script) => ["/usr/bin/env", $"{Variable}={Value}", "/bin/sh", "-c", script];

    /// <summary>Those of them that live now, as the whole process table has them.</summary>
    public List<ProcEntry> Living() =>
        [.. ProcFs.All().Where(entry => !ProcFs.IsGone(entry.Pid) && IsMarked(entry.Pid))];

    private bool IsMarked(int pid) => ProcFs.EnvironmentOf(pid, Variable) is [var mark] && mark == Value;
}
