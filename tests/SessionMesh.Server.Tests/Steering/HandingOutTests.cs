using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Steering;

/// <summary>What goes out to whom: an incarnation that is over is handed nothing, and what was cancelled was on no socket.</summary>
public sealed class HandingOutTests
{
    [Theory]
    [InlineData("")]
    [InlineData("&incarnation=1")]
    public async Task Poll_LeftOpenByAnOldIncarnation_IsSuperseded_AndIsNotGivenTheSuccessorsDirective(string query)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var poll = mesh.GetAsync("agents/a/directives?wait=40" + query);
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(40));
        Task<Reply> takeover, steer;
        await using (var held = await HeldEngine.HoldAsync(mesh))
        {
            takeover = mesh.PostAsync("agents", """{"agent_id":"a","takeover":true}""");
            await held.WaitingAsync(1);
            steer = mesh.SteerAsync("a");
            await held.WaitingAsync(2);
        }

        (await poll).ShouldBeProblem(409, "superseded", $",\"agent_status\":\"alive\",\"last_heartbeat_at\":\"{At(0)}\"");
        Assert.Equal((201, 200), ((await takeover).Status, (await steer).Status));
        await mesh.SettleAsync();
        Assert.Equal("queued", await StateOfAsync(mesh, (await steer).Json["directive_id"]!.GetValue<string>()));
        (await mesh.GetAsync("agents/a/directives")).ShouldBe(200, $$"""{"directives":[{{Directive(4, "a", 1)}}]}""");
    }

    [Fact]
    public async Task Poll_LeftOpenByAnOldIncarnation_IsSupersededAtOnce_AlsoWhereNothingIsPending()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var poll = mesh.GetAsync("agents/a/directives?wait=40");
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(40));
        await mesh.PostAsync("agents", """{"agent_id":"a","takeover":true}""");
        (await poll).ShouldBeRefused(409, "superseded");
    }

    [Fact]
    public async Task Heartbeat_ThatRacedATakeover_IsSuperseded_AndIsNotGivenTheSuccessorsDirective()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.SteerAsync("a");
        Task<Reply> beat, takeover, steer;
        await using (var held = await HeldEngine.HoldAsync(mesh))
        {
            beat = mesh.PostAsync("agents/a/heartbeat", """{"acks":[{"seq":1,"state":"acknowledged"}]}"""); // taken; its ack waits
            await held.WaitingAsync(1);
            takeover = mesh.PostAsync("agents", """{"agent_id":"a","takeover":true}""");
            await held.WaitingAsync(2);
            steer = mesh.SteerAsync("a");
            await held.WaitingAsync(3);
        }

        (await beat).ShouldBeProblem(409, "superseded", $",\"agent_status\":\"alive\",\"last_heartbeat_at\":\"{At(0)}\"");
        Assert.Equal((201, 200), ((await takeover).Status, (await steer).Status));
        await mesh.SettleAsync();
        Assert.Equal("queued", await StateOfAsync(mesh, (await steer).Json["directive_id"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Stream_OfADeadIncarnation_HearsItsStop_ButNotWhatIsHeldForTheNext()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.DeleteAsync("agents/a?force=true");
        var next = await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north","hold":true}""");
        Assert.Equal(200, next.Status);
        await using (var stream = await mesh.ListenAsync("agents/a/directives"))
        {
            Assert.Equal("stop", (await stream.NextAsync("directive")).Json["verb"]!.GetValue<string>());
            Assert.Equal("tombstoned", (await stream.NextAsync("end")).Json["code"]!.GetValue<string>());
        }

        await mesh.SettleAsync();
        Assert.Equal("queued", await StateOfAsync(mesh, next.Json["directive_id"]!.GetValue<string>()));
        await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged"}""");
        (await mesh.GetAsync("agents/a/directives")).ShouldBeRefused(409, "tombstoned");
    }

    [Fact]
    public async Task Revived_TheNextIncarnationIsGivenWhatIsHeldForIt_AndNotTheStopOfTheOneBefore()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.DeleteAsync("agents/a?force=true");
        var next = await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north","hold":true}""");
        await mesh.PostAsync("agents/a/revive");
        await mesh.RegisterAsync("a");
        var held = (await mesh.GetAsync("agents/a/directives")).Json["directives"]!.AsArray();
        Assert.Equal(next.Json["directive_id"]!.GetValue<string>(), Assert.Single(held)!["directive_id"]!.GetValue<string>());
        Assert.Equal("undeliverable", await StateOfAsync(mesh, "d-3"));
    }

    [Fact]
    public async Task Cancel_OfADirectiveThatAStreamShowsBeforeItCommits_IsNeverBoth()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var first = await IdAsync(mesh);
        var second = await IdAsync(mesh);
        Task<Reply> cancel;
        SseReader stream;
        await using (var held = await HeldEngine.HoldAsync(mesh))
        {
            cancel = mesh.DeleteAsync("directives/" + first);
            await held.WaitingAsync(1); // it may still fail: nobody knows yet
            stream = await mesh.ListenAsync("agents/a/directives");
        }

        await using (stream)
        {
            Assert.Equal("cancelled", (await cancel).Json["state"]!.GetValue<string>());
            Assert.Equal(second, (await stream.NextAsync("directive")).Json["directive_id"]!.GetValue<string>());
        }
    }

    [Fact]
    [Trait("Store", "SQLite")] // nodes mark it before it is written
    public async Task Cancel_OfADirectiveThatWasWrittenToAStream_IsRefused_ThoughItsDeliveryIsNotCommittedYet()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var id = await IdAsync(mesh);
        await using (var held = await HeldEngine.HoldAsync(mesh))
        {
            await using var stream = await mesh.ListenAsync("agents/a/directives");
            Assert.Equal(id, (await stream.NextAsync("directive")).Json["directive_id"]!.GetValue<string>());
            (await mesh.DeleteAsync("directives/" + id)).ShouldBeProblem(409, "already_delivered");
        }

        await mesh.SettleAsync();
        Assert.Equal("delivered", await StateOfAsync(mesh, id));
    }

    [Fact]
    public async Task Cancel_ThatIsRefusedAtItsTurn_LeavesTheDirectiveToBeDelivered_InOrder()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var key = await mesh.MintAsync("""{"scopes":["steer"]}""");
        var first = await IdAsync(mesh);
        var second = await IdAsync(mesh);
        Task<Reply> revoke, cancel;
        SseReader stream;
        await using (var held = await HeldEngine.HoldAsync(mesh))
        {
            revoke = mesh.DeleteAsync("keys/" + key[4..16]);
            await held.WaitingAsync(1);
            cancel = mesh.DeleteAsync("directives/" + first, key);
            await held.WaitingAsync(2);
            stream = await mesh.ListenAsync("agents/a/directives");
        }

        await using (stream)
        {
            Assert.Equal(200, (await revoke).Status);
            (await cancel).ShouldBeRefused(401, "unauthenticated");
            Assert.Equal(first, (await stream.NextAsync("directive")).Json["directive_id"]!.GetValue<string>());
            Assert.Equal(second, (await stream.NextAsync("directive")).Json["directive_id"]!.GetValue<string>());
        }
    }

    [Fact]
    public async Task Cancel_OfManyWhileAStreamIsOpen_CancelsNoneThatWasShown()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await using var stream = await mesh.ListenAsync("agents/a/directives");
        var cancelled = new List<string>();
        for (var i = 0; i < 50; i++)
        {
            var id = await IdAsync(mesh);
            var reply = await mesh.DeleteAsync("directives/" + id);
            if (reply.Status == 200)
            {
                Assert.Equal("cancelled", reply.Json["state"]!.GetValue<string>());
                cancelled.Add(id);
            }
            else
            {
                reply.ShouldBeRefused(409, "already_delivered");
            }
        }

        var last = await IdAsync(mesh);
        var shown = "";
        while (shown != last)
        {
            shown = (await stream.NextAsync("directive")).Json["directive_id"]!.GetValue<string>();
            Assert.DoesNotContain(shown, cancelled);
        }
    }

    private static async Task<string> IdAsync(MeshHost mesh) => (await mesh.SteerAsync("a")).Json["directive_id"]!.GetValue<string>();

    private static async Task<string> StateOfAsync(MeshHost mesh, string id) =>
        (await mesh.GetAsync("directives/" + id)).Json["state"]!.GetValue<string>();
}
