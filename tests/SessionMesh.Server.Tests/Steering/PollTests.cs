using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Steering;

public sealed class PollTests
{
    [Fact]
    public async Task Poll_ShowsWhatIsPending_AndAfterSkipsWhatWasSeen()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        (await mesh.GetAsync("agents/a/directives")).ShouldBe(200, """{"directives":[]}""");
        await mesh.SteerAsync("a");
        await mesh.SteerAsync("a");
        (await mesh.GetAsync("agents/a/directives"))
            .ShouldBe(200, $$"""{"directives":[{{Directive(3, "a", 1)}},{{Directive(4, "a", 2)}}]}""");
        await mesh.ChangeAsync("directive.delivered", "a", after: 5);
        (await mesh.GetAsync("agents/a/directives?after=1"))
            .ShouldBe(
                200, $$"""{"directives":[{{Directive(4, "a", 2, differs: $"\"state\":\"delivered\",\"delivered_at\":\"{At(0)}\"")}}]}""");
        (await mesh.GetAsync("agents/a/directives?after=9223372036854775807")).ShouldBe(200, """{"directives":[]}""");
    }

    [Fact]
    public async Task Poll_Wait_AnswersAsSoonAsThereIsSomething()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var poll = mesh.GetAsync("agents/a/directives?wait=40");
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(40));
        await mesh.AdvanceAsync(3);
        await mesh.SteerAsync("a");
        (await poll).ShouldBe(200, $$"""{"directives":[{{Directive(3, "a", 1, issuedAt: 3)}}]}""");
        await mesh.ChangeAsync("directive.delivered", "a", after: 3);
        Assert.Equal("delivered", (await mesh.GetAsync("directives/d-3")).Json["state"]!.GetValue<string>());
    }

    [Fact]
    public async Task Poll_WaitThatIsOver_IsAnEmptyList()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var poll = mesh.GetAsync("agents/a/directives?wait=12");
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(12));
        await mesh.AdvanceAsync(12);
        (await poll).ShouldBe(200, """{"directives":[]}""");
    }

    [Fact]
    public async Task Poll_AtShutdown_AnswersInsteadOfBeingCut()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var poll = mesh.GetAsync("agents/a/directives?wait=60");
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(60));
        await mesh.BeginStop();
        (await poll).ShouldBe(200, """{"directives":[]}""");
    }

    [Fact]
    public async Task Poll_ByWhomItDoesNotConcern_IsRefused()
    {
        await using var mesh = await MeshHost.StartAsync();
        (await mesh.GetAsync("agents/nobody/directives")).ShouldBeProblem(404, "agent_not_found");
        await mesh.RegisterAsync("a");
        await mesh.PostAsync("agents", """{"agent_id":"a","takeover":true}""");
        (await mesh.GetAsync("agents/a/directives?incarnation=1"))
            .ShouldBeProblem(409, "superseded", $",\"agent_status\":\"alive\",\"last_heartbeat_at\":\"{At(0)}\"");
        await mesh.PostAsync("agents/a/exit", """{"incarnation":2}""");
        (await mesh.GetAsync("agents/a/directives"))
            .ShouldBeProblem(409, "tombstoned", $",\"agent_status\":\"dead\",\"last_heartbeat_at\":\"{At(0)}\"");
    }

    [Fact]
    public async Task Poll_AfterAForce_StillHearsTheStop()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.DeleteAsync("agents/a?force=true&reason=wild");
        var stop = Directive(
            3, "a", 1, ttl: 900, differs: """ "verb":"stop","direction":null,"message":"wild","data":{"grace":0,"force":true} """);
        (await mesh.GetAsync("agents/a/directives?incarnation=1")).ShouldBe(200, $$"""{"directives":[{{stop}}]}""");
    }
}
