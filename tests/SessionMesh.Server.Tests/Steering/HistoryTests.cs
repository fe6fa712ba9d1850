using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Steering;

public sealed class HistoryTests
{
    [Fact]
    public async Task History_IsNewestFirst_PageByPage_AcrossARestart()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.RegisterAsync("b");
        foreach (var agent in (string[])["a", "b", "a", "a"])
        {
            await mesh.PostAsync("steer", $$"""{"agent_id":"{{agent}}","direction":"north"}""");
        }

        await mesh.RestartAsync();
        (await mesh.GetAsync("agents/a/directives/history?limit=2"))
            .ShouldBe(200, $$"""{"directives":[{{Directive(7, "a", 3)}},{{Directive(6, "a", 2)}}],"next_cursor":"4"}""");
        (await mesh.GetAsync("agents/a/directives/history?limit=2&cursor=4"))
            .ShouldBe(200, $$"""{"directives":[{{Directive(4, "a", 1)}}],"next_cursor":null}""");
        (await mesh.GetAsync("agents/a/directives/history?cursor=5")).ShouldBe(200, """{"directives":[],"next_cursor":null}"""); // b's
        (await mesh.GetAsync("agents/nobody/directives/history")).ShouldBeRefused(404, "agent_not_found");
    }

    [Fact]
    public async Task Cancel_WhatNobodyWasGiven_IsTakenBack_AndNothingElse()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.SteerAsync("a");
        (await mesh.DeleteAsync("directives/d-3"))
            .ShouldBe(200, Directive(3, "a", 1, differs: $"\"state\":\"cancelled\",\"ended_at\":\"{At(0)}\""));
        (await mesh.DeleteAsync("directives/d-3")).ShouldBeRefused(409, "directive_over");
        (await mesh.GetAsync("agents/a/directives")).ShouldBe(200, """{"directives":[]}""");

        await mesh.SteerAsync("a");
        await mesh.GetAsync("agents/a/directives");
        await mesh.ChangeAsync("directive.delivered", "a", after: 5);
        (await mesh.DeleteAsync("directives/d-5")).ShouldBeRefused(409, "already_delivered");
        (await mesh.DeleteAsync("directives/d-2")).ShouldBeRefused(404, "directive_not_found");
        (await mesh.DeleteAsync("directives/nonsense")).ShouldBeRefused(404, "directive_not_found");
        await mesh.DeleteAsync("agents/a");
        (await mesh.DeleteAsync("directives/d-7")).ShouldBeRefused(409, "already_delivered"); // a stop
    }

    [Fact]
    public async Task Revive_LiftsATombstone_WithoutMakingTheEndConfirmed()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        (await mesh.PostAsync("agents/a/revive"))
            .ShouldBeProblem(409, "not_tombstoned", $",\"agent_status\":\"alive\",\"last_heartbeat_at\":\"{At(0)}\"");
        await mesh.DeleteAsync("agents/a?force=true");
        (await mesh.PostAsync("agents", """{"agent_id":"a"}""")).ShouldBeRefused(409, "tombstoned");
        (await mesh.PostAsync("agents/a/revive"))
            .ShouldBe(200, Row(
                "a", session: 2, differs: $"\"session_id\":null,\"status\":\"dead\",\"expires_at\":null,\"gone_at\":\"{At(0)}\""));
        Assert.False((await mesh.GetAsync("agents/a")).Json["last_exit"]!["confirmed"]!.GetValue<bool>());
        var again = await mesh.PostAsync("agents", """{"agent_id":"a"}""");
        Assert.Equal((201, 2), (again.Status, again.Json["incarnation"]!.GetValue<int>()));
        (await mesh.PostAsync("agents/nobody/revive")).ShouldBeRefused(404, "agent_not_found");
    }
}
