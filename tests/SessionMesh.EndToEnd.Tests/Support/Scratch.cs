using System.Security.Cryptography;

namespace SessionMesh.EndToEnd.Tests.Support;

/// <summary>
/// A directory of its own, and the processes that were started with it: every one of them, and whatever it started,
/// carries a mark in its environment. At the end, also of a test that failed, what still has the mark is ended by its id
/// and the directory is removed.
/// </summary>
internal sealed class Scratch : IDisposable
{
    private const string Mark = "SESSION_MESH_TEST_SCRATCH";
    private readonly string _mark = Convert.ToHexString(RandomNumberGenerator.GetBytes(8));

    public Scratch()
    {
        Home = Directory.CreateDirectory(File("home")).FullName;
        Bin = Directory.CreateDirectory(File("bin")).FullName;
        System.IO.File.CreateSymbolicLink(Path.Combine(Bin, "session-mesh"), Built.Tool);
        AppDomain.CurrentDomain.ProcessExit += EndAll;
    }

    public string Root { get; } = Directory.CreateTempSubdirectory("session-mesh-e2e-").FullName;

    public string Home { get; }

    /// <summary>Holds <c>session-mesh</c>, as the PATH of an installed tool does.</summary>
    public string Bin { get; }

    /// <summary>An environment with nothing of ours but what a test puts there.</summary>
    public Dictionary<string, string> Environment() => new()
    {
        ["PATH"] = $"{Bin}:{System.Environment.GetEnvironmentVariable("PATH")}",
        ["HOME"] = Home,
        ["TMPDIR"] = Root,
        ["LANG"] = "C.UTF-8",
        ["DOTNET_ROOT"] = Built.DotnetRoot,
        ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
        ["DOTNET_NOLOGO"] = "1",
        [Mark] = _mark,
    };

    public string File(string name) => Path.Combine(Root, name);

    public string Write(string name, string content)
    {
        var path = File(name);
        System.IO.File.WriteAllText(path, content);
        return path;
    }

    /// <summary>The marked processes that are there now; zombies do not count.</summary>
    public IReadOnlyList<ProcessInfo> Processes() => ProcessInfo.WithEnvironment($"{Mark}={_mark}");

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= EndAll;
        EndAll(null, EventArgs.Empty);
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                Directory.Delete(Root, recursive: true);
                return;
            }
            catch (IOException) when (attempt < 3)
            {
                // A process that was just killed was writing there.
            }
        }
    }

    private void EndAll(object? sender, EventArgs e)
    {
        // What is killed may have been forking: until none is left, within reason.
        for (var attempt = 0; attempt < 1000 && Processes() is { Count: > 0 } left; attempt++)
        {
            foreach (var process in left)
            {
                Signal.Send(process.Pid, Signal.Kill);
            }
        }
    }
}
