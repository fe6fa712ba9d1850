using System.Collections.Concurrent;
using SessionMesh.Cli.Attach;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Run;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Tests.Run.Attach;

/// <summary>One <c>attach</c> in this process, to a process that a test has started.</summary>
internal sealed class Attaching : IDisposable
{
    private readonly CancellationTokenSource _leaving = new();

    /// <param name="home">Where records are kept.</param>
    public Attaching(HostedMesh mesh, string home, int pid, AttachOptions? options = null)
    {
        options ??= new AttachOptions { Agent = new RegisterAgentRequest { AgentId = mesh.AgentId } };
        Ends = Task.Run(async () =>
        {
            using var client = await mesh.ClientAsync();
            using var process = HeldProcess.Open(pid) ?? throw new InvalidOperationException("it is gone");
            using var record = AttachRecord.Take(
                    HostAt(home), mesh.Url, process.Seen, options.HookedIncarnation is null ? null : options.Agent.AgentId)
                ?? throw new InvalidOperationException("it is watched");
            var log = new RunLog(quiet: false) { Sink = Lines.Enqueue };
            var watcher = new Watcher(client, process, record, options, log, TimeProvider.System) { Looked = known => Known = known };
            if (await watcher.JoinAsync(_leaving.Token) is { } session)
            {
                Joined.SetResult((session.AgentId, session.Incarnation));
                await watcher.RunAsync(session, null, _leaving.Token);
            }
        }).WaitAsync(Eventually.Bound);
    }

    public TaskCompletionSource<(string AgentId, int Incarnation)> Joined { get; } =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How many processes the watcher knew at its last look.</summary>
    public volatile int Known;

    public ConcurrentQueue<string> Lines { get; } = new();

    public Task Ends { get; }

    /// <summary>As Ctrl+C does.</summary>
    public Task AskToEndAsync() => _leaving.CancelAsync();

    /// <summary>Asks it to end, and it does, with its process alive.</summary>
    public async Task LeaveAsync()
    {
        await AskToEndAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Ends);
    }

    public void Dispose() => _leaving.Dispose();

    public static CliHost HostAt(string home) =>
        new() { In = TextReader.Null, Out = TextWriter.Null, Error = TextWriter.Null, Env = _ => null, Home = home };
}
