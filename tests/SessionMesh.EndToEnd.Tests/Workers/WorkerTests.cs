using System.Text.Json;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Workers;

/// <summary>
/// Real processes under <c>session-mesh run</c>, against a real server: seen, steered, stopped, with nothing left of them.
/// </summary>
public sealed class WorkerTests(Mesh mesh) : IClassFixture<Mesh>
{
    private const string Loop = "while :; do sleep 0.1; done";

    [Fact]
    public async Task ThreeWorkers_AreSteeredAndKilled_AndNothingIsLeft()
    {
        using var obedient = Worker.Start(
            mesh, "obedient", "trap 'exit 3' TERM; " + Loop,
            "--spec", "looping", "--on-steer", "echo \"$SESSION_MESH_DIRECTION\" >> steered");
        using var reader = Worker.Start(mesh, "reader", Loop, "--spec", "reading", "--steer-file", "directives.jsonl");
        using var stubborn = Worker.Start(
            mesh, "stubborn",
            "trap '' TERM; sh -c 'trap \"\" TERM; sleep 1000 & echo $! >> pids; wait' & (setsid sleep 1000 & echo $! >> pids); " + Loop,
            "--spec", "refusing", "--on-steer", "exit 0");
        var workers = new[] { obedient, reader, stubborn };
        foreach (var worker in workers)
        {
            await worker.AliveAsync();
        }

        var left = (await Eventually.Lines(stubborn.File("pids"), 2)).Select(int.Parse).ToList();

        await AllAreListed();
        await EachAnswersForItsSteering(obedient, reader, stubborn);

        await obedient.KilledAsync("--yes --grace 20s", exitCode: 3);
        await reader.KilledAsync("--force", exitCode: 137, signal: "KILL");
        await stubborn.KilledAsync("--yes --grace 1s", exitCode: 137, signal: "KILL");
        Assert.All(left, pid => Assert.Null(ProcessInfo.Find(pid)));
        Assert.All(workers, worker => Assert.Empty(worker.Processes()));
    }

    [Fact]
    public async Task OwnEnd_ItsCodeIsPassedOnAndReported()
    {
        using var worker = Worker.Start(mesh, "quitter", "exit 7");
        Assert.Equal(7, await worker.ExitAsync());
        var detail = await mesh.Http.GetAsync("agents/quitter");
        Assert.Equal("dead", detail.Text("status"));
        Members.Equal(
            """{"confirmed":true,"exit_code":7,"signal":null,"reason":null,"at":"<time>"}""", detail.Json.GetProperty("last_exit"));
        Assert.Empty(worker.Processes());
    }

    [Fact]
    public async Task EndBySignal_Is128PlusItsNumber()
    {
        using var worker = Worker.Start(mesh, "victim", Loop);
        await worker.AliveAsync();
        Signal.Send(worker.Pid, Signal.Kill);
        Assert.Equal(137, await worker.ExitAsync());
        var exit = (await mesh.Http.GetAsync("agents/victim")).Json.GetProperty("last_exit");
        Assert.Equal(("true", "KILL"), (exit.Text("confirmed"), exit.Text("signal")));
    }

    [Theory]
    [InlineData("missing", "no-such-command-anywhere", 127)]
    [InlineData("locked", "/etc/passwd", 126)]
    public async Task CommandThatCannotStart_HasTheShellsCode(string agent, string command, int code)
    {
        var ran = await mesh.BashAsync($"session-mesh run --agent-id {agent} -- {command}");
        Assert.Equal((code, ""), (ran.Code, ran.Out));
        Assert.Equal("dead", (await mesh.Http.GetAsync($"agents/{agent}")).Text("status"));
    }

    [Fact]
    public async Task TermToTheRunner_StopsTheWorkerWithProof()
    {
        using var worker = Worker.Start(mesh, "polite", "trap 'exit 9' TERM; " + Loop);
        await worker.AliveAsync();
        worker.Runner.Send(Signal.Term);
        Assert.Equal(9, await worker.ExitAsync());
        var exit = (await mesh.Http.GetAsync("agents/polite")).Json.GetProperty("last_exit");
        Assert.Equal(("true", "9"), (exit.Text("confirmed"), exit.Text("exit_code")));
        Assert.Empty(worker.Processes());
    }

    [Fact]
    public async Task PauseAndResume_StopAndContinueTheWholeGroup()
    {
        using var worker = Worker.Start(mesh, "paused", "sleep 1000 & sleep 1000 & wait");
        await worker.AliveAsync();
        await Eventually.True(() => ProcessInfo.OfGroup(worker.Pid).Count == 3, () => "the worker and its two children");

        await mesh.DoneAsync("session-mesh steer --agent-id paused --verb pause --wait acknowledged");
        Assert.All(ProcessInfo.OfGroup(worker.Pid), process => Assert.Equal('T', process.State));
        Assert.Equal("true", (await mesh.Http.GetAsync("agents/paused")).Text("paused"));

        await mesh.DoneAsync("session-mesh steer --agent-id paused --verb resume --wait acknowledged");
        Assert.Equal(3, ProcessInfo.OfGroup(worker.Pid).Count);
        Assert.All(ProcessInfo.OfGroup(worker.Pid), process => Assert.NotEqual('T', process.State));
        Assert.Equal("false", (await mesh.Http.GetAsync("agents/paused")).Text("paused"));

        await mesh.DoneAsync("session-mesh steer --agent-id paused --verb pause --wait acknowledged");
        await worker.KilledAsync("--yes --grace 20s", exitCode: 143, signal: "TERM");
        Assert.Empty(ProcessInfo.OfGroup(worker.Pid));
    }

    [Fact]
    public async Task ServerKilledMeanwhile_TheWorkerGoesOnAndIsSteeredAfterwards()
    {
        await using var restless = await Mesh.StartAsync();
        using var worker = Worker.Start(restless, "patient", Loop, "--on-steer", "echo \"$SESSION_MESH_DIRECTION\" >> steered");
        await worker.AliveAsync();
        await restless.Server.KillAsync();
        await restless.Server.StartAsync();

        var ran = await restless.DoneAsync(
            "session-mesh steer --agent-id patient --direction onward --wait acknowledged --wait-seconds 60 --timeout 60 -o json");
        Assert.Equal("acknowledged", ran.Json.Text("state"));
        Assert.Equal(["onward"], await Eventually.Lines(worker.File("steered")));
        Assert.Equal(1, (await restless.Http.GetAsync("agents/patient")).Number("incarnation"));
        await worker.KilledAsync("--force", exitCode: 137, signal: "KILL");
        Assert.Empty(worker.Processes());
    }

    [Fact]
    public async Task WorkerInsideAWorker_IsItsChildAndGoesWithIt()
    {
        using var worker = Worker.Start(
            mesh, "above", $"session-mesh run --agent-id below -- sh -c 'echo $$ > below; {Loop}' & sleep 1000");
        await worker.AliveAsync();
        var below = int.Parse((await Eventually.Lines(worker.File("below")))[0]);
        await mesh.Http.AgentAsync("below", agent => agent.Text("connected") == "true", "listens");
        Assert.Equal("above", (await mesh.Http.GetAsync("agents/below")).Text("parent_id"));

        var ran = await mesh.DoneAsync("session-mesh kill --agent-id above --yes --grace 30s -o json");
        Assert.Equal("below", Assert.Single(ran.Json.GetProperty("descendants").EnumerateArray()).Text("agent_id"));
        Assert.Equal(143, await worker.ExitAsync());
        foreach (var agent in new[] { "above", "below" })
        {
            await mesh.Http.AgentAsync(
                agent,
                detail => detail.Json.GetProperty("last_exit") is { ValueKind: JsonValueKind.Object } exit
                    && exit.Text("confirmed") == "true",
                $"is dead with proof\n{worker.Runner.Error}");
        }

        Assert.Null(ProcessInfo.Find(below));
        Assert.Empty(worker.Processes());
    }

    private async Task AllAreListed()
    {
        var ran = await mesh.DoneAsync("session-mesh list --filter alive --output json");
        var rows = ran.Json.GetProperty("sessions").EnumerateArray().ToDictionary(row => row.Text("agent_id")!);
        foreach (var (agent, spec) in new[] { ("obedient", "looping"), ("reader", "reading"), ("stubborn", "refusing") })
        {
            Assert.Equal("alive", rows[agent].Text("status"));
            Assert.Equal(spec, rows[agent].GetProperty("specializations")[0].GetString());
        }
    }

    private async Task EachAnswersForItsSteering(Worker obedient, Worker reader, Worker stubborn)
    {
        var ran = await mesh.DoneAsync("session-mesh steer --agent-id obedient --direction west --wait acknowledged -o json");
        Assert.Equal("acknowledged", ran.Json.Text("state"));
        Assert.Equal(["west"], await Eventually.Lines(obedient.File("steered")));
        Assert.Equal("west", (await mesh.Http.GetAsync("agents/obedient")).Text("direction"));

        ran = await mesh.DoneAsync(
            "session-mesh steer --agent-id reader --direction east --message 'a; rm -rf \"$HOME\"' --wait accepted -o json");
        var directive = await mesh.Http.GetAsync($"directives/{ran.Json.Text("directive_id")}");
        Assert.Equal(("accepted", "null"), (directive.Text("state"), directive.Text("acknowledged_at")));
        var written = Members.Parse(Assert.Single(await Eventually.Lines(reader.File("directives.jsonl"))));
        Assert.Equal(
            ("east", "a; rm -rf \"$HOME\"", directive.Text("directive_id")),
            (written.Text("direction"), written.Text("message"), written.Text("directive_id")));

        ran = await mesh.DoneAsync("session-mesh steer --agent-id stubborn --direction home --wait acknowledged -o json");
        Assert.Equal("acknowledged", (await mesh.Http.GetAsync($"directives/{ran.Json.Text("directive_id")}")).Text("state"));
        Assert.False(stubborn.Runner.HasExited);
    }
}
