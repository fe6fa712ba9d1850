using SessionMesh.Client;
using SessionMesh.Client.Streams;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Events;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Tests.Sandbox;

/// <summary>The .NET client against each fault of a sandbox: what it mends by itself, and what it says where it cannot.</summary>
public sealed class ClientFaultTests(SandboxHost sandbox) : IClassFixture<SandboxHost>, IDisposable
{
    private readonly List<MeshAttempt> _attempts = [];
    private MeshClient? _client;

    private MeshClient Client => _client ??= sandbox.Client(_attempts);

    public void Dispose() => _client?.Dispose();

    [Fact]
    public async Task Status503_Twice_AndTheThirdAttemptSucceeds()
    {
        await sandbox.RegisterAsync("busy");
        await sandbox.SetAsync("""{"endpoint":"POST /steer","status":503,"count":2}""");
        var directive = await Client.SteerAsync(new SteerRequest { AgentId = "busy", Direction = "north" });
        Assert.Equal("queued", directive.State);
        Assert.Equal([503, 503, 200], _attempts.Select(attempt => attempt.Status));
        Assert.Equal((2, 1), (await sandbox.StruckAsync(), await sandbox.PendingAsync("busy")));
    }

    [Fact]
    public async Task Status503_WithoutEnd_IsTheFailureAfterThreeAttempts()
    {
        await sandbox.SetAsync("""{"endpoint":"GET /alive","status":503}""");
        var failure = await Assert.ThrowsAsync<MeshException>(() => Client.AliveAsync());
        Assert.Equal((MeshFailure.Refused, "sandbox_fault", 503, 3), (failure.Failure, failure.Code, failure.Status, failure.Attempts));
    }

    [Fact]
    public async Task Status409_IsNotTriedAgain()
    {
        await sandbox.SetAsync("""{"endpoint":"GET /alive","status":409}""");
        var failure = await Assert.ThrowsAsync<MeshException>(() => Client.AliveAsync());
        Assert.Equal(("sandbox_fault", 1), (failure.Code, failure.Attempts));
    }

    [Theory]
    [InlineData("before")]
    [InlineData("after")]
    public async Task Cut_ConnectionOfAWrite_IsTriedAgain_AndTheActIsDoneOnce(string cut)
    {
        var agent = "cut-" + cut;
        await sandbox.RegisterAsync(agent);
        await sandbox.SetAsync($$"""{"endpoint":"POST /steer","cut":"{{cut}}","count":2}""");
        var directive = await Client.SteerAsync(new SteerRequest { AgentId = agent, Direction = "north" });
        Assert.Equal([null, null, 200], _attempts.Select(attempt => attempt.Status));
        Assert.Equal((2, 1), (await sandbox.StruckAsync(), await sandbox.PendingAsync(agent)));
        Assert.Equal("queued", (await Client.DirectiveAsync(directive.DirectiveId)).State);
    }

    [Fact]
    public async Task Cut_ConnectionOfARead_IsTriedAgain()
    {
        await sandbox.RegisterAsync("read");
        await sandbox.SetAsync("""{"endpoint":"GET /agents/{id}","cut":"after","count":2}""");
        Assert.Equal("alive", (await Client.AgentAsync("read")).Status);
        Assert.Equal([null, null, 200], _attempts.Select(attempt => attempt.Status));
    }

    /// <summary>Each connection brings two events and breaks; the reader gets every one of them, once.</summary>
    [Fact]
    public async Task Dropped_Stream_IsResumed_AndNoEventIsLost()
    {
        await sandbox.RegisterAsync("stream");
        var after = (await sandbox.CallAsync(HttpMethod.Get, "status"))["revision"]!.GetValue<long>();
        for (var i = 0; i < 7; i++)
        {
            await Client.SteerAsync(new SteerRequest { AgentId = "stream", Direction = $"d{i}" });
        }

        await sandbox.SetAsync("""{"endpoint":"GET /events","drop_after":2,"count":4}""");
        var stream = new EventStream(Client, new MeshStreamOptions { After = after });
        var seen = new List<MeshEvent>();
        using var bound = new CancellationTokenSource(Eventually.Bound);
        await foreach (var entry in stream.ReadAsync(bound.Token))
        {
            seen.Add(entry);
            if (seen.Count == 7)
            {
                break;
            }
        }

        // Beside each steer the log has the receipt of its idempotency key, which nobody is shown.
        Assert.Equal(Enumerable.Range(0, 7).Select(i => after + 1 + (2 * i)), seen.Select(entry => entry.Revision));
        Assert.All(seen, entry => Assert.Equal("directive.issued", entry.Kind));
        Assert.Equal(4, await sandbox.StruckAsync());
    }

    [Fact]
    public async Task Dropped_StreamOfDirectives_IsResumed_AndNoneComesTwice()
    {
        await sandbox.RegisterAsync("inbox");
        for (var i = 0; i < 5; i++)
        {
            await Client.SteerAsync(new SteerRequest { AgentId = "inbox", Direction = $"d{i}" });
        }

        await sandbox.SetAsync("""{"endpoint":"GET /agents/{id}/directives","drop_after":1,"count":4}""");
        using var bound = new CancellationTokenSource(Eventually.Bound);
        var seen = new List<string?>();
        await foreach (var directive in new DirectiveStream(Client, "inbox").ReadAsync(bound.Token))
        {
            seen.Add(directive.Direction);
            if (seen.Count == 5)
            {
                break;
            }
        }

        Assert.Equal(["d0", "d1", "d2", "d3", "d4"], seen);
    }

    /// <summary>Trying again would not help against a server that speaks otherwise, so it is said at once.</summary>
    [Fact]
    public async Task Malformed_Answer_IsSaid_AndTheCallCanBeMadeAgain()
    {
        await sandbox.RegisterAsync("broken");
        await sandbox.SetAsync("""{"endpoint":"GET /agents/{id}","malformed":true,"count":1}""");
        var failure = await Assert.ThrowsAsync<MeshException>(() => Client.AgentAsync("broken"));
        Assert.Equal(MeshFailure.NotAMesh, failure.Failure);
        Assert.EndsWith("its answer is not the JSON that was expected", failure.Message, StringComparison.Ordinal);
        Assert.Equal("alive", (await Client.AgentAsync("broken")).Status);
    }

    [Fact]
    public async Task Malformed_Event_EndsTheStreamWithAWord()
    {
        await sandbox.RegisterAsync("broken-stream");
        await sandbox.SetAsync("""{"endpoint":"GET /events","malformed":true,"count":1}""");
        var failure = await Assert.ThrowsAsync<MeshException>(async () =>
        {
            await foreach (var entry in new EventStream(Client, new MeshStreamOptions { After = 0 }).ReadAsync())
            {
                Assert.Fail($"{entry.Kind} is broken");
            }
        });
        Assert.Equal(MeshFailure.NotAMesh, failure.Failure);
    }

    /// <summary>The call waits for as long as the sandbox's clock says, which a test moves.</summary>
    [Fact]
    public async Task Delay_IsWaitedFor_AndTheClockEndsIt()
    {
        await sandbox.RegisterAsync("late");
        await sandbox.SetAsync("""{"endpoint":"POST /steer","delay":200,"count":1}""");
        var steer = Client.SteerAsync(new SteerRequest { AgentId = "late", Direction = "north" });
        await Eventually.True(async () => await sandbox.StruckAsync() == 1, () => "the fault strikes");
        Assert.False(steer.IsCompleted);
        await sandbox.CallAsync(HttpMethod.Post, "sandbox/advance", """{"seconds":201}""");
        Assert.Equal("queued", (await steer).State);
        Assert.Equal([200], _attempts.Select(attempt => attempt.Status));
    }

    [Fact]
    public async Task Heartbeat_ThatIsLateForItsLease_FindsTheAgentLost_AndItRegistersAgain()
    {
        await sandbox.CallAsync(HttpMethod.Delete, "sandbox/faults");
        var first = await Client.RegisterAsync(new RegisterAgentRequest { AgentId = "lease", Ttl = 30 });
        await sandbox.CallAsync(HttpMethod.Post, "sandbox/advance", """{"seconds":31}""");
        Assert.Equal("suspect", (await Client.AgentAsync("lease")).Status);
        await Client.HeartbeatAsync("lease");
        Assert.Equal("alive", (await Client.AgentAsync("lease")).Status);
        await sandbox.CallAsync(HttpMethod.Post, "sandbox/advance", """{"seconds":62}""");
        Assert.Equal("lost", (await Client.AgentAsync("lease")).Status);
        var again = await Client.RegisterAsync(new RegisterAgentRequest { AgentId = "lease", Ttl = 30 });
        Assert.Equal((first.Incarnation + 1, "alive"), (again.Incarnation, again.Status));
    }
}
