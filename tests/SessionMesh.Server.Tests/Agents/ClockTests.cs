using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Agents;

/// <summary>
/// A wall clock that is set back, set forward, or set forward and corrected: what has an end still ends, and nobody is ended by it.
/// </summary>
public sealed class ClockTests
{
    public static TheoryData<string> Steps() => ["an hour back", "a day forward and back"];

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task Wall_SetWrong_SessionsDirectivesAndKeysStillEnd(string how)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 600);
        await StepAsync(mesh, how);
        await mesh.PostAsync("sessions", """{"id":"s","ttl":60}""");
        var key = await mesh.MintAsync("""{"ttl":60}""");
        var steered = await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north","ttl":60}""");
        var directive = steered.Json["directive_id"]!.GetValue<string>();
        await mesh.AdvanceAsync(59);
        Assert.Equal("active", await SessionAsync(mesh));
        Assert.Equal("queued", await StateAsync(mesh, directive));
        Assert.Equal(200, (await mesh.GetAsync("alive", key)).Status);
        await mesh.AdvanceAsync(4);
        Assert.Equal("expired", await SessionAsync(mesh));
        Assert.Equal("expired", await StateAsync(mesh, directive));
        Assert.Equal(401, (await mesh.GetAsync("alive", key)).Status);
        var kinds = await mesh.KindsAsync(after: 2);
        Assert.Contains("session.expired", kinds);
        Assert.Contains("directive.expired", kinds);
        Assert.Contains("key.expired", kinds);
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task Wall_SetWrong_AKillStillEndsInForceAtItsDeadline(string how)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("before", ttl: 600);
        await mesh.RegisterAsync("after", ttl: 600);
        await mesh.DeleteAsync("agents/before?grace=20");
        await StepAsync(mesh, how);
        await mesh.DeleteAsync("agents/after?grace=20");
        await mesh.AdvanceAsync(19);
        Assert.Equal(("stopping", "stopping"), (await mesh.StatusAsync("before"), await mesh.StatusAsync("after")));
        await mesh.AdvanceAsync(2);
        Assert.Equal(("dead", "dead"), (await mesh.StatusAsync("before"), await mesh.StatusAsync("after")));
    }

    [Fact]
    public async Task Wall_SetForwardADay_ForcesNobodyBeforeItsGraceIsOver()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 600);
        await mesh.DeleteAsync("agents/a?grace=60");
        await mesh.AdvanceAsync(1);
        mesh.Time.JumpWall(TimeSpan.FromDays(1));
        await mesh.AdvanceAsync(58);
        Assert.Equal("stopping", await mesh.StatusAsync("a"));
        await mesh.AdvanceAsync(2);
        Assert.Equal("dead", await mesh.StatusAsync("a"));
    }

    [Fact]
    public async Task Wall_SetForwardADay_AKillWithLessGraceStillBringsTheEndNearer()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 600);
        await mesh.DeleteAsync("agents/a?grace=300");
        mesh.Time.JumpWall(TimeSpan.FromDays(1));
        await mesh.DeleteAsync("agents/a?grace=5");
        await mesh.AdvanceAsync(6);
        Assert.Equal("dead", await mesh.StatusAsync("a"));
    }

    [Fact]
    public async Task Wall_SetForwardADayAndCorrected_NoAgentThatBeatsIsLost()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 30);
        foreach (var jump in new[] { 0, 86_400, 0, -86_400, 0 })
        {
            mesh.Time.JumpWall(TimeSpan.FromSeconds(jump));
            for (var i = 0; i < 6; i++)
            {
                await mesh.AdvanceAsync(10);
                Assert.Equal(200, (await mesh.PostAsync("agents/a/heartbeat", """{"incarnation":1}""")).Status);
                Assert.Equal("alive", await mesh.StatusAsync("a"));
            }
        }

        Assert.Equal(2, mesh.Revision);
    }

    [Fact]
    public async Task Wall_SetForward_ADirectiveThatItMadeExpireIsWrittenOffInTime()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.PostAsync("registry", """{"specialization":"s","agent_id":"a","ttl":86400}""");
        await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north","ttl":3600}""");
        await mesh.AdvanceAsync(2);
        mesh.Time.JumpWall(TimeSpan.FromHours(2));
        await mesh.AdvanceAsync(2);
        Assert.Equal(["directive.expired"], await mesh.KindsAsync(after: 3));
    }

    [Fact]
    public async Task Wall_SetBack_TheLogsClockFallsBehindUntilTheTwoMeet()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 86_400);
        mesh.Time.JumpWall(TimeSpan.FromSeconds(-10));
        Assert.Equal(At(0), await CreatedAsync(mesh, "b"));
        await mesh.AdvanceAsync(500);
        Assert.Equal(At(495), await CreatedAsync(mesh, "c")); // a hundredth slower
        mesh.Time.Suspend(TimeSpan.FromSeconds(1500));
        Assert.Equal(At(1990), await CreatedAsync(mesh, "d")); // together again
    }

    [Fact]
    public async Task Wall_SetForwardYearsWhileTheServerRuns_IsNotFollowedAndItSaysSo()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 600);
        var key = await mesh.MintAsync("""{"ttl":3600}""");
        mesh.Time.JumpWall(TimeSpan.FromDays(73 * 365));
        await mesh.AdvanceAsync(2);
        Assert.Equal(At(2), await CreatedAsync(mesh, "b"));
        Assert.Equal(200, (await mesh.GetAsync("alive", key)).Status);
        Assert.Single(mesh.Log.Lines, l => l.Contains("The system clock says 2099-01-13", StringComparison.Ordinal));
        mesh.Time.JumpWall(TimeSpan.FromDays(-73 * 365));
        await mesh.AdvanceAsync(2);
        Assert.Equal(At(4), await CreatedAsync(mesh, "c"));
    }

    private static async Task StepAsync(MeshHost mesh, string how)
    {
        if (how == "an hour back")
        {
            mesh.Time.JumpWall(TimeSpan.FromHours(-1));
            return;
        }

        mesh.Time.JumpWall(TimeSpan.FromDays(1));
        await mesh.RegisterAsync("in-between", ttl: 86_400); // the log has seen it
        mesh.Time.JumpWall(TimeSpan.FromDays(-1));
    }

    private static async Task<string> SessionAsync(MeshHost mesh) => (await mesh.GetAsync("sessions/s")).Json["status"]!.GetValue<string>();

    private static async Task<string> StateAsync(MeshHost mesh, string directive) =>
        (await mesh.GetAsync("directives/" + directive)).Json["state"]!.GetValue<string>();

    private static async Task<string> CreatedAsync(MeshHost mesh, string id) =>
        (await mesh.RegisterAsync(id, ttl: 86_400)).Json["created_at"]!.GetValue<string>();
}
