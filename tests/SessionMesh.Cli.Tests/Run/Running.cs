using System.Collections.Concurrent;
using SessionMesh.Cli.Run;

namespace SessionMesh.Cli.Tests.Run;

/// <summary>One <c>run</c> in this process, against a fake server, with a real child.</summary>
internal sealed class Running
{
    public Running(FakeMesh mesh, RunOptions options)
    {
        var log = new RunLog(quiet: false) { Sink = Lines.Enqueue };
        Code = Task.Run(async () =>
        {
            using var client = mesh.Client();
            return await new Runner(client, options, log, TimeProvider.System).RunAsync();
        });
    }

    public ConcurrentQueue<string> Lines { get; } = new();

    public Task<int> Code { get; }

    public Task<int> Ends => Code.WaitAsync(Eventually.Bound);

    public static RunOptions Sh(string script) => new()
    {
        AgentId = "a1",
        Command = ["/bin/sh", "-c", script],
        Grace = TimeSpan.FromMilliseconds(300),
        ReportTimeout = TimeSpan.FromSeconds(15),
    };
}
