using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Steering;

public sealed class SteerTests
{
    [Fact]
    public async Task Steer_ShortestBody_AnswersTheWholeDirective_WhichIsReadableByItsId()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("456");
        var root = mesh.RootKey[4..16];
        var expected = Directive(3, "456", 1, differs: $"\"direction\":\"east\",\"issued_by\":\"{root}\"");
        (await mesh.PostAsync("steer", """{"agent_id":456,"direction":"east"}""")).ShouldBe(200, expected);
        (await mesh.GetAsync("directives/d-3")).ShouldBe(200, expected);
    }

    [Fact]
    public async Task Steer_EveryMember_IsShownAsItWasGiven()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var reply = await mesh.PostAsync("steer", """
            {"agent_id":"a","verb":"steer","direction":"eu-west","message":"line 1\nline 2\t<&>\u2028\u0000\"\\","ttl":30,
             "data":{"n":1.50,"nested":[{"a":null},"é\u0001"],
                     "big":123456789012345678901234567890}}
            """);
        reply.ShouldBe(200, Directive(3, "a", 1, ttl: 30, differs: """
            "direction":"eu-west","message":"line 1\nline 2\t<&>\u2028\u0000\"\\",
            "data":{"n":1.50,"nested":[{"a":null},"é\u0001"],"big":123456789012345678901234567890}
            """));
    }

    [Fact]
    public async Task Steer_SequenceNumbers_AreGaplessPerAgent()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.RegisterAsync("b");
        await Task.WhenAll(
            Enumerable.Range(0, 40)
                .Select(i => mesh.PostAsync("steer", $$"""{"agent_id":"{{(i % 2 == 0 ? 'a' : 'b')}}","direction":"north"}""")));
        await mesh.PostAsync("agents/a/heartbeat", """{"acks":[{"seq":20,"state":"acknowledged"}]}""");
        await mesh.RestartAsync();
        Assert.Equal(21, (await mesh.SteerAsync("a")).Json["seq"]!.GetValue<long>());
        var seqs = (await mesh.GetAsync("agents/b/directives")).Json["directives"]!.AsArray().Select(d => d!["seq"]!.GetValue<long>());
        Assert.Equal(Enumerable.Range(1, 20).Select(i => (long)i), seqs);
    }

    [Theory]
    [InlineData("declared")]
    [InlineData("lost")]
    [InlineData("stopping")]
    [InlineData("dead")]
    public async Task Steer_AgentThatIsNotThere_Is409WithWhenItWasLastSeen_UnlessHeld(string status)
    {
        await using var mesh = await MeshHost.StartAsync();
        if (status == "declared")
        {
            await mesh.PostAsync("agents", """{"agent_id":"a","declare":true}""");
        }
        else
        {
            await mesh.RegisterAsync("a");
            await mesh.AdvanceAsync(status == "lost" ? 121 : 0);
            Assert.Equal(
                200, status is "lost" ? 200 : (await mesh.DeleteAsync("agents/a" + (status == "dead" ? "?force=true" : ""))).Status);
        }

        var revision = mesh.Revision;
        var seen = status == "declared" ? "" : $",\"last_heartbeat_at\":\"{At(0)}\"";
        (await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north"}"""))
            .ShouldBeProblem(409, "not_alive", $",\"agent_status\":\"{status}\"{seen}");
        Assert.Equal(revision, mesh.Revision);
        var held = await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north","hold":true}""");
        Assert.Equal(200, held.Status);
        Assert.Equal("queued", held.Json["state"]!.GetValue<string>());
    }

    [Fact]
    public async Task Steer_SuspectAgent_IsDeliveredWhenItBeatsAgain()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.AdvanceAsync(61);
        (await mesh.SteerAsync("a")).ShouldBe(200, Directive(4, "a", 1, issuedAt: 61));
        (await mesh.PostAsync("agents/a/heartbeat")).ShouldBe(200, $$"""
            {"agent_id":"a","incarnation":1,"epoch":1,"ttl":60,"next_heartbeat_in":"#16..20",
             "directives":[{{Directive(4, "a", 1, issuedAt: 61)}}]}
            """);
    }

    [Fact]
    public async Task Steer_HeldForADeclaredAgent_IsThereWhenItRegisters()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.PostAsync("agents", """{"agent_id":"a","declare":true}""");
        await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north","hold":true}""");
        await mesh.RegisterAsync("a");
        (await mesh.GetAsync("agents/a/directives")).ShouldBe(200, $$"""{"directives":[{{Directive(3, "a", 1)}}]}""");
    }

    [Fact]
    public async Task Steer_UnknownAgent_Is404()
    {
        await using var mesh = await MeshHost.StartAsync();
        (await mesh.PostAsync("steer", """{"agent_id":"nobody","direction":"north"}""")).ShouldBeProblem(404, "agent_not_found");
        Assert.Equal(1, mesh.Revision);
    }

    [Fact]
    public async Task Steer_InboxOfAThousand_Is429_AndAStopStillArrives()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var steered = await Task.WhenAll(
            Enumerable.Range(0, 1000).Select(_ => mesh.PostAsync("steer", """{"agent_id":"a","direction":"north"}""")));
        Assert.All(steered, s => Assert.Equal(200, s.Status));
        var revision = mesh.Revision;
        var full = await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north"}""");
        full.ShouldBeProblem(429, "inbox_full", $",\"agent_status\":\"alive\",\"last_heartbeat_at\":\"{At(0)}\",\"retry_after\":5");
        Assert.Equal("5", full.Headers["Retry-After"]);
        Assert.Equal(revision, mesh.Revision);
        Assert.Equal(
            1001,
            (await mesh.DeleteAsync("agents/a")).Status == 200 ? (await mesh.GetAsync("agents/a")).Json["pending"]!.GetValue<int>() : 0);
        await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"rejected"}""");
        await mesh.PostAsync("agents/a/directives/2/ack", """{"state":"rejected"}""");
        Assert.Equal(200, (await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north","hold":true}""")).Status);
    }

    [Fact]
    public async Task Steer_Expired_IsNeverDeliveredLate()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        mesh.Time.Advance(TimeSpan.FromMilliseconds(500));
        await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north","ttl":1}""");
        await mesh.AdvanceAsync(1); // at 1.5 s: over, and not yet looked at
        Assert.Empty((await mesh.PostAsync("agents/a/heartbeat")).Json["directives"]!.AsArray());
        Assert.Empty((await mesh.PostAsync("heartbeats", """{"agents":["a"]}""")).Json["pending"]!.AsArray());
        (await mesh.GetAsync("agents/a/directives")).ShouldBe(200, """{"directives":[]}""");
        mesh.Time.Advance(TimeSpan.FromMilliseconds(500)); // onto the tick: what is decided then is decided at that time
        await mesh.ChangeAsync("directive.expired", "a", after: 3);
        (await mesh.GetAsync("directives/d-3"))
            .ShouldBe(200, Merge(Directive(3, "a", 1, issuedAt: 0.5, ttl: 1), $"\"state\":\"expired\",\"ended_at\":\"{At(1.5)}\""));
        (await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged"}""")).ShouldBeProblemWithoutId(409, "ack_conflict");
    }

    [Fact]
    public async Task Steer_Wait_AnswersWhenTheStateIsReached()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var steer = mesh.PostAsync("steer", """{"agent_id":"a","direction":"north","wait":"acknowledged","wait_seconds":25}""");
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(25));
        await mesh.AdvanceAsync(4);
        await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"accepted"}""");
        Assert.False(steer.IsCompleted);
        await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged","note":"turned"}""");
        (await steer).ShouldBe(200, Directive(3, "a", 1, differs: $$"""
            "state":"acknowledged","accepted_at":"{{At(4)}}","acknowledged_at":"{{At(4)}}","ended_at":"{{At(4)}}","note":"turned"
            """));
    }

    [Fact]
    public async Task Steer_WaitForDelivered_AnswersWhenItWasWrittenToASocket()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var steer = mesh.PostAsync("steer", """{"agent_id":"a","direction":"north","wait":"delivered"}""");
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(30));
        await mesh.PostAsync("agents/a/heartbeat");
        (await steer).ShouldBe(200, Directive(3, "a", 1, differs: $"\"state\":\"delivered\",\"delivered_at\":\"{At(0)}\""));
    }

    /// <summary>Whoever sent it may go on waiting, with the key that sent it.</summary>
    [Fact]
    public async Task Directive_Wait_AnswersWhenTheStateIsReached_OrAsItIsWhenTheTimeIsUp()
    {
        await using var mesh = await MeshHost.StartAsync();
        var key = (await mesh.PostAsync("keys", """{"scopes":["steer"]}""")).Json["token"]!.GetValue<string>();
        await mesh.RegisterAsync("a");
        var id = (await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north"}""", key)).Json["directive_id"]!.GetValue<string>();

        var waiting = mesh.GetAsync($"directives/{id}?wait=accepted&wait_seconds=7", key);
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(7));
        await mesh.AdvanceAsync(7);
        Assert.Equal("queued", (await waiting).Json["state"]!.GetValue<string>());

        waiting = mesh.GetAsync($"directives/{id}?wait=acknowledged", key);
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(30));
        await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"accepted"}""");
        Assert.False(waiting.IsCompleted);
        await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged"}""");
        Assert.Equal("acknowledged", (await waiting).Json["state"]!.GetValue<string>());
        Assert.Equal("acknowledged", (await mesh.GetAsync($"directives/{id}?wait=accepted", key)).Json["state"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("wait=done", "?wait")]
    [InlineData("wait=accepted&wait_seconds=61", "?wait_seconds")]
    [InlineData("wait=accepted&wait_seconds=x", "?wait_seconds")]
    [InlineData("waits=accepted", "?waits")]
    public async Task Directive_BadWait_IsRefused(string query, string pointer)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.SteerAsync("a");
        (await mesh.GetAsync("directives/d-3?" + query)).ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"").ShouldBlame(pointer);
    }

    [Fact]
    public async Task Steer_WaitThatIsOver_SaysWhatIsTrueByThen()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var steer = mesh.PostAsync("steer", """{"agent_id":"a","direction":"north","wait":"acknowledged","wait_seconds":7}""");
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(7));
        await mesh.AdvanceAsync(7);
        (await steer).ShouldBe(200, Directive(3, "a", 1));
        var rejected = mesh.PostAsync("steer", """{"agent_id":"a","direction":"south","wait":"acknowledged","wait_seconds":8}""");
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(8));
        await mesh.PostAsync("agents/a/directives/2/ack", """{"state":"rejected","note":"no"}""");
        Assert.Equal("rejected", (await rejected).Json["state"]!.GetValue<string>()); // over is over: no use in waiting on
    }

    [Theory]
    [InlineData("d-0")]
    [InlineData("d-2")]
    [InlineData("d-99")]
    [InlineData("d--1")]
    [InlineData("d-+3")]
    [InlineData("3")]
    [InlineData("x")]
    public async Task Directive_ThatIsNone_Is404(string id)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        (await mesh.GetAsync("directives/" + id)).ShouldBeProblem(404, "directive_not_found");
    }
}
