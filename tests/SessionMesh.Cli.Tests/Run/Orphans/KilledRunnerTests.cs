using SessionMesh.Cli.Run.Process;
using SessionMesh.Cli.Tests.Run.Process;

namespace SessionMesh.Cli.Tests.Run.Orphans;

/// <summary>The tool itself, as a process that is killed with KILL.</summary>
[Collection(ProcessCollection.Name)]
public sealed class KilledRunnerTests(HostedServer server) : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly string _agent = server.NewAgentId();
    private readonly Marked _marked = new();

    public void Dispose()
    {
        foreach (var process in _marked.Living())
        {
            ProcessHandle.Signal(process, Signals.Kill);
        }

        _scratch.Dispose();
    }

    [Fact]
    public async Task KilledRunner_WhatItLeftIsFoundRefusedAndEndedByTheNext()
    {
        var ready = _scratch.File("ready");
        var script = $"trap '' TERM; (setsid sleep 1000 &); echo $$ > {ready}; while :; do sleep 1000; done";
        var first = Tool([], _marked.Sh(script));
        var child = int.Parse(await Eventually.Line(ready));
        _ = Native.Kill(first.Pid, Signals.Kill);
        Assert.Equal("KILL", (await first.Exited.WaitAsync(Eventually.Bound)).SignalName);
        Assert.NotNull(ProcFs.Read(child));

        Assert.Equal(5, (await Tool([], ["/bin/true"]).Exited.WaitAsync(Eventually.Bound)).Code);
        Assert.NotNull(ProcFs.Read(child));
        Assert.Equal((1, "alive"), await StateAsync());

        Assert.Equal(7, (await Tool(["--orphans", "kill"], ["/bin/sh", "-c", "exit 7"]).Exited.WaitAsync(Eventually.Bound)).Code);
        Assert.Empty(_marked.Living());
        Assert.Equal((2, "dead"), await StateAsync());
        var ends = await server.CallAsync(HttpMethod.Get, $"audit?subject={_agent}&operation=agent.dead");
        Assert.Equal(
            [null, "orphan ended by the next runner"],
            ends!["entries"]!.AsArray().Select(entry => entry!["reason"]?.GetValue<string>()));
    }

    [Fact]
    public async Task LivingRunner_ItsProcessesAreNoOrphans()
    {
        var ready = _scratch.File("ready");
        var first = Tool([], _marked.Sh($"echo > {ready}; exec sleep 1000"));
        await Eventually.Line(ready);
        Assert.Equal(5, (await Tool(["--orphans", "kill"], ["/bin/true"]).Exited.WaitAsync(Eventually.Bound)).Code);
        Assert.Single(_marked.Living());

        _ = Native.Kill(first.Pid, Signals.Term);
        Assert.Equal(143, (await first.Exited.WaitAsync(Eventually.Bound)).ShellCode);
        Assert.Empty(_marked.Living());
    }

    private async Task<(int Incarnation, string Status)> StateAsync()
    {
        var row = (await server.CallAsync(HttpMethod.Get, "agents/" + _agent))!;
        return (row["incarnation"]!.GetValue<int>(), row["status"]!.GetValue<string>());
    }

    private ChildProcess Tool(string[] options, IReadOnlyList<string> command) => ChildReaper.Shared.Start(new SpawnRequest
    {
        File = Environment.ProcessPath!,
        Arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "session-mesh.dll"),
            "run",
            "--agent-id",
            _agent,
            "--grace",
            "1",
            .. options,
            "--",
            .. command,
        ],
        Environment = new Dictionary<string, string?>
        {
            ["SESSION_MESH_URL"] = server.Url.OriginalString,
            ["SESSION_API_KEY"] = server.RootKey,
            ["XDG_CONFIG_HOME"] = _scratch.Directory,
        },
    });
}
