using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Steering;

/// <summary>Two listeners of one inbox, each for some verbs: what one is not for is neither handed to it nor marked.</summary>
public sealed class VerbFilterTests
{
    private static readonly string[] s_verbs = ["steer", "pause", "resume", "stop"];

    [Fact]
    public async Task Poll_ForStops_LeavesASteerQueued_ThatCanBeCancelled_OrGoesToTheOther()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var cancelled = await SteerAsync(mesh);
        var kept = await SteerAsync(mesh);
        (await mesh.GetAsync("agents/a/directives?verbs=stop")).ShouldBe(200, """{"directives":[]}""");
        await mesh.DeleteAsync("agents/a?grace=60");
        Assert.Equal(["stop"], Verbs(await mesh.GetAsync("agents/a/directives?verbs=stop")));
        await mesh.SettleAsync();
        Assert.Equal(["queued", "queued", "delivered"], await StatesAsync(mesh, cancelled, kept, "d-5"));
        Assert.Equal("cancelled", (await mesh.DeleteAsync("directives/" + cancelled)).Json["state"]!.GetValue<string>());
        Assert.Equal(["steer", "stop"], Verbs(await mesh.GetAsync("agents/a/directives")));
        await mesh.SettleAsync();
        Assert.Equal(["cancelled", "delivered", "delivered"], await StatesAsync(mesh, cancelled, kept, "d-5"));
    }

    [Fact]
    public async Task Poll_ForStops_WaitsOnWhereSomethingElseComes()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var poll = mesh.GetAsync("agents/a/directives?wait=40&verbs=pause,stop");
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(40));
        await mesh.SteerAsync("a");
        await mesh.PostAsync("steer", """{"agent_id":"a","verb":"pause"}""");
        Assert.Equal(["pause"], Verbs(await poll));
    }

    [Fact]
    public async Task Stream_ForStops_IsSentNothingElse()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var steer = await SteerAsync(mesh);
        await using var stops = await mesh.ListenAsync("agents/a/directives?verbs=stop");
        await using var others = await mesh.ListenAsync("agents/a/directives?verbs=steer,pause,resume");
        Assert.Equal(1, (await others.NextAsync("directive")).Id);
        await mesh.ChangeAsync("directive.delivered", "a");
        Assert.Equal(["delivered"], await StatesAsync(mesh, steer));
        var second = await SteerAsync(mesh);
        await mesh.DeleteAsync("agents/a?grace=60");
        var stop = await stops.NextAsync("directive");
        Assert.Equal((3, "stop"), (stop.Id, stop.Json["verb"]!.GetValue<string>()));
        Assert.Equal(second, (await others.NextAsync("directive")).Json["directive_id"]!.GetValue<string>());
    }

    [Fact]
    public async Task Heartbeat_IsHandedTheVerbsItAsksFor_AndNoneByAnEmptyList()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var steer = await SteerAsync(mesh);
        await mesh.DeleteAsync("agents/a?grace=60");
        Assert.Empty(Verbs(await mesh.PostAsync("agents/a/heartbeat", """{"verbs":[]}""")));
        await mesh.SettleAsync();
        Assert.Equal(["queued", "queued"], await StatesAsync(mesh, steer, "d-4"));
        Assert.Equal(["stop"], Verbs(await mesh.PostAsync("agents/a/heartbeat", """{"verbs":["stop"]}""")));
        await mesh.SettleAsync();
        Assert.Equal(["queued", "delivered"], await StatesAsync(mesh, steer, "d-4"));
        Assert.Equal(["steer", "stop"], Verbs(await mesh.PostAsync("agents/a/heartbeat", """{"verbs":null}""")));
        await mesh.SettleAsync();
        Assert.Equal(["delivered", "delivered"], await StatesAsync(mesh, steer, "d-4"));
    }

    [Fact]
    public async Task Heartbeats_SayThatSomethingIsPending_OfTheVerbsThatAnEntryAsksFor()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.RegisterAsync("b");
        await mesh.SteerAsync("a");
        await mesh.PostAsync("steer", """{"agent_id":"b","direction":"north"}""");
        (await mesh.PostAsync(
            "heartbeats", """{"agents":[{"agent_id":"a","verbs":["stop"]},{"agent_id":"b","verbs":["stop","steer"]}]}"""))
            .ShouldBe(200, """{"epoch":1,"accepted":2,"refused":[],"pending":["b"]}""");
    }

    /// <summary>The marks of what was written are a range; what lies between was not shown to anybody.</summary>
    [Fact]
    public async Task PauseBetweenTwoSteers_IsNotMarkedWithThem()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var first = await SteerAsync(mesh);
        var pause = (await mesh.PostAsync("steer", """{"agent_id":"a","verb":"pause"}""")).Json["directive_id"]!.GetValue<string>();
        var second = await SteerAsync(mesh);
        Assert.Equal(["steer", "steer"], Verbs(await mesh.GetAsync("agents/a/directives?verbs=steer")));
        await mesh.SettleAsync();
        Assert.Equal(["delivered", "queued", "delivered"], await StatesAsync(mesh, first, pause, second));
    }

    [Fact]
    [Trait("Store", "SQLite")] // nodes hand out what the log has marked, and here it is held
    public async Task SteerThatIsHeldBackForItsCancel_DoesNotHoldUpAStop()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var steer = await SteerAsync(mesh);
        await mesh.DeleteAsync("agents/a?grace=60");
        Task<Reply> cancel;
        await using (var held = await HeldEngine.HoldAsync(mesh))
        {
            cancel = mesh.DeleteAsync("directives/" + steer);
            await held.WaitingAsync(1);
            Assert.Empty(Verbs(await mesh.GetAsync("agents/a/directives")));
            Assert.Equal(["stop"], Verbs(await mesh.GetAsync("agents/a/directives?verbs=stop")));
        }

        Assert.Equal("cancelled", (await cancel).Json["state"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("agents/a/directives?verbs=kill", "?verbs")]
    [InlineData("agents/a/directives?verbs=", "?verbs")]
    [InlineData("agents/a/directives?verbs=stop,,Stop", "?verbs")]
    public async Task Query_WithAnotherWord_IsRefused_WithThoseThereAre(string path, string pointer)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        (await mesh.GetAsync(path)).ShouldBlame(pointer);
        Assert.Equal(s_verbs, Allowed(await mesh.GetAsync(path)));
    }

    [Theory]
    [InlineData("""["stop","kill"]""", "/verbs/1")]
    [InlineData("[null]", "/verbs/0")]
    [InlineData("""["stop","stop","stop","stop","stop"]""", "/verbs")]
    public async Task Heartbeat_WithAnotherWord_IsRefused_WithThoseThereAre(string verbs, string pointer)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var reply = await mesh.PostAsync("agents/a/heartbeat", $$"""{"verbs":{{verbs}}}""");
        reply.ShouldBlame(pointer);
        Assert.Equal(s_verbs, Allowed(reply));
        (await mesh.PostAsync("heartbeats", $$"""{"agents":[{"agent_id":"a","verbs":{{verbs}}}]}""")).ShouldBlame("/agents/0" + pointer);
        Assert.Equal(400, (await mesh.PostAsync("agents/a/heartbeat", """{"verbs":"stop"}""")).Status);
        Assert.Equal(400, (await mesh.PostAsync("heartbeats", """{"agents":[{"agent_id":"a","verbs":"stop"}]}""")).Status);
    }

    private static IEnumerable<string> Allowed(Reply reply) =>
        reply.Json["errors"]!.AsArray().Single()!["allowed"]!.AsArray().Select(word => word!.GetValue<string>());

    private static IEnumerable<string> Verbs(Reply reply)
    {
        Assert.Equal(200, reply.Status);
        return reply.Json["directives"]!.AsArray().Select(directive => directive!["verb"]!.GetValue<string>());
    }

    private static async Task<string> SteerAsync(MeshHost mesh) =>
        (await mesh.SteerAsync("a")).Json["directive_id"]!.GetValue<string>();

    private static async Task<List<string>> StatesAsync(MeshHost mesh, params string[] ids)
    {
        var states = new List<string>();
        foreach (var id in ids)
        {
            states.Add((await mesh.GetAsync("directives/" + id)).Json["state"]!.GetValue<string>());
        }

        return states;
    }
}
