using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Steering;

/// <summary>Taking back what nobody was given, looking back, and letting back in.</summary>
public sealed class TakeBackTests
{
    [Fact]
    public async Task Cancel_TakesBackWhatNobodyWasGiven_AndNothingElse()
    {
        await using var mesh = await FourAsync();
        await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north"}""");
        (await mesh.DeleteAsync("directives/d-6")).ShouldBe(200, Directive(6, "a", 1, differs: $"\"state\":\"cancelled\",\"ended_at\":\"{At(0)}\""));
        (await mesh.DeleteAsync("directives/d-6")).ShouldBeProblem(409, "directive_over");
        (await mesh.DeleteAsync("directives/d-5")).ShouldBeProblem(404, "directive_not_found");
        (await mesh.GetAsync("agents/a/directives")).ShouldBe(200, """{"directives":[]}""");
        await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north"}""");
        await mesh.PostAsync("agents/a/heartbeat");
        await mesh.ChangeAsync("directive.delivered", "a");
        (await mesh.DeleteAsync("directives/d-8")).ShouldBeProblem(409, "already_delivered");
        await mesh.DeleteAsync("agents/b?grace=30");
        (await mesh.DeleteAsync($"directives/d-{mesh.State.Find("b")!.Inbox.LastRevision}")).ShouldBeProblem(409, "already_delivered");
    }

    [Fact]
    public async Task History_IsEverythingNewestFirst_InPages()
    {
        await using var mesh = await FourAsync();
        for (var i = 0; i < 5; i++)
        {
            await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north"}""");
            await mesh.PostAsync("steer", """{"agent_id":"b","direction":"north"}""");
        }

        await mesh.PostAsync("agents/a/heartbeat", """{"acks":[{"seq":1,"state":"acknowledged"}]}""");
        var seen = new List<long>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = (await mesh.GetAsync($"agents/a/directives/history?limit=2{cursor}")).Json;
            seen.AddRange(page["directives"]!.AsArray().Select(d => d!["seq"]!.GetValue<long>()));
            cursor = page["next_cursor"] is { } next ? "&cursor=" + next : null;
        }

        Assert.Equal([5, 4, 3, 2, 1], seen);

        // A cursor of another agent's shows nothing of it, least of all to a key that is bound to this one.
        var key = await mesh.MintAsync("""{"agent_id":"a"}""");
        (await mesh.GetAsync("agents/a/directives/history?cursor=7", key)).ShouldBe(200, """{"directives":[],"next_cursor":null}""");
        (await mesh.GetAsync("agents/b/directives/history", key)).ShouldBeProblem(403, "not_your_agent");
        (await mesh.GetAsync("agents/nobody/directives/history")).ShouldBeProblem(404, "agent_not_found");
    }

    [Fact]
    public async Task Revive_LiftsTheTombstone_WithoutConfirmingTheEnd()
    {
        await using var mesh = await FourAsync();
        (await mesh.PostAsync("agents/c/revive")).ShouldBeProblem(409, "not_tombstoned", $",\"agent_status\":\"alive\",\"last_heartbeat_at\":\"{At(0)}\"");
        (await mesh.PostAsync("agents/nobody/revive")).ShouldBeProblem(404, "agent_not_found");
        await mesh.DeleteAsync("agents/c?force=true");
        Assert.Equal(409, (await mesh.PostAsync("agents", """{"agent_id":"c"}""")).Status);
        Assert.Equal("dead", (await mesh.PostAsync("agents/c/revive")).Json["status"]!.GetValue<string>());
        Assert.False((await mesh.GetAsync("agents/c")).Json["last_exit"]!["confirmed"]!.GetValue<bool>());
        Assert.Equal(409, (await mesh.PostAsync("agents/c/revive")).Status);
        Assert.Equal(2, (await mesh.PostAsync("agents", """{"agent_id":"c"}""")).Json["incarnation"]!.GetValue<int>());
    }

    /// <summary>Four agents: five revisions with the root key's.</summary>
    private static async Task<MeshHost> FourAsync()
    {
        var mesh = await MeshHost.StartAsync();
        foreach (var id in new[] { "a", "b", "c", "d" })
        {
            await mesh.RegisterAsync(id);
        }

        return mesh;
    }
}
