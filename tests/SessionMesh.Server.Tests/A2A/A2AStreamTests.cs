using System.Text;
using SessionMesh.Server.A2A;
using SessionMesh.Server.Json;
using SessionMesh.Server.Push;
using SessionMesh.Server.Store;
using SessionMesh.Server.Store.Sqlite;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.A2A;

/// <summary>A task as a stream: as it is, then what its agent is told, answers and becomes, to its proven end.</summary>
public sealed class A2AStreamTests
{
    private const string GoOn = """{"text":"go on"}""";
    private const string Subscribe = "agents/a/a2a/tasks/a.1.1:subscribe";

    [Fact]
    public async Task Subscriber_IsShownTheTask_ItsDirectives_AndItsEnd()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 5);
        await mesh.RegisterAsync("other");
        await mesh.SteerAsync("a");
        await using var stream = await mesh.FollowAsync(Subscribe);
        Assert.Equal(("text/event-stream", "no-store"), (stream.Headers["Content-Type"], stream.Headers["Cache-Control"]));
        await stream.SaysAsync(A2ARig.Of(A2ARig.Task(history: [A2ARig.Said(4, """{"text":"north"}""", direction: "north")])));

        // Of another agent nothing is said.
        await mesh.SteerAsync("other");
        await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"accepted"}""");
        await stream.SaysAsync(A2ARig.Update(A2ARig.Directive(4, state: "accepted", direction: "north")));
        await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged","note":"done"}""");
        await stream.SaysAsync(A2ARig.Update(
            A2ARig.Directive(4, state: "acknowledged", note: "done", direction: "north"),
            message: $",\"message\":{A2ARig.Answered("d-4.acknowledged", "done")}"));
        await mesh.SayAsync("a", A2ARig.Message("m1"));
        await stream.SaysAsync(A2ARig.Update(
            A2ARig.Directive(8, seq: 2), message: $",\"message\":{A2ARig.Said(8, GoOn)}"));
        await mesh.AdvanceAsync(7);
        await stream.SaysAsync(A2ARig.Update("\"status\":\"suspect\"", at: 6));
        await mesh.PostAsync("agents/a/heartbeat", "{}");
        await stream.SaysAsync(A2ARig.Update("\"status\":\"alive\"", at: 7));
        await mesh.A2AAsync(HttpMethod.Post, "agents/a/a2a/tasks/a.1.1:cancel");
        Assert.Contains("\"verb\":\"stop\"", (await NextButDeliveredAsync(stream)).Data, StringComparison.Ordinal);
        await stream.SaysAsync(A2ARig.Update("\"status\":\"stopping\"", at: 7));
        await mesh.PostAsync("agents/a/exit", """{"incarnation":1,"exit_code":0}""");
        Assert.Contains("\"undeliverable\"", (await stream.NextAsync("message")).Data, StringComparison.Ordinal);
        Assert.Contains("\"acknowledged\"", (await stream.NextAsync("message")).Data, StringComparison.Ordinal);
        await stream.SaysAsync(A2ARig.Update(
            "\"status\":\"dead\"", "TASK_STATE_CANCELED", at: 7,
            message: $",\"message\":{A2ARig.Answered("*", "The agent ended with exit code 0.")}"));
        await stream.NextAsync("(end)");
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    public async Task Subscription_BeginsWithEitherMethod(string method)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        using var request = mesh.Request(new HttpMethod(method), Subscribe);
        await using var stream = await mesh.ListenAsync(request);
        await stream.SaysAsync(A2ARig.Of(A2ARig.Task()));
    }

    [Fact]
    public async Task Subscription_ToATaskThatIsOver_IsNotSupported()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.PostAsync("agents/a/exit", """{"incarnation":1}""");
        (await mesh.A2AAsync(HttpMethod.Post, Subscribe)).ShouldBeNamedByA2A(400, "FAILED_PRECONDITION", "UNSUPPORTED_OPERATION");
    }

    /// <summary>Force is no proof: the stream stays until there is one.</summary>
    [Fact]
    public async Task End_ByForce_IsNoEnd_UntilItIsReported()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await using var stream = await mesh.FollowAsync(Subscribe);
        await stream.NextAsync("message");
        await mesh.DeleteAsync("agents/a?force=true&reason=gone");
        Assert.Contains("\"verb\":\"stop\"", (await stream.NextAsync("message")).Data, StringComparison.Ordinal);
        await stream.SaysAsync(A2ARig.Update("\"status\":\"dead\""));
        await mesh.PostAsync("agents/a/exit", """{"incarnation":1,"signal":"KILL"}""");
        await stream.NextAsync("message"); // the stop, acknowledged
        await stream.SaysAsync(A2ARig.Update(
            "\"status\":\"dead\"", "TASK_STATE_CANCELED",
            message: $",\"message\":{A2ARig.Answered("*", "The agent ended by signal KILL: gone")}"));
        await stream.NextAsync("(end)");
    }

    [Theory]
    [InlineData("takeover")]
    [InlineData("forgotten")]
    [InlineData("moved")]
    public async Task Task_ThatIsGoneWithoutAnEnd_EndsTheStreamWithAnError(string how)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("parent");
        await mesh.RegisterAsync("a", ttl: 5, more: ",\"parent_id\":\"parent\"");
        var key = await mesh.MintAsync("""{"scopes":["mesh:read"],"within":["subtree:parent"]}""");
        if (how == "forgotten")
        {
            await mesh.AdvanceAsync(15);
        }

        await using var stream = await mesh.FollowAsync(Subscribe, key: key);
        await stream.NextAsync("message");
        (how switch
        {
            "takeover" => await mesh.PostAsync("agents", """{"agent_id":"a","takeover":true}"""),
            "forgotten" => await mesh.DeleteAsync("agents/a?forget=true"),
            _ => await mesh.PostAsync("agents/a/move", """{"parent_id":null}"""),
        }).ShouldBeOk();
        await stream.FailsAsync(404, "NOT_FOUND", "TASK_NOT_FOUND", "a2a-protocol.org");
    }

    [Fact]
    public async Task Key_ThatIsRevoked_EndsTheStream()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var key = await mesh.MintAsync("""{"scopes":["mesh:read"]}""");
        await using var stream = await mesh.FollowAsync(Subscribe, key: key);
        await stream.NextAsync("message");
        await mesh.RevokeAsync(key);
        await stream.FailsAsync(401, "UNAUTHENTICATED", "KEY_REVOKED", "session-mesh");
    }

    [Fact]
    public async Task Server_ThatGoesAway_SaysSo()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await using var stream = await mesh.FollowAsync(Subscribe);
        await stream.NextAsync("message");
        var stopping = mesh.BeginStop();
        await stream.FailsAsync(503, "UNAVAILABLE", "SHUTDOWN", "session-mesh");
        await stopping;
    }

    [Fact]
    public async Task QuietStream_IsKeptOpenByComments()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 600);
        await using var stream = await mesh.FollowAsync(Subscribe);
        await stream.NextAsync("message");
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(15));
        await mesh.AdvanceAsync(15);
        await stream.NextAsync(":");
    }

    [Fact]
    public async Task MessageStream_Steers_AndFollowsTheTask()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await using var stream = await mesh.FollowAsync("agents/a/a2a/message:stream", A2ARig.Message("m1", beside: ""));
        await stream.SaysAsync(A2ARig.Of(A2ARig.Task(directive: A2ARig.Directive(3), history: [A2ARig.Said(3, GoOn)])));
        await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged","note":"yes"}""");
        await stream.SaysAsync(A2ARig.Update(
            A2ARig.Directive(3, state: "acknowledged", note: "yes"),
            message: $",\"message\":{A2ARig.Answered("d-3.acknowledged", "yes")}"));
        await mesh.PostAsync("agents/a/exit", """{"incarnation":1,"exit_code":0}""");
        await stream.SaysAsync(A2ARig.Update(
            "\"status\":\"dead\"", "TASK_STATE_COMPLETED",
            message: $",\"message\":{A2ARig.Answered("*", "The agent ended with exit code 0.")}"));
        await stream.NextAsync("(end)");
    }

    /// <summary>A key that may steer alone follows its own word and the agent's fate, and is told nothing that others said.</summary>
    [Fact]
    public async Task MessageStream_WithAKeyThatMaySteerAlone_ShowsItsOwnDirectiveOnly()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var key = await mesh.MintAsync("""{"scopes":["steer"]}""");
        await using var stream = await mesh.FollowAsync("agents/a/a2a/message:stream", A2ARig.Message("m1"), key);
        await stream.SaysAsync(A2ARig.Of(A2ARig.Task(directive: A2ARig.Directive(4), row: "")));
        await mesh.SteerAsync("a", ",\"message\":\"secret\"");
        await mesh.PostAsync("agents/a/directives/2/ack", """{"state":"acknowledged","note":"secret"}""");
        await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"rejected"}""");
        await stream.SaysAsync(A2ARig.Update(A2ARig.Directive(4, state: "rejected")));
        await mesh.PostAsync("agents/a/exit", """{"incarnation":1}""");
        Assert.Contains("TASK_STATE_COMPLETED", (await stream.NextAsync("message")).Data, StringComparison.Ordinal);
        await stream.NextAsync("(end)");
    }

    [Fact]
    public async Task MessageStream_ThatComesAgain_SteersOnce()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.SayAsync("a", A2ARig.Message("m1"));
        await using var stream = await mesh.FollowAsync("agents/a/a2a/message:stream", A2ARig.Message("m1"));
        await stream.SaysAsync(A2ARig.Of(A2ARig.Task(directive: A2ARig.Directive(3), history: [A2ARig.Said(3, GoOn)])));
        Assert.Equal(1, (await mesh.GetAsync("agents/a")).Json["pending"]!.GetValue<int>());
        await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged"}""");
        await stream.SaysAsync(A2ARig.Update(A2ARig.Directive(3, state: "acknowledged")));
    }

    [Fact]
    public async Task Streams_OfOneTask_SayTheSameInTheSameOrder()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await using var one = await mesh.FollowAsync(Subscribe);
        await using var other = await mesh.FollowAsync(Subscribe);
        for (var seq = 1; seq <= 50; seq++)
        {
            await mesh.SteerAsync("a");
            await mesh.PostAsync($"agents/a/directives/{seq}/ack", """{"state":"acknowledged"}""");
        }

        await mesh.PostAsync("agents/a/exit", """{"incarnation":1}""");
        for (var end = ""; end != "(end)";)
        {
            var next = await one.NextAsync();
            Assert.Equal(next, await other.NextAsync());
            end = next.Name;
        }
    }

    /// <summary>A reader that falls behind is served from the table.</summary>
    [Fact]
    public async Task Entries_FromTheTable_AreThoseFromMemory()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 5);
        var begun = mesh.Revision;
        var task = A2ATask.Of(mesh.State.Find("a")!)!;
        await mesh.SteerAsync("a", ",\"message\":\"ünï\",\"data\":{\"x\":[1]}");
        await mesh.RegisterAsync("b");
        await mesh.PostAsync("steer", $$"""
            {"selector":{"agent_ids":["a","b"]},"expect":2,"direction":"x","message":"{{new string('m', 2000)}}"}
            """);
        await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged","note":"é"}""");
        await mesh.AdvanceAsync(12);
        await mesh.PostAsync("agents/a/heartbeat");
        await mesh.DeleteAsync("agents/a?reason=r");
        await mesh.PostAsync("agents/a/exit", """{"incarnation":1,"exit_code":1}""");
        var key = mesh.State.Keys.Find(mesh.RootKey[4..16])!;
        using var db = mesh.Service<MeshStore>().OpenReader();
        var rows = db.Changes.Where(change => change.Revision > begun).OrderBy(change => change.Revision).ToList();
        new KeptMessages(db).PutInto(rows);
        var changes = mesh.Service<ChangeFeed>().After(begun, mesh.Revision, 1000)!;
        var (fromTable, fromMemory) = (new A2ATaskView(mesh.State, key, task, [], null), new A2ATaskView(mesh.State, key, task, [], null));
        using var table = new Utf8Buffer();
        using var memory = new Utf8Buffer();
        rows.ForEach(row => fromTable.Write(table, row));
        changes.ForEach(change => fromMemory.Write(memory, change));
        var text = Encoding.UTF8.GetString(memory.Written.Span);
        Assert.Equal(text, Encoding.UTF8.GetString(table.Written.Span));
        Assert.Equal((true, true), (fromTable.IsOver, fromMemory.IsOver));
        Assert.Contains(new string('m', 2000), text, StringComparison.Ordinal);
        Assert.EndsWith("\"metadata\":{\"status\":\"dead\"}}}\n\n", text, StringComparison.Ordinal);
        Assert.Contains("TASK_STATE_CANCELED", text, StringComparison.Ordinal);
    }

    /// <summary>What a fresh directive becomes at once may come before or after the next event of a test.</summary>
    private static async Task<SseEvent> NextButDeliveredAsync(SseReader stream)
    {
        while (true)
        {
            var next = await stream.NextAsync("message");
            if (!next.Data.Contains("\"state\":\"delivered\"", StringComparison.Ordinal))
            {
                return next;
            }
        }
    }
}
