using SessionMesh.Server.Json;
using SessionMesh.Server.Sessions;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Sessions;

/// <summary>A registration, seen as a session: one lease under two names.</summary>
public sealed class AgentSessionTests
{
    [Fact]
    public async Task Get_ShowsTheAgentBehindIt()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", 60, ""","user":"ann" """);
        var reply = await mesh.GetAsync("sessions/s-2");
        reply.ShouldBe(200, """
            {"id":"s-2","user":"ann","status":"active","ttl":60,"meta":{},"created_at":"2026-01-31T08:15:30Z",
             "last_access":"2026-01-31T08:15:30Z","expires_at":"2026-01-31T08:16:30Z",
             "expired_at":null,"agent_id":"a","version":2}
            """);
        Assert.Equal("\"2\"", reply.Headers["ETag"]);
        foreach (var absent in new[] { "s-1", "s-3", "s-0", "s-99999999999999999999", "s-" })
        {
            (await mesh.GetAsync("sessions/" + absent)).ShouldBeProblem(404, "session_not_found");
        }

        Assert.Equal(["s-2"], SessionTests.Ids(await mesh.GetAsync("sessions?kind=agent")));
        Assert.Empty(SessionTests.Ids(await mesh.GetAsync("sessions")));
    }

    /// <summary>An answer may be written when its agent has gone meanwhile.</summary>
    [Fact]
    public async Task Session_OfAnAgentThatWasForgotten_WasLastUsedWhenItBegan()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var agent = mesh.State.Find("a")!.Agent;
        await mesh.PostAsync("agents/a/exit", """{"incarnation":1,"exit_code":0}""");
        Assert.Equal(200, (await mesh.DeleteAsync("agents/a?forget=true")).Status);
        Assert.Null(mesh.State.SlotOf(agent));

        using var json = new Utf8Buffer();
        mesh.Service<SessionWriter>().Write(json, agent);
        JsonAssert.Same(
            """
            {"id":"s-2","user":"anonymous","status":"active","ttl":60,"meta":{},"created_at":"2026-01-31T08:15:30Z",
             "last_access":"2026-01-31T08:15:30Z","expires_at":null,"expired_at":null,"agent_id":"a","version":2}
            """,
            System.Text.Encoding.UTF8.GetString(json.Written.Span));
    }

    [Fact]
    public async Task Meta_IsHowAnAgentPublishesToItsPeers_WithItsOwnKey_AndGoesWithTheSession()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.RegisterAsync("b");
        var own = await mesh.MintAsync("""{"agent_id":"a"}""");
        var set = await SessionTests.PatchAsync(mesh, "s-2", """{"meta":{"endpoint":"tcp://1.2.3.4","stage":"warm"}}""", key: own);
        Assert.Equal("""{"endpoint":"tcp://1.2.3.4","stage":"warm"}""", set.Json["meta"]!.ToJsonString());
        Assert.Equal(set.Text, (await mesh.GetAsync("sessions/s-2", await mesh.MintAsync("""{"scopes":["sessions:read"]}"""))).Text);
        var revision = mesh.Revision;
        Assert.Equal(200, (await SessionTests.PatchAsync(mesh, "s-2", """{"meta":{"stage":"warm"}}""", key: own)).Status);
        Assert.Equal(revision, mesh.Revision); // says nothing new
        (await SessionTests.PatchAsync(mesh, "s-2", """{"meta":{"stage":"hot"}}""", "\"2\"", own))
            .ShouldBeProblem(412, "precondition_failed");
        (await SessionTests.PatchAsync(mesh, "s-3", """{"meta":{"stage":"hot"}}""", key: own)).ShouldBeProblem(403, "not_your_agent");
        (await mesh.GetAsync("sessions/s-3", own)).ShouldBeProblem(403, "not_your_agent");
        (await mesh.GetAsync("sessions", own)).ShouldBeProblem(403, "missing_scope");
        await mesh.RestartAsync();
        Assert.Equal(
            """{"endpoint":"tcp://1.2.3.4","stage":"warm"}""", (await mesh.GetAsync("sessions/s-2", own)).Json["meta"]!.ToJsonString());
        await mesh.PostAsync("agents", """{"agent_id":"a","takeover":true}""");
        (await mesh.GetAsync("sessions/s-2")).ShouldBeProblem(404, "session_not_found");
        var next = (await mesh.GetAsync("agents/a")).Json["session_id"];
        Assert.Equal("{}", (await mesh.GetAsync($"sessions/{next}")).Json["meta"]!.ToJsonString());
    }

    [Fact]
    public async Task Expire_MakesTheAgentLost_AndNoHeartbeatRevivesIt_UntilItRegistersAgain()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        Assert.Equal("expired", (await mesh.PostAsync("sessions/s-2/expire")).Json["status"]!.GetValue<string>());
        Assert.Equal("lost", await mesh.StatusAsync("a"));
        var change = await mesh.ChangeAsync("agent.lost", "a");
        Assert.True(change.Json["by_hand"]!.GetValue<bool>());
        (await mesh.PostAsync("agents/a/heartbeat")).ShouldBeRefused(409, "session_expired");
        (await mesh.PostAsync("agents", """{"agent_id":"a","incarnation":1}""")).ShouldBeRefused(409, "session_expired");
        await mesh.RestartAsync();
        (await mesh.PostAsync("agents/a/heartbeat")).ShouldBeRefused(409, "session_expired");
        var again = await mesh.PostAsync("registry", """{"agent_id":"a","specialization":"s"}""");
        Assert.Equal((201, 2), (again.Status, again.Json["incarnation"]!.GetValue<int>()));
        Assert.Equal(200, (await mesh.PostAsync("agents/a/heartbeat")).Status);
    }

    [Fact]
    public async Task Refresh_RenewsTheLease_AndRevivesWhatWasExpired()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", 20);
        await mesh.AdvanceAsync(15);
        Assert.Equal("2026-01-31T08:16:05Z", (await mesh.PostAsync("sessions/s-2/refresh")).Json["expires_at"]!.GetValue<string>());
        await mesh.PostAsync("sessions/s-2/expire");
        var refreshed = await mesh.PostAsync("sessions/s-2/refresh", """{"ttl":120}""");
        Assert.Equal(("active", 120), (refreshed.Json["status"]!.GetValue<string>(), refreshed.Json["ttl"]!.GetValue<int>()));
        Assert.Equal("alive", await mesh.StatusAsync("a"));
        Assert.Equal(200, (await mesh.PostAsync("agents/a/heartbeat")).Status);
        (await mesh.PostAsync("sessions/s-2/refresh", """{"ttl":1}"""))
            .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"")
            .ShouldBlame("/ttl");
        (await mesh.PostAsync("sessions/s-2/refresh", """{"ttl":"none"}"""))
            .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"")
            .ShouldBlame("/ttl");
        (await mesh.DeleteAsync("sessions/s-2")).ShouldBeProblem(409, "agent_session");
    }
}
