using System.Globalization;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Claims;

/// <summary><c>session-mesh claim … -- CMD</c> with real processes, against a real server.</summary>
public sealed class ClaimTests(Mesh mesh) : IClassFixture<Mesh>
{
    [Fact]
    public async Task Command_HoldsItsClaimWhileItRuns_AndNoLonger()
    {
        await RegisterAsync("holder", "holding");
        using var claim = Start("holding", "holding-pid", "exec sleep 1000");
        await PidAsync("holding-pid");

        var held = (await mesh.DoneAsync("session-mesh claim --list --spec holding -o json")).Json.GetProperty("claims")[0];
        Assert.Equal(("holder", "holding"), (held.Text("agent_id"), held.Text("specialization")));
        Assert.Contains(
            "holding, level 50, 1 of 1 held", (await mesh.DoneAsync("session-mesh show holder")).Out, StringComparison.Ordinal);
        Assert.Equal(5, (await mesh.BashAsync("session-mesh claim --spec holding")).Code);
        var matched = await mesh.DoneAsync("session-mesh match holding");
        Assert.Equal("", matched.Out);

        Signal.Send(int.Parse((await Eventually.Lines(mesh.Scratch.File("holding-pid")))[0], CultureInfo.InvariantCulture), Signal.Kill);
        Assert.Equal(137, (await claim.EndAsync()).Code);
        await NothingIsHeldAsync("holding");
        Assert.Equal("holder\n", (await mesh.DoneAsync("session-mesh match holding -o name")).Out);
    }

    [Fact]
    public async Task SecondClaim_OfTheLastSlot_WaitsForTheFirst()
    {
        await RegisterAsync("single", "queueing");
        var (log, go) = (mesh.Scratch.File("queue-log"), mesh.Scratch.File("first-over"));
        using var first = Start("queueing", "first-pid", $"while [ ! -e {go} ]; do sleep 0.05; done; echo first ends >> {log}");
        await PidAsync("first-pid");
        using var second = Start("queueing", "second-pid", $"echo second begins >> {log}; exit 3", "--wait", "1h");
        await Eventually.True(() => IsTakingTerm(second.Pid), () => "it asks");

        await File.WriteAllTextAsync(go, "");
        Assert.Equal(0, (await first.EndAsync()).Code);
        Assert.Equal(3, (await second.EndAsync()).Code);
        Assert.Equal(["first ends", "second begins"], await File.ReadAllLinesAsync(log));
        await NothingIsHeldAsync("queueing");
    }

    [Theory]
    [InlineData(Signal.Term, "TERM", "terming")]
    [InlineData(Signal.Int, "INT", "inting")]
    public async Task Signal_IsTheCommands_AndItsAnswerIsOurs(int signal, string name, string spec)
    {
        await RegisterAsync(spec + "-agent", spec);
        using var claim = Start(spec, spec + "-pid", $"trap 'exit 9' {name}; while :; do sleep 0.05; done");
        await PidAsync(spec + "-pid");

        claim.Send(signal);

        Assert.Equal(9, (await claim.EndAsync()).Code);
        await NothingIsHeldAsync(spec);
    }

    [Fact]
    public async Task Signal_WhileItWaits_EndsIt_AndNothingIsStarted()
    {
        await RegisterAsync("busy", "busying");
        var id = (await mesh.DoneAsync("session-mesh claim --spec busying --ttl 1h -o name")).Out.Trim();
        using var claim = Start("busying", "never-pid", "exit 0", "--wait", "1h", "-v");
        await Eventually.True(() => IsTakingTerm(claim.Pid), () => "it takes TERM");

        claim.Send(Signal.Term);

        Assert.Equal(143, (await claim.EndAsync()).Code);
        Assert.False(File.Exists(mesh.Scratch.File("never-pid")));
        await mesh.DoneAsync($"session-mesh release {id}");
        await NothingIsHeldAsync("busying");
    }

    [Fact]
    public async Task CommandThatIsNotThere_Is127_AndNothingIsHeld()
    {
        await RegisterAsync("idle", "idling");

        Assert.Equal(127, (await mesh.BashAsync("session-mesh claim --spec idling -- no-such-command-anywhere")).Code);
        await NothingIsHeldAsync("idling");
    }

    [Fact]
    public async Task Agent_ThatEndsMeanwhile_TakesTheClaimWithIt_AndTheCommandGoesOn()
    {
        await RegisterAsync("mortal", "dying");
        using var claim = Start("dying", "dying-pid", $"while [ ! -e {mesh.Scratch.File("dying-over")} ]; do sleep 0.05; done; exit 4");
        await PidAsync("dying-pid");
        await mesh.DoneAsync("session-mesh kill mortal --force -o json");
        await File.WriteAllTextAsync(mesh.Scratch.File("dying-over"), "");

        var ran = await claim.EndAsync();

        Assert.Equal(4, ran.Code);
        Assert.Contains("is lost: it lapsed, agent mortal ended, or somebody released it", ran.Error, StringComparison.Ordinal);
    }

    private Task<Ran> RegisterAsync(string agent, string spec) =>
        mesh.DoneAsync($"session-mesh register --agent-id {agent} --spec {spec}:capacity=1 --ttl 1h");

    private Started Start(string spec, string pidFile, string script, params string[] options) => mesh.Start(
        ["claim", "--spec", spec, .. options, "--", "sh", "-c", $"echo $$ > {mesh.Scratch.File(pidFile)}; {script}"]);

    private Task<string[]> PidAsync(string pidFile) => Eventually.Lines(mesh.Scratch.File(pidFile));

    private async Task NothingIsHeldAsync(string spec) =>
        Assert.Equal("", (await mesh.DoneAsync($"session-mesh claim --list --spec {spec} -o name")).Out);

    /// <summary>Whether a handler for TERM is there: before, it would end the process by itself.</summary>
    private static bool IsTakingTerm(int pid)
    {
        var caught = File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("SigCgt:", StringComparison.Ordinal));
        return (Convert.ToUInt64(caught["SigCgt:".Length..].Trim(), 16) & (1UL << (Signal.Term - 1))) != 0;
    }
}
