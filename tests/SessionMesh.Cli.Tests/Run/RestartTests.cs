using SessionMesh.Cli.Run;
using SessionMesh.Cli.Run.Process;
using SessionMesh.Cli.Tests.Run.Process;

namespace SessionMesh.Cli.Tests.Run;

[Collection(ProcessCollection.Name)]
public sealed class RestartTests(HostedServer server) : IDisposable
{
    private static readonly TimeSpan s_soon = TimeSpan.FromMilliseconds(20);
    private readonly Scratch _scratch = new();
    private readonly HostedMesh _mesh = new(server);

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("no", "No", null)]
    [InlineData("on-failure", "OnFailure", null)]
    [InlineData("On-Failure:3", "OnFailure", 3)]
    [InlineData("always:1", "Always", 1)]
    public void Parse_WhatIsDocumented_IsTaken(string text, string mode, int? most) =>
        Assert.Equal(new RestartPolicy(Enum.Parse<RestartMode>(mode), most), RestartPolicy.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("yes")]
    [InlineData("no:3")]
    [InlineData("always:")]
    [InlineData("always:0")]
    [InlineData("on-failure:-1")]
    [InlineData("on-failure:99999999999")]
    public void Parse_AnythingElse_IsNot(string text) => Assert.Null(RestartPolicy.Parse(text));

    [Fact]
    public async Task OnFailure_FailsTwiceThenWorks_EachLifeIsAnIncarnationWithAKeyOfItsOwn()
    {
        var lives = _scratch.File("lives");
        var run = Start($"echo $SESSION_MESH_INCARNATION >> {lives}; test $(wc -l < {lives}) -ge 3", "on-failure");
        Assert.Equal(0, await run.Ends);
        Assert.Equal(["1", "2", "3"], File.ReadLines(lives));
        Assert.Equal(["1:1", "2:1", "3:0"], _mesh.Bodies("/exit").Select(exit => $"{exit["incarnation"]}:{exit["exit_code"]}"));
        Assert.Equal(3, _mesh.Bodies("/keys").Count);
        Assert.Equal(2, run.Lines.Count(line => line.Contains("; restart ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task OnFailure_FailsForEver_StopsAfterItsNumberWithTheLastCode()
    {
        var lives = _scratch.File("lives");
        var run = Start($"echo >> {lives}; exit $((40 + $(wc -l < {lives})))", "on-failure:2");
        Assert.Equal(43, await run.Ends);
        Assert.Equal(3, _mesh.Bodies("/exit").Count);
        Assert.Contains(run.Lines, line => line.Contains("restart 2 of 2", StringComparison.Ordinal));
        Assert.Contains(run.Lines, line => line.Contains("all 2 restarts are used up", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("on-failure", "exit 0", 0)]
    [InlineData("no", "exit 3", 3)]
    [InlineData("always", "kill -INT $$", 130)]
    [InlineData("always", "exit 130", 130)]
    public async Task EndThatAsksForNoRestart_IsTheLast(string policy, string script, int code)
    {
        Assert.Equal(code, await Start(script, policy).Ends);
        Assert.Single(_mesh.Bodies("/exit"));
    }

    [Fact]
    public async Task Always_StartsAgainAfterSuccessAndAfterASignal()
    {
        var lives = _scratch.File("lives");
        var run = Start($"echo >> {lives}; test $(wc -l < {lives}) -ge 2 && kill -KILL $$; exit 0", "always:2");
        Assert.Equal(137, await run.Ends);
        Assert.Equal(3, _mesh.Bodies("/exit").Count);
    }

    [Fact]
    public async Task StopDirective_IsObeyedForGood()
    {
        var ready = _scratch.File("ready");
        var run = Start($"trap 'exit 9' TERM; echo > {ready}; while :; do sleep 0.02; done", "always");
        await Eventually.Line(ready);
        await _mesh.StopAsync(grace: 300);
        Assert.Equal(9, await run.Ends);
        Assert.Single(_mesh.Bodies("/exit"));
    }

    [Fact]
    public async Task StopThatNobodyHasHeardYet_WhenTheProcessFails_IsObeyedToo()
    {
        // The stop is in the inbox while the stream is broken; without asking, the agent would come back to life.
        var go = _scratch.File("go");
        var run = Start($"while [ ! -e {go} ]; do sleep 0.02; done; exit 8", "always");
        await Eventually.True(() => _mesh.HasStream, () => "the stream");
        _mesh.IsDeaf = true;
        _mesh.RefusesHeartbeats = true;
        _mesh.CutStreams();
        await _mesh.StopAsync(grace: 300);
        await File.WriteAllTextAsync(go, "");
        Assert.Equal(8, await run.Ends);
        Assert.Single(_mesh.Bodies("/exit"));
    }

    [Theory]
    [InlineData("tombstoned")]
    [InlineData("superseded")]
    [InlineData("key_revoked")]
    public async Task ServersWordThatItIsOver_IsObeyedForGood(string code)
    {
        var run = Start("exec sleep 1000", "always", report: TimeSpan.FromSeconds(1));
        await Eventually.True(() => _mesh.HasStream, () => "the stream");
        await _mesh.EndStreamAsync(code);
        Assert.InRange(await run.Ends, 128, 255);
        Assert.Single(_mesh.Bodies("/agents"));
    }

    [Fact]
    public async Task AnotherTookTheIdMeanwhile_IsNotDisputed()
    {
        var run = Start("exit 7", "always", TimeSpan.FromSeconds(2));
        await _mesh.IsOverAsync();
        await _mesh.RegisterAsync();
        Assert.Equal(7, await run.Ends);
        Assert.Contains(run.Lines, line => line.Contains("not started again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ServerAwayAtTheEnd_IsToldBeforeTheNextLifeBegins()
    {
        var go = _scratch.File("go");
        var run = Start(
            $"test $SESSION_MESH_INCARNATION -ge 2 && exit 0; while [ ! -e {go} ]; do sleep 0.02; done; exit 8",
            "on-failure",
            report: TimeSpan.FromMilliseconds(100));
        await Eventually.True(() => _mesh.HasStream, () => "the stream");
        _mesh.IsAway = true;
        await File.WriteAllTextAsync(go, "");
        await Eventually.True(
            () => run.Lines.Any(line => line.Contains("was not told", StringComparison.Ordinal)), () => "the report given up");
        _mesh.IsAway = false;
        Assert.Equal(0, await run.Ends);
        Assert.Equal(["1:8", "2:0"], _mesh.Bodies("/exit").Select(exit => $"{exit["incarnation"]}:{exit["exit_code"]}"));
    }

    [Fact]
    public async Task StoppedWhileTheServerCouldNotBeTold_IsObeyedWhenItIsBack()
    {
        // Reporting the exit clears the stop away: unless it was asked for before, the agent would come back to life.
        var go = _scratch.File("go");
        var run = Start($"while [ ! -e {go} ]; do sleep 0.02; done; exit 8", "on-failure", report: TimeSpan.FromMilliseconds(100));
        await Eventually.True(() => _mesh.HasStream, () => "the stream");
        _mesh.IsAway = true;
        _mesh.CutStreams();
        await File.WriteAllTextAsync(go, "");
        await Eventually.True(
            () => run.Lines.Any(line => line.Contains("was not told", StringComparison.Ordinal)), () => "the report given up");
        await _mesh.StopAsync(grace: 300);
        _mesh.IsAway = false;
        Assert.Equal(8, await run.Ends);
        Assert.Single(_mesh.Bodies("/exit"));
        Assert.Single(_mesh.Bodies("/agents"));
    }

    /// <summary>The server came back between the question and the report: a report that clears an unheard stop away must wait.</summary>
    [Fact]
    public async Task StoppedWhileTheServerCouldNotBeTold_IsObeyed_ThoughTheQuestionWasLost()
    {
        var go = _scratch.File("go");
        var run = Start($"while [ ! -e {go} ]; do sleep 0.02; done; exit 8", "on-failure", report: TimeSpan.FromMilliseconds(100));
        await Eventually.True(() => _mesh.HasStream, () => "the stream");
        _mesh.IsAway = true;
        _mesh.CutStreams();
        await File.WriteAllTextAsync(go, "");
        await Eventually.True(
            () => run.Lines.Any(line => line.Contains("was not told", StringComparison.Ordinal)), () => "the report given up");
        await _mesh.StopAsync(grace: 300);
        (_mesh.LosesQuestions, _mesh.LostQuestions) = (true, 0);
        _mesh.IsAway = false;
        await Eventually.True(() => _mesh.LostQuestions >= 3, () => "questions that were lost");
        Assert.Empty(_mesh.Bodies("/exit"));
        _mesh.LosesQuestions = false;
        Assert.Equal(8, await run.Ends);
        Assert.Single(_mesh.Bodies("/exit"));
        Assert.Single(_mesh.Bodies("/agents"));
    }

    [Fact]
    public void Wait_DoublesToAMinuteAndBeginsAnewAfterALifeThatWentWell()
    {
        var restarts = new Restarts(
            new RestartPolicy(RestartMode.OnFailure), TimeSpan.FromSeconds(1), new RunLog(quiet: false) { Sink = _ => { } });
        var failed = new LifeEnd(ExitStatus.Exited(1), TimeSpan.Zero, IsWished: false, EndedByKey: false, Untold: null);
        foreach (var whole in new[] { 1, 2, 4, 8, 16, 32, 60, 60 })
        {
            Assert.InRange(restarts.After(failed)!.Value.TotalSeconds, whole / 2.0, whole);
        }

        Assert.InRange(restarts.After(failed with { Lived = Restarts.WellAfter })!.Value.TotalSeconds, 0.5, 1);
    }

    private Running Start(string script, string policy, TimeSpan? delay = null, TimeSpan? report = null)
    {
        var options = Running.Sh(script) with
        {
            Restart = RestartPolicy.Parse(policy)!,
            RestartDelay = delay ?? s_soon,
            ReportTimeout = report ?? TimeSpan.FromSeconds(15),
        };
        return new Running(_mesh, options);
    }
}
