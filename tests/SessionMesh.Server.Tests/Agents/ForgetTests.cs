using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Agents;

/// <summary>Forgetting: who may be forgotten, what goes, and that nothing of an old life is current afterwards.</summary>
public sealed class ForgetTests
{
    [Fact]
    public async Task Forget_OfADeadAgent_IsAnsweredWithWhatItWas_AndNothingOfItIsLeft()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", more: ",\"specializations\":[\"ocr\"],\"cluster\":\"blue\"");
        await EndAsync(mesh, "a");
        (await mesh.DeleteAsync("agents/a?forget=true")).ShouldBe(200, Answer("a"));
        (await mesh.GetAsync("agents/a")).ShouldBeProblem(404, "agent_not_found");
        (await mesh.GetAsync("agents")).ShouldBe(200, """{"sessions":[],"count":0,"next_cursor":null,"as_of":"*"}""");
        (await mesh.GetAsync("registry")).ShouldBe(200, """{"specializations":[],"agents":[],"next_cursor":null}""");
        (await mesh.DeleteAsync("agents/a?forget=true")).ShouldBeProblem(404, "agent_not_found");
        (await mesh.PostAsync("agents/a/heartbeat", "{}")).ShouldBeProblem(404, "agent_not_found");
        Assert.Equal(0, mesh.State.Indexes.Names);
        await mesh.RestartAsync();
        (await mesh.GetAsync("agents/a")).ShouldBeProblem(404, "agent_not_found");
        var change = await mesh.ChangeAsync("agent.forgotten", "a");
        Assert.Equal(1, change.Json["incarnation"]!.GetValue<int>());
    }

    [Fact]
    public async Task Forget_OfOneThatIsNeitherDeadNorLost_IsRefused()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.PostAsync("agents", """{"agent_id":"declared","declare":true}""");
        await mesh.RegisterAsync("alive", ttl: 86_400);
        await mesh.RegisterAsync("stopping", ttl: 86_400);
        await mesh.DeleteAsync("agents/stopping?grace=600");
        await mesh.RegisterAsync("lapsed", ttl: 10);
        await mesh.AdvanceAsync(12);
        var revision = mesh.Revision;
        (string, string)[] notGone = [("declared", "declared"), ("alive", "alive"), ("stopping", "stopping"), ("lapsed", "suspect")];
        foreach (var (id, status) in notGone)
        {
            var refused = (await mesh.DeleteAsync($"agents/{id}?forget=true")).ShouldBeRefused(409, "not_gone");
            Assert.Equal(status, refused.Json["agent_status"]!.GetValue<string>());
        }

        Assert.Equal(revision, mesh.Revision);
        await mesh.AdvanceAsync(10);
        (await mesh.DeleteAsync("agents/lapsed?forget=true")).ShouldBe(200, Answer("lapsed", status: "lost"));
    }

    [Fact]
    public async Task Forget_UnderAnUnconfirmedTombstone_IsRefused_UntilItIsOver_OrTheExitIsReported_OrSomebodyLiftsIt()
    {
        await using var mesh = await MeshHost.StartAsync();
        foreach (var id in (string[])["over", "reported", "lifted"])
        {
            await mesh.RegisterAsync(id);
            await mesh.DeleteAsync($"agents/{id}?force=true");
            (await mesh.DeleteAsync($"agents/{id}?forget=true")).ShouldBeRefused(409, "tombstoned");
        }

        await mesh.PostAsync("agents/reported/exit", """{"incarnation":1}""");
        (await mesh.DeleteAsync("agents/reported?forget=true")).ShouldBe(200, Answer("reported"));
        await mesh.PostAsync("agents/lifted/revive");
        (await mesh.DeleteAsync("agents/lifted?forget=true")).ShouldBe(200, Answer("lifted"));
        mesh.Time.JumpWall(TimeSpan.FromMinutes(15) - TimeSpan.FromMilliseconds(1));
        (await mesh.DeleteAsync("agents/over?forget=true")).ShouldBeRefused(409, "tombstoned");
        mesh.Time.JumpWall(TimeSpan.FromMilliseconds(1));
        (await mesh.DeleteAsync("agents/over?forget=true")).ShouldBe(200, Answer("over"));
    }

    [Theory]
    [InlineData("grace=5")]
    [InlineData("force=true")]
    [InlineData("cascade=none")]
    [InlineData("reason=x")]
    [InlineData("wait=5")]
    public async Task Forget_WithAnythingThatStops_IsRefused(string parameter)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await EndAsync(mesh, "a");
        var refused = (await mesh.DeleteAsync("agents/a?forget=true&" + parameter)).ShouldBeRefused(400, "invalid_request");
        refused.ShouldBlame("?" + parameter.Split('=')[0]);
        Assert.Equal("dead", await mesh.StatusAsync("a"));
        Assert.Equal(200, (await mesh.DeleteAsync("agents/a?forget=false&" + parameter)).Status);
    }

    [Fact]
    public async Task ForgottenId_ThatComesBack_HasAnIncarnationAboveEveryOneThatWasEverForgotten()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("often");
        await mesh.RegisterAsync("often", more: ",\"takeover\":true");
        await mesh.RegisterAsync("often", more: ",\"takeover\":true");
        await mesh.RegisterAsync("once");
        await mesh.PostAsync("agents", """{"agent_id":"declared","declare":true}""");
        await ForgetAsync(mesh, "once");
        await ForgetAsync(mesh, "often", incarnation: 3);
        Assert.Equal(4, Incarnation(await mesh.RegisterAsync("once")));
        await ForgetAsync(mesh, "once", incarnation: 4);
        await mesh.RestartAsync();
        Assert.Equal(5, Incarnation(await mesh.RegisterAsync("often")));
        Assert.Equal(5, Incarnation(await mesh.RegisterAsync("declared")));
        Assert.Equal(5, Incarnation(await mesh.PostAsync("registry", """{"agent_id":"new","specialization":"s"}""")));
        Assert.Equal(6, Incarnation(await mesh.RegisterAsync("often", more: ",\"takeover\":true")));
    }

    [Fact]
    public async Task OldLifeOfAForgottenId_IsRefused_WhateverItSays()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await ForgetAsync(mesh, "a");
        (await mesh.PostAsync("agents", """{"agent_id":"a","incarnation":1}""")).ShouldBeProblem(404, "agent_not_found");
        Assert.Equal(2, Incarnation(await mesh.RegisterAsync("a")));
        (await mesh.PostAsync("agents/a/heartbeat", """{"incarnation":1}""")).ShouldBeRefused(409, "superseded");
        (await mesh.PostAsync("agents/a/exit", """{"incarnation":1,"exit_code":0}""")).ShouldBeRefused(409, "superseded");
        (await mesh.PostAsync("agents", """{"agent_id":"a","incarnation":1}""")).ShouldBeRefused(409, "superseded");
        await mesh.SteerAsync("a");
        (await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged","incarnation":1}"""))
            .ShouldBeRefused(409, "superseded");
        (await mesh.GetAsync("agents/a/directives?incarnation=1")).ShouldBeRefused(409, "superseded");
    }

    [Fact]
    public async Task Forget_RevokesTheKeysThatAreBoundToIt_AndAllBelowThem()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 10);
        var bound = await mesh.MintAsync("""{"agent_id":"a","scopes":["keys:mint","registry:write","mesh:read"]}""");
        var below = await mesh.MintAsync("{}", bound);
        await mesh.AdvanceAsync(25);
        Assert.Equal("lost", await mesh.StatusAsync("a"));
        Assert.Equal(200, (await mesh.GetAsync("agents/a", bound)).Status);
        await mesh.DeleteAsync("agents/a?forget=true");
        await mesh.RegisterAsync("a");
        (await mesh.PostAsync("agents/a/heartbeat", "{}", bound)).ShouldBeProblem(401, "unauthenticated");
        (await mesh.GetAsync("alive", below)).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task Forget_LeavesItsChildrenAsOrphans_AndWhatIsBelowThemBelowThem()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("lead");
        await mesh.RegisterAsync("gone", more: ",\"parent_id\":\"lead\"");
        await mesh.RegisterAsync("child", more: ",\"parent_id\":\"gone\"");
        await mesh.RegisterAsync("grandchild", more: ",\"parent_id\":\"child\"");
        await EndAsync(mesh, "gone");
        (await mesh.DeleteAsync("agents/gone?forget=true")).ShouldBe(200, Answer("gone", orphans: 1));
        for (var restarted = false; ; restarted = true)
        {
            Assert.Null((await mesh.GetAsync("agents/child")).Json["parent_id"]);
            Assert.Equal("gone", mesh.State.Find("child")!.Agent.OrphanedFrom);
            Assert.Equal("child", (await mesh.GetAsync("agents/grandchild")).Json["parent_id"]!.GetValue<string>());
            Assert.Equal(0, (await mesh.GetAsync("agents/lead")).Json["descendants"]!.GetValue<int>());
            Assert.Equal(1, (await mesh.GetAsync("agents/child")).Json["descendants"]!.GetValue<int>());
            if (restarted)
            {
                break;
            }

            await mesh.RestartAsync();
        }

        await mesh.RegisterAsync("other"); // has the number of the one that is gone
        Assert.Null((await mesh.GetAsync("agents/child")).Json["parent_id"]);
        Assert.Equal(0, (await mesh.GetAsync("agents/other")).Json["descendants"]!.GetValue<int>());
        await mesh.RegisterAsync("child", more: ",\"incarnation\":1,\"parent_id\":\"other\"");
        Assert.Null(mesh.State.Find("child")!.Agent.OrphanedFrom);
    }

    [Fact]
    public async Task Forget_ByAKeyThatDoesNotReachTheChildren_OrWouldNotReachThemAsOrphans_IsRefused()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("lead");
        await mesh.RegisterAsync("gone", more: ",\"parent_id\":\"lead\"");
        await mesh.RegisterAsync("child", more: ",\"parent_id\":\"gone\"");
        await EndAsync(mesh, "gone");
        var key = await mesh.MintAsync("""{"scopes":["kill","mesh:read"],"within":["subtree:lead"]}""");
        (await mesh.DeleteAsync("agents/gone?forget=true", key)).ShouldBeRefused(403, "outside_reach");
        await EndAsync(mesh, "child");
        (await mesh.DeleteAsync("agents/gone?forget=true", key)).ShouldBe(200, Answer("gone", orphans: 1));
        var other = await mesh.MintAsync("""{"scopes":["kill"],"within":["cluster:other"]}""");
        (await mesh.DeleteAsync("agents/child?forget=true", other)).ShouldBeProblem(404, "agent_not_found");
    }

    [Fact]
    public async Task Forget_RepeatedUnderItsKey_IsAnsweredTheSame_AndLeavesTheNextLifeAlone()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await EndAsync(mesh, "a");
        (await mesh.DeleteAsync("agents/a?forget=true", idempotencyKey: "once")).ShouldBe(200, Answer("a"));
        await mesh.RegisterAsync("a");
        await EndAsync(mesh, "a", incarnation: 2);
        var again = (await mesh.DeleteAsync("agents/a?forget=true", idempotencyKey: "once")).ShouldBe(200, Answer("a"));
        Assert.Equal("true", again.Headers["Idempotency-Replayed"]);
        Assert.Equal("dead", await mesh.StatusAsync("a"));
    }

    [Fact]
    public async Task Kill_RepeatedUnderItsKeyAfterItsAgentWasForgotten_IsAnsweredAsTheFirstTime()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var first = await mesh.DeleteAsync("agents/a?force=true&wait=7", idempotencyKey: "once").WithTimeAsync(mesh, 7);
        await mesh.PostAsync("agents/a/exit", """{"incarnation":1}""");
        await mesh.DeleteAsync("agents/a?forget=true");
        (await mesh.DeleteAsync("agents/a?force=true&wait=7", idempotencyKey: "once")).ShouldBe(200, first.Text);
    }

    private static int Incarnation(Reply registration) => registration.Json["incarnation"]!.GetValue<int>();

    internal static string Answer(string id, int incarnation = 1, string status = "dead", int orphans = 0) =>
        $$"""{"agent_id":"{{id}}","incarnation":{{incarnation}},"status":"{{status}}","orphans":{{orphans}}}""";

    internal static async Task EndAsync(MeshHost mesh, string id, int incarnation = 1) =>
        Assert.Equal(200, (await mesh.PostAsync($"agents/{id}/exit", $$"""{"incarnation":{{incarnation}},"exit_code":0}""")).Status);

    internal static async Task ForgetAsync(MeshHost mesh, string id, int incarnation = 1)
    {
        await EndAsync(mesh, id, incarnation);
        (await mesh.DeleteAsync($"agents/{id}?forget=true")).ShouldBe(200, Answer(id, incarnation));
    }
}

internal static class Waiting
{
    /// <summary>Lets time pass for a call that holds its answer back.</summary>
    public static async Task<Reply> WithTimeAsync(this Task<Reply> call, MeshHost mesh, int seconds)
    {
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(seconds));
        return await mesh.AdvanceUntilAsync(call, seconds);
    }
}
