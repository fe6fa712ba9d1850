using SessionMesh.Cli.Tests.Run.Process;

namespace SessionMesh.Cli.Tests.Run;

/// <summary>
/// The mesh is restored beneath a process that runs: it is never stopped for that, and hears all that is said to it afterwards.
/// </summary>
[Collection(ProcessCollection.Name)]
public sealed class RestoredMeshTests : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly FakeMesh _mesh = new() { Epoch = 1 };

    public void Dispose() => _scratch.Dispose();

    /// <summary>The first directive after a restore has the number of one that was seen before it, and was taken for that one.</summary>
    [Fact]
    public async Task Restored_TheSameLifeIsKnown_TheFirstDirectiveIsHandled_AndAStopHasItsGrace()
    {
        var run = Run(out var heard);
        _mesh.Send("steer", "one");
        _mesh.Send("steer", "two");
        await HeardAsync(heard, "one", "two");
        _mesh.Restore(incarnation: 3);
        await AgainAsync(run, "goes on in it as incarnation 3");
        _mesh.Send("steer", "three");
        await HeardAsync(heard, "one", "two", "three");
        await StopAsync(run);
        Assert.Equal((3, 2), (_mesh.Exit!["incarnation"]!.GetValue<int>(), _mesh.Exit["epoch"]!.GetValue<int>()));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    public async Task Restored_TheAgentIsUnknown_OrOnlyAnOlderLifeOfIt_ItIsRegisteredAgain(int known, int then)
    {
        var run = Run(out var heard);
        _mesh.Send("steer", "one");
        await HeardAsync(heard, "one");
        _mesh.Restore(known, session: "s-0");
        await AgainAsync(run, $"registered it again as incarnation {then}");
        // what is alive there is this process's own past
        Assert.Equal(known > 0, _mesh.Bodies("/agents").Last()["takeover"]?.GetValue<bool>() == true);
        _mesh.Send("steer", "two");
        await HeardAsync(heard, "one", "two");
        await StopAsync(run);
        Assert.Equal(then, _mesh.Exit!["incarnation"]!.GetValue<int>());
    }

    /// <summary>A store that was set aside is put back: it knows the process by what it was before.</summary>
    [Fact]
    public async Task RestoredTwice_TheLifeBeforeTheFirstIsFoundAgain_ThoughItsNumberWasGivenTwice()
    {
        var run = Run(out var heard);
        await Eventually.True(() => _mesh.HasStream, () => "the stream");
        _mesh.Restore(incarnation: 2, session: "s-0");
        await AgainAsync(run, "registered it again as incarnation 3"); // the number that it had
        _mesh.Restore(incarnation: 3, session: "s-1");
        await AgainAsync(run, "goes on in it as incarnation 3");
        _mesh.Send("steer", "one");
        await HeardAsync(heard, "one");
        await StopAsync(run);
    }

    [Fact]
    public async Task Restored_AnotherProcessHasBegunALifeOfTheSameNumber_ThisOneIsSuperseded()
    {
        var run = Run(out _);
        await Eventually.True(() => _mesh.HasStream, () => "the stream");
        _mesh.Restore(incarnation: 3, session: "s-77");
        Assert.Equal(143, await run.Ends);
    }

    [Fact]
    public async Task Restored_AKillThatTheRestoredMeshHasSeen_KeepsTheAgentOut_AndLeavesTheProcessAlone()
    {
        var run = Run(out var heard);
        await Eventually.True(() => _mesh.HasStream, () => "the stream");
        _mesh.RegistrationRefusal = "tombstoned";
        _mesh.HeartbeatRefusal = "unknown_incarnation";
        _mesh.Restore(incarnation: 0);
        await Eventually.True(
            () => run.Lines.Any(line => line.Contains("the process keeps running", StringComparison.Ordinal)), () => "a word about it");
        Assert.False(run.Code.IsCompleted);
        (_mesh.RegistrationRefusal, _mesh.HeartbeatRefusal) = (null, null);
        await AgainAsync(run, "registered it again");
        _mesh.Send("steer", "one");
        await HeardAsync(heard, "one");
        await StopAsync(run);
    }

    /// <summary>The number of a directive that was done before the restore is that of another one after it, which was not.</summary>
    [Fact]
    public async Task Restored_WhileAHandlerRuns_ItsAnswerIsNotGivenForTheDirectiveThatHasTheNumberNow()
    {
        var (go, heard) = (_scratch.File("go"), _scratch.File("heard"));
        var run = new Running(
            _mesh,
            Running.Sh("exec sleep 1000") with
            {
                OnSteer = $"echo $SESSION_MESH_DIRECTION >> {heard}; "
                    + $"test $SESSION_MESH_DIRECTION = slow && while ! test -f {go}; do sleep 0.05; done; true",
            });
        _mesh.Send("steer", "slow");
        await HeardAsync(heard, "slow");
        _mesh.Restore(incarnation: 3);
        await AgainAsync(run, "goes on in it");
        _mesh.Send("steer", "next");
        await Eventually.True(() => _mesh.HasStream, () => "the stream");
        Assert.Empty(_mesh.Acks(1));
        await File.WriteAllTextAsync(go, "");
        await HeardAsync(heard, "slow", "next");
        await Eventually.True(() => _mesh.AckOf(1) == "acknowledged", () => "the answer to the second");
        Assert.Contains(run.Lines, line => line.Contains("the answer to directive 1 is not sent", StringComparison.Ordinal));
        Assert.All(_mesh.Bodies("/directives/1/ack"), ack => Assert.Equal(2, ack["epoch"]!.GetValue<long>()));
        await StopAsync(run);
    }

    private Running Run(out string heard)
    {
        heard = _scratch.File("heard");
        return new Running(_mesh, Running.Sh("exec sleep 1000") with { OnSteer = $"echo $SESSION_MESH_DIRECTION >> {heard}" });
    }

    private static Task HeardAsync(string file, params string[] directions) => Eventually.True(
        () => File.Exists(file) && File.ReadAllText(file) == string.Concat(directions.Select(direction => direction + "\n")),
        () => $"the directions {string.Join(", ", directions)}");

    private static Task AgainAsync(Running run, string words) =>
        Eventually.True(() => run.Lines.Any(line => line.Contains(words, StringComparison.Ordinal)), () => $"the line '{words}'");

    private async Task StopAsync(Running run)
    {
        _mesh.Send("stop", data: new System.Text.Json.Nodes.JsonObject { ["grace"] = 300 });
        Assert.Equal(143, await run.Ends);
    }
}
