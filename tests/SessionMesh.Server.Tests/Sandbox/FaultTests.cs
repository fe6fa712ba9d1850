using SessionMesh.Server.Sandbox;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Sandbox;

/// <summary>What each fault does to a request, seen from the other end of a real connection.</summary>
public sealed class FaultTests
{
    private const string Steer = """{"agent_id":"a","direction":"north"}""";

    [Fact]
    public async Task Status_IsAProblemOfItsOwn_AndNothingIsDone()
    {
        await using var mesh = await StartAsync("""{"endpoint":"POST /steer","status":503,"count":2}""");
        var revision = mesh.Revision;
        for (var i = 0; i < 2; i++)
        {
            (await mesh.PostAsync("steer", Steer)).ShouldBeProblem(503, "sandbox_fault");
        }

        Assert.Equal(revision, mesh.Revision);
        (await mesh.PostAsync("steer", Steer)).ShouldBeOk();
        Assert.Equal((2, 2), await CountsAsync(mesh));
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(429)]
    [InlineData(418)]
    [InlineData(599)]
    public async Task Status_OfAnyNumber_IsAnsweredAsItIs(int status)
    {
        await using var mesh = await StartAsync($$"""{"endpoint":"/alive","status":{{status}}}""");
        var reply = (await mesh.GetAsync("alive")).ShouldBeRefused(status, "sandbox_fault");
        Assert.Equal(status == 401, reply.Headers.ContainsKey("WWW-Authenticate"));
        Assert.Contains("f-1", reply.Detail, StringComparison.Ordinal);
        Assert.Empty((await mesh.GetAsync("audit?outcome=refused")).Json["entries"]!.AsArray()); // nobody tried anything
    }

    [Fact]
    public async Task Cut_BeforeAnythingIsDone_EndsTheConnectionWithoutAByte()
    {
        await using var mesh = await StartAsync("""{"endpoint":"POST /steer","cut":"before","count":1}""");
        var revision = mesh.Revision;
        Assert.Equal("", await mesh.SendRawAsync(Raw(mesh, "POST", "steer", Steer)));
        Assert.Equal(revision, mesh.Revision);
        Assert.StartsWith("HTTP/1.1 200", await mesh.SendRawAsync(Raw(mesh, "POST", "steer", Steer)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cut_AfterItIsDone_LosesTheAnswerAlone()
    {
        await using var mesh = await StartAsync("""{"endpoint":"POST /steer","cut":"after","count":1}""");
        Assert.Equal("", await mesh.SendRawAsync(Raw(mesh, "POST", "steer", Steer, "Idempotency-Key: k\r\n")));
        Assert.Equal(1, await PendingAsync(mesh));
        var again = await mesh.PostAsync("steer", Steer, idempotencyKey: "k");
        Assert.Equal("true", again.ShouldBeOk().Headers["Idempotency-Replayed"]);
        Assert.Equal(1, await PendingAsync(mesh));
    }

    [Fact]
    public async Task Cut_AfterAStreamBegan_EndsItWithoutAnEvent()
    {
        await using var mesh = await StartAsync("""{"endpoint":"GET /events","cut":"after"}""");
        Assert.Equal("", await mesh.SendRawAsync(Raw(mesh, "GET", "events?after=0")));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Stream_IsDroppedAfterThatManyEvents_AllOfWhichArrive(int events)
    {
        await using var mesh = await StartAsync($$"""{"endpoint":"/events","drop_after":{{events}},"count":1}""");
        for (var i = 0; i < 5; i++)
        {
            await mesh.SteerAsync("a");
        }

        var heard = await mesh.SendRawAsync(Raw(mesh, "GET", "events?after=0"));
        Assert.Contains("retry: ", heard, StringComparison.Ordinal);
        Assert.Equal(
            Enumerable.Range(1, events).Select(id => $"id: {id}"),
            heard.Split('\n').Where(line => line.StartsWith("id: ", StringComparison.Ordinal)));
        Assert.False(heard.EndsWith("0\r\n\r\n", StringComparison.Ordinal), heard); // no end, as of an answer that is whole

        await using var resumed = await mesh.ListenAsync("events", lastEventId: events);
        Assert.Equal(events + 1, (await resumed.NextAsync()).Id);
    }

    [Fact]
    public async Task Stream_OfDirectives_IsDropped_AndAPollOfThemIsNot()
    {
        await using var mesh = await StartAsync("""{"endpoint":"GET /agents/{id}/directives","drop_after":1}""");
        await mesh.SteerAsync("a");
        Assert.Single((await mesh.GetAsync("agents/a/directives")).Json["directives"]!.AsArray());
        Assert.Equal((0, 0), await CountsAsync(mesh));
        var heard = await mesh.SendRawAsync(
            Raw(mesh, "GET", "agents/a/directives", more: "Accept: text/event-stream\r\n"));
        Assert.Contains("event: directive", heard, StringComparison.Ordinal);
        Assert.Equal((1, 1), await CountsAsync(mesh));
    }

    [Fact]
    public async Task StreamOfA2A_IsDropped_AndItsCallsFailInTheirOwnForm()
    {
        await using var mesh = await StartAsync(
            """{"endpoint":"POST /agents/{id}/a2a/tasks/{task}:subscribe","drop_after":2,"count":1}""",
            """{"endpoint":"GET /agents/{id}/a2a/tasks","status":503,"count":1}""");
        (await mesh.GetAsync("agents/a/a2a/tasks")).ShouldBeA2AError(503, "UNAVAILABLE", "SANDBOX_FAULT");
        Assert.Equal(200, (await mesh.GetAsync("agents/a/a2a/tasks")).Status);
        using var request = mesh.Request(HttpMethod.Post, "agents/a/a2a/tasks/a.1.1:subscribe");
        await using var stream = await mesh.ListenAsync(request);
        await stream.NextAsync("message");
        await mesh.SteerAsync("a");
        await stream.NextAsync("message");
        await Assert.ThrowsAnyAsync<IOException>(() => stream.NextAsync());
    }

    [Fact]
    public async Task Body_BreaksOff_UnderItsUsualStatusTypeAndLength()
    {
        await using var mesh = await StartAsync("""{"endpoint":"GET /agents/{id}","malformed":true,"count":1}""");
        var reply = await mesh.GetAsync("agents/a");
        Assert.Equal((200, "application/json"), (reply.Status, reply.Headers["Content-Type"]));
        Assert.ThrowsAny<System.Text.Json.JsonException>(() => reply.Json);
        var whole = await mesh.GetAsync("agents/a");
        Assert.StartsWith(reply.Text, whole.Text, StringComparison.Ordinal);
        Assert.Equal(whole.Text.Length / 2, reply.Text.Length);
    }

    [Fact]
    public async Task Body_OfARefusal_BreaksOffToo()
    {
        await using var mesh = await StartAsync("""{"endpoint":"*","malformed":true,"count":1}""");
        var reply = await mesh.GetAsync("agents/nobody");
        Assert.Equal((404, "application/problem+json"), (reply.Status, reply.Headers["Content-Type"]));
        Assert.ThrowsAny<System.Text.Json.JsonException>(() => reply.Json);
    }

    [Fact]
    public async Task Event_OfAStream_BreaksOff_TheFirstAlone()
    {
        await using var mesh = await StartAsync("""{"endpoint":"GET /events","malformed":true,"count":1}""");
        await mesh.SteerAsync("a");
        await using var stream = await mesh.ListenAsync("events?after=1");
        var first = await stream.NextAsync();
        Assert.Equal(2, first.Id);
        Assert.ThrowsAny<System.Text.Json.JsonException>(() => first.Json);
        Assert.Equal(3, (await stream.NextAsync()).Json["revision"]!.GetValue<int>());
    }

    [Fact]
    public async Task Delay_LastsByTheSandboxesClock_AndThenItIsHandled()
    {
        await using var mesh = await StartAsync("""{"endpoint":"POST /steer","delay":20.5}""");
        var steer = mesh.PostAsync("steer", Steer);
        await WaitingAsync(mesh, 20.5);
        await AdvanceAsync(mesh, 20);
        Assert.False(steer.IsCompleted);
        await AdvanceAsync(mesh, 1);
        (await steer).ShouldBeOk();
    }

    [Fact]
    public async Task Delay_BeforeAnotherEffect_ComesFirst()
    {
        await using var mesh = await StartAsync("""{"endpoint":"POST /steer","delay":1,"status":500}""");
        var steer = mesh.PostAsync("steer", Steer);
        await WaitingAsync(mesh, 1);
        Assert.False(steer.IsCompleted);
        await AdvanceAsync(mesh, 1);
        (await steer).ShouldBeProblem(500, "sandbox_fault");
    }

    [Fact]
    public async Task Server_ThatStops_DoesNotWaitForADelay()
    {
        await using var mesh = await StartAsync("""{"endpoint":"POST /steer","delay":300}""");
        var steer = mesh.SendRawAsync(Raw(mesh, "POST", "steer", Steer));
        await WaitingAsync(mesh, 300);
        await mesh.StopAsync();
        Assert.Equal("", await steer);
    }

    [Fact]
    public async Task FirstFaultThatStrikes_Acts_AndThoseAfterItDoNotSeeTheRequest()
    {
        await using var mesh = await StartAsync(
            """{"endpoint":"POST /steer","status":500,"count":1}""", """{"endpoint":"/steer","status":502,"count":1}""",
            """{"endpoint":"*","status":504}""");
        Assert.Equal(500, (await mesh.PostAsync("steer", Steer)).Status);
        Assert.Equal(502, (await mesh.PostAsync("steer", Steer)).Status);
        Assert.Equal(504, (await mesh.PostAsync("steer", Steer)).Status);
        Assert.Equal(504, (await mesh.GetAsync("alive")).Status);
        Assert.Equal([(1, 1), (1, 1), (2, 2)], await AllCountsAsync(mesh));
    }

    [Fact]
    public async Task Probability_StrikesTheSameRequestsForTheSameSeed()
    {
        var runs = new List<string>();
        for (var run = 0; run < 2; run++)
        {
            await using var mesh = await StartAsync("""{"endpoint":"GET /alive","status":503,"probability":0.3,"seed":7}""");
            var run1 = "";
            for (var i = 0; i < 40; i++)
            {
                await mesh.GetAsync("agents"); // another endpoint draws no number
                run1 += (await mesh.GetAsync("alive")).Status == 503 ? "x" : ".";
            }

            runs.Add(run1);
            Assert.Equal((40, run1.Count(c => c == 'x')), await CountsAsync(mesh));
        }

        Assert.Equal(runs[0], runs[1]);
        Assert.InRange(runs[0].Count(c => c == 'x'), 6, 18);
    }

    [Fact]
    public async Task WhatWatchesOrMendsTheServer_NeverFails()
    {
        await using var mesh = await StartAsync("""{"endpoint":"*","status":500}""");
        foreach (var path in new[] { "~/livez", "~/readyz", "~/", "~/openapi/v1.json", "sandbox/faults" })
        {
            Assert.Equal(200, (await mesh.GetAsync(path)).Status);
        }

        await AdvanceAsync(mesh, 1);
        Assert.Equal(500, (await mesh.GetAsync("~/metrics")).Status);
        (await mesh.DeleteAsync("sandbox/faults")).ShouldBe(200, """{"cleared":1}""");
        Assert.Equal(200, (await mesh.GetAsync("~/metrics")).Status);
    }

    [Fact]
    public async Task Request_WithoutAValidKey_UsesNoFaultUp()
    {
        await using var mesh = await StartAsync("""{"endpoint":"GET /alive","status":503,"count":1}""");
        (await mesh.GetAsync("alive", key: "")).ShouldBeRefused(401, "unauthenticated");
        Assert.Equal(503, (await mesh.GetAsync("alive")).Status);
    }

    [Fact]
    public async Task Requests_AtOnce_AreStruckAsOftenAsTheCountSays()
    {
        await using var mesh = await StartAsync("""{"endpoint":"GET /alive","status":503,"count":10}""");
        var replies = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => mesh.GetAsync("alive")));
        Assert.Equal(10, replies.Count(reply => reply.Status == 503));
    }

    private static async Task<MeshHost> StartAsync(params string[] faults)
    {
        var mesh = await MeshHost.StartAsync(options: "--sandbox");
        await mesh.RegisterAsync("a", ttl: 3600);
        foreach (var fault in faults)
        {
            Assert.Equal(201, (await mesh.PostAsync("sandbox/faults", fault)).Status);
        }

        return mesh;
    }

    private static string Raw(MeshHost mesh, string method, string path, string body = "", string more = "") =>
        $"{method} /api/session-mesh/{path} HTTP/1.1\r\nHost: {mesh.Address.Authority}\r\nAuthorization: Bearer {mesh.RootKey}\r\n"
        + $"{more}Connection: close\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    private static Task WaitingAsync(MeshHost mesh, double seconds) => Eventually.True(
        () => mesh.Service<SandboxTime>().IsAwaited(TimeSpan.FromSeconds(seconds)), () => "the request waits");

    private static async Task AdvanceAsync(MeshHost mesh, int seconds) =>
        (await mesh.PostAsync("sandbox/advance", $$"""{"seconds":{{seconds}}}""")).ShouldBeOk();

    private static async Task<int> PendingAsync(MeshHost mesh) => (await mesh.GetAsync("agents/a")).Json["pending"]!.GetValue<int>();

    private static async Task<(int Seen, int Struck)> CountsAsync(MeshHost mesh) => Assert.Single(await AllCountsAsync(mesh));

    private static async Task<List<(int Seen, int Struck)>> AllCountsAsync(MeshHost mesh) =>
        [.. (await mesh.GetAsync("sandbox/faults")).Json["faults"]!.AsArray()
            .Select(fault => (fault!["seen"]!.GetValue<int>(), fault["struck"]!.GetValue<int>()))];
}
