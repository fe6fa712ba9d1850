using System.Collections.Concurrent;
using SessionMesh.Cli.Run;
using SessionMesh.Client;

namespace SessionMesh.Cli.Tests.Run;

/// <summary>One <c>run</c> in this process, with a real child.</summary>
internal sealed class Running
{
    public Running(FakeMesh mesh, RunOptions options)
        : this(() => Task.FromResult(mesh.Client()), options)
    {
    }

    public Running(HostedMesh mesh, RunOptions options)
        : this(mesh.ClientAsync, options with { AgentId = mesh.AgentId })
    {
    }

    private Running(Func<Task<MeshClient>> connect, RunOptions options)
    {
        var log = new RunLog(quiet: false) { Sink = Lines.Enqueue };
        Code = Task.Run(async () =>
        {
            using var client = await connect();
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
