using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using SessionMesh.Contracts;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Sandbox;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Sandbox;

/// <summary>The clock of a sandbox. The machine's own stands still here, so that only a call moves it.</summary>
public sealed class AdvanceTests
{
    [Fact]
    public async Task Lease_OfAnAgentThatIsSilent_Lapses_AndDoesNotStartOverAsAfterAStall()
    {
        await using var mesh = await MeshHost.StartAsync(options: "--sandbox");
        await mesh.RegisterAsync("a", ttl: 30);
        await AdvanceAsync(mesh, 29);
        Assert.Equal("alive", await mesh.StatusAsync("a"));
        await AdvanceAsync(mesh, 2);
        Assert.Equal("suspect", await mesh.StatusAsync("a"));
        await AdvanceAsync(mesh, 30);
        Assert.Equal("lost", await mesh.StatusAsync("a"));
        Assert.DoesNotContain(mesh.Log.Lines, line => line.Contains("The server was away", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Work_ThatMakesNoProgress_IsStalled()
    {
        await using var mesh = await MeshHost.StartAsync(options: "--sandbox");
        await mesh.RegisterAsync("a", ttl: 3600);
        await mesh.PostAsync("agents/a/heartbeat", """{"activity":"working","progress":1,"progress_interval":60}""");
        await AdvanceAsync(mesh, 62);
        Assert.Equal(["a"], Ids(await mesh.GetAsync("agents?filter=stalled")));
    }

    [Fact]
    public async Task Grace_OfAKill_RunsOut()
    {
        await using var mesh = await MeshHost.StartAsync(options: "--sandbox");
        await mesh.RegisterAsync("a");
        Assert.Equal("stopping", (await mesh.DeleteAsync("agents/a")).Json["status"]!.GetValue<string>());
        await AdvanceAsync(mesh, 11);
        Assert.Equal("dead", (await mesh.DeleteAsync("agents/a")).Json["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task KeyAndSession_Expire()
    {
        await using var mesh = await MeshHost.StartAsync(options: "--sandbox");
        var key = await mesh.MintAsync("""{"ttl":60,"scopes":["mesh:read"]}""");
        Assert.Equal(201, (await mesh.PostAsync("sessions", """{"id":"s","ttl":60}""")).Status);
        await AdvanceAsync(mesh, 59.9);
        Assert.Equal(200, (await mesh.GetAsync("alive", key)).Status);
        await AdvanceAsync(mesh, 0.2);
        (await mesh.GetAsync("alive", key)).ShouldBeRefused(401, "unauthenticated");
        Assert.Equal("expired", (await mesh.GetAsync("sessions/s")).Json["status"]!.GetValue<string>());
        Assert.Contains("session.expired", await mesh.KindsAsync(after: 1));
    }

    /// <summary>More than one command takes; the answer waits for the last of them.</summary>
    [Fact]
    public async Task Sessions_ThatExpireTogether_AreAllExpiredWhenItAnswers()
    {
        await using var mesh = await MeshHost.StartAsync(options: "--sandbox");
        var records = Enumerable.Range(0, 2000).Select(i =>
            $$"""{"type":"session","id":"x-{{i}}","created_at":"2026-01-31T08:15:30Z","ttl":60,"status":"active","""
            + "\"expires_at\":\"2026-01-31T08:16:30Z\"}");
        Assert.Equal(2000, (await mesh.PostAsync("sessions/import", string.Join('\n', records))).Json["imported"]!.GetValue<int>());
        await AdvanceAsync(mesh, 61);
        Assert.Equal(2000, (await mesh.GetAsync("sessions/stats")).Json["expired"]!.GetValue<int>());
        Assert.Empty(mesh.State.Sessions.Due(mesh.Engine.Now.Wall, 1));
    }

    [Fact]
    public async Task AgentThatIsGone_IsForgottenAfterItsTimeOfRetention()
    {
        await using var mesh = await MeshHost.StartAsync(options: ["--sandbox", "--retain-agents", "1h"]);
        await mesh.RegisterAsync("a");
        await mesh.DeleteAsync("agents/a?force=true");
        await AdvanceAsync(mesh, 3605);
        (await mesh.GetAsync("agents/a")).ShouldBeRefused(404, "agent_not_found");
    }

    [Fact]
    public async Task HeldAnswer_ComesWhenItsTimeIsUp()
    {
        await using var mesh = await MeshHost.StartAsync(options: "--sandbox");
        await mesh.RegisterAsync("a", ttl: 3600);
        var poll = mesh.GetAsync("agents/a/directives?wait=30");
        await Eventually.True(() => mesh.Service<SandboxTime>().IsAwaited(TimeSpan.FromSeconds(30)), () => "the poll waits");
        await AdvanceAsync(mesh, 31);
        (await poll).ShouldBe(200, """{"directives":[]}""");
    }

    [Fact]
    public async Task Answer_SaysWhatTimeItIs_AndTheLogHasTheCall()
    {
        await using var mesh = await MeshHost.StartAsync(options: "--sandbox");
        (await mesh.PostAsync("sandbox/advance", """{"seconds":1.5}"""))
            .ShouldBe(200, """{"now":"2026-01-31T08:15:31.500Z","seconds":1.5}""");
        (await mesh.PostAsync("sandbox/advance", """{"seconds":90}"""))
            .ShouldBe(200, """{"now":"2026-01-31T08:17:01.500Z","seconds":90}""");
        Assert.Equal(["admin.requested", "admin.requested"], await mesh.KindsAsync(after: 1));
    }

    [Fact]
    public async Task Call_ThatIsRepeatedUnderItsIdempotencyKey_MovesTheClockOnce()
    {
        await using var mesh = await MeshHost.StartAsync(options: "--sandbox");
        var first = await mesh.PostAsync("sandbox/advance", """{"seconds":60}""", idempotencyKey: "k");
        var again = await mesh.PostAsync("sandbox/advance", """{"seconds":60}""", idempotencyKey: "k");
        Assert.Equal((first.ShouldBeOk().Text, "true"), (again.Text, again.Headers["Idempotency-Replayed"]));
        Assert.Equal(TimeSpan.FromSeconds(60), mesh.Service<SandboxTime>().Lead);
    }

    [Theory]
    [InlineData("""{}""", "seconds: is missing; it is a number above 0 and up to 2592000.")]
    [InlineData("""{"seconds":null}""", "seconds: is missing; it is a number above 0 and up to 2592000.")]
    [InlineData("""{"seconds":0}""", "seconds: is a number above 0 and up to 2592000.")]
    [InlineData("""{"seconds":-1}""", "seconds: is a number above 0 and up to 2592000.")]
    [InlineData("""{"seconds":2592000.1}""", "seconds: is a number above 0 and up to 2592000.")]
    [InlineData("""{"seconds":1e400}""", "seconds: is a number above 0 and up to 2592000.")]
    [InlineData("""{"seconds":"60"}""", "seconds: expected a number, not a string.")]
    [InlineData("""{"seconds":"NaN"}""", "seconds: expected a number, not a string.")]
    [InlineData("""{"seconds":60,"minutes":1}""", "minutes: is not a member here.")]
    [InlineData("""{"seconds":NaN}""", "The body is not valid JSON: see line 1, byte 12.")]
    [InlineData("", "The body is empty. Send a JSON object with: seconds.")]
    public async Task Body_ThatIsWrong_MovesNothing_AndSaysHowItIsRight(string body, string says)
    {
        await using var mesh = await MeshHost.StartAsync(options: "--sandbox");
        var reply = await mesh.PostAsync("sandbox/advance", body);
        Assert.Equal((400, says), (reply.Status, reply.Detail));
        Assert.Equal(TimeSpan.Zero, mesh.Service<SandboxTime>().Lead);
        Assert.Equal(1, mesh.Revision);
    }

    /// <summary>
    /// All together it is far more than the mesh follows of a wall clock that jumps. It is no jump, because the lease clock moves too.
    /// </summary>
    [Fact]
    public async Task Years_GoByInMonths_AndTheLogsClockKeepsUp()
    {
        using var time = new SandboxTime(new FakeTime());
        var clock = new MeshClock(time);
        for (var month = 1; month <= 100; month++)
        {
            await time.AdvanceAsync(
                TimeSpan.FromSeconds(Limits.AdvanceSeconds), static () => ValueTask.CompletedTask, CancellationToken.None);
            var now = clock.Now();
            Assert.Equal(FakeTime.Start.AddDays(30 * month), DateTimeOffset.FromUnixTimeMilliseconds(now.Wall));
            Assert.Equal(TimeSpan.FromDays(30 * month), TimeSpan.FromMilliseconds(now.Lease));
        }
    }

    /// <summary>Hours are not gone through second by second, and the server takes that for no stall.</summary>
    [Fact]
    public async Task Lease_OfHours_LapsesToo()
    {
        await using var mesh = await MeshHost.StartAsync(options: "--sandbox");
        await mesh.RegisterAsync("a", ttl: 7200);
        await mesh.RegisterAsync("b", ttl: 30);
        await AdvanceAsync(mesh, 7199);
        Assert.Equal(("alive", "lost"), (await mesh.StatusAsync("a"), await mesh.StatusAsync("b")));
        await AdvanceAsync(mesh, 7202);
        Assert.Equal("lost", await mesh.StatusAsync("a"));
        Assert.DoesNotContain(mesh.Log.Lines, line => line.Contains("The server was away", StringComparison.Ordinal));
    }

    /// <summary>Some seconds of work, in which nothing else stands still.</summary>
    [Fact]
    public async Task Month_IsTheMostOfOneCall()
    {
        await using var mesh = await MeshHost.StartAsync(options: "--sandbox");
        await mesh.RegisterAsync("a");
        var advance = mesh.PostAsync("sandbox/advance", $$"""{"seconds":{{Limits.AdvanceSeconds}}}""");
        Assert.Equal(200, (await mesh.GetAsync("alive")).Status);
        (await advance).ShouldBe(200, $$"""{"now":"2026-03-02T08:15:30.000Z","seconds":{{Limits.AdvanceSeconds}}}""");
        Assert.Equal("lost", await mesh.StatusAsync("a"));
    }

    [Fact]
    public async Task Server_ThatStops_EndsTheMove_AndSaysSo()
    {
        await using var mesh = await MeshHost.StartAsync(options: "--sandbox");
        var advance = mesh.PostAsync("sandbox/advance", $$"""{"seconds":{{Limits.AdvanceSeconds}}}""");
        await Eventually.True(() => mesh.Service<SandboxTime>().Lead > TimeSpan.Zero, () => "the clock moves");
        var stopping = mesh.BeginStop();
        (await advance).ShouldBeProblem(503, "busy", ",\"retry_after\":1");
        await stopping;
        Assert.True(mesh.Service<SandboxTime>().Lead < TimeSpan.FromSeconds(Limits.AdvanceSeconds));
    }

    [Fact]
    public async Task Century_IsTheMostOfOneSandbox()
    {
        var lead = TimeSpan.FromDays(Limits.AdvanceDays) - TimeSpan.FromSeconds(5);
        await using var mesh = await MeshHost.StartAsync(
            builder => builder.Services.AddSingleton(s => new SandboxTime(s.GetRequiredService<TimeProvider>(), lead)),
            options: "--sandbox");
        (await mesh.PostAsync("sandbox/advance", """{"seconds":5.1}""")).ShouldBeProblem(400, "invalid_request");
        (await mesh.PostAsync("sandbox/advance", """{"seconds":5}""")).ShouldBe(200, """{"now":"2126-02-01T08:15:30.000Z","seconds":5}""");
        var reply = await mesh.PostAsync("sandbox/advance", """{"seconds":0.001}""");
        Assert.Equal(
            (400, "This clock moves by 36525 days in all, and that would be more. Start another sandbox."),
            (reply.Status, reply.Detail));
    }

    private static IEnumerable<string> Ids(Reply page) =>
        page.Json["sessions"]!.AsArray().Select(row => row!["agent_id"]!.GetValue<string>());

    private static async Task AdvanceAsync(MeshHost mesh, double seconds) =>
        (await mesh.PostAsync(
            "sandbox/advance", string.Create(CultureInfo.InvariantCulture, $$"""{"seconds":{{seconds}}}"""))).ShouldBeOk();
}
