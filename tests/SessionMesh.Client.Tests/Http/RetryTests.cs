using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Steering;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Client.Tests.Http;

public sealed class RetryTests
{
    private const string Page = """{"sessions":[],"count":0,"next_cursor":null,"as_of":"1"}""";
    private static readonly SteerRequest s_west = new() { AgentId = "123", Direction = "west" };

    [Theory]
    [InlineData(408)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(507)]
    public async Task Transient_IsTriedThreeTimesInAll(int status)
    {
        using var mesh = new Mesh(Problem(status, "busy"));

        var error = await Assert.ThrowsAsync<MeshException>(() => mesh.Client.AliveAsync());

        Assert.Equal((MeshFailure.Refused, status, 3), (error.Failure, error.Status, error.Attempts));
        Assert.Equal(3, mesh.Server.Requests.Count);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(409)]
    [InlineData(422)]
    public async Task Refusal_IsNotTriedAgain(int status)
    {
        using var mesh = new Mesh(Problem(status, "no"));

        var error = await Assert.ThrowsAsync<MeshException>(() => mesh.Client.SteerAsync(s_west));

        Assert.Equal((status, 1), (error.Status, error.Attempts));
        Assert.Single(mesh.Server.Requests);
        Assert.Empty(mesh.Time.Waits);
    }

    [Fact]
    public async Task NetworkErrors_AreUnreachableAfterThreeAttempts()
    {
        using var mesh = new Mesh(Broken());

        var error = await Assert.ThrowsAsync<MeshException>(() => mesh.Client.AliveAsync());

        Assert.Equal((MeshFailure.Unreachable, "connection refused", 3), (error.Failure, error.Message, error.Attempts));
        Assert.Null(error.Problem);
    }

    [Fact]
    public async Task SecondAttempt_Succeeds()
    {
        using var mesh = new Mesh(Broken(), Json(200, Page));

        Assert.Equal(0, (await mesh.Client.AliveAsync()).Count);
        Assert.Equal(2, mesh.Server.Requests.Count);
    }

    [Fact]
    public async Task Waits_GrowAndAreRandom()
    {
        using var mesh = new Mesh(Broken());

        await Assert.ThrowsAsync<MeshException>(() => mesh.Client.AliveAsync());

        Assert.Equal(2, mesh.Time.Waits.Count);
        Assert.All(mesh.Time.Waits, wait => Assert.InRange(wait, TimeSpan.Zero, TimeSpan.FromSeconds(2)));
    }

    [Theory]
    [InlineData("7")]
    [InlineData("Fri, 02 Jan 2026 03:04:12 GMT")]
    public async Task RetryAfter_IsWaitedFor(string retryAfter)
    {
        using var mesh = new Mesh(Json(503, "{}", retryAfter), Json(200, Page));

        await mesh.Client.AliveAsync();

        Assert.Equal([TimeSpan.FromSeconds(7)], mesh.Time.Waits);
    }

    [Fact]
    public async Task RetryAfter_BeyondReason_IsNotWaitedFor()
    {
        using var mesh = new Mesh(Json(503, "{}", "3600"));

        var error = await Assert.ThrowsAsync<MeshException>(() => mesh.Client.AliveAsync());

        Assert.Equal((503, 1), (error.Status, error.Attempts));
        Assert.Empty(mesh.Time.Waits);
    }

    [Fact]
    public async Task Write_RepeatsOneIdempotencyKey()
    {
        using var mesh = new Mesh(Broken(), Problem(503, "busy"), Problem(409, "not_alive"));

        await Assert.ThrowsAsync<MeshException>(() => mesh.Client.SteerAsync(s_west));

        var keys = mesh.Server.Requests.Select(request => request.Headers["Idempotency-Key"]).ToArray();
        Assert.Equal(3, keys.Length);
        Assert.Single(keys.Distinct());
        Assert.Matches("^[0-9a-f]{32}$", keys[0]);
        Assert.Single(mesh.Server.Requests.Select(request => request.Body).Distinct());
    }

    [Fact]
    public async Task Writes_HaveDifferentIdempotencyKeys()
    {
        using var mesh = new Mesh(Problem(409, "not_alive"));

        await Assert.ThrowsAsync<MeshException>(() => mesh.Client.SteerAsync(s_west));
        await Assert.ThrowsAsync<MeshException>(() => mesh.Client.SteerAsync(s_west));

        Assert.Equal(2, mesh.Server.Requests.Select(request => request.Headers["Idempotency-Key"]).Distinct().Count());
    }

    [Fact]
    public async Task ReadsHeartbeatsAndAcks_CarryNoIdempotencyKey()
    {
        using var mesh = new Mesh(Problem(404, "agent_not_found"));

        await Assert.ThrowsAsync<MeshException>(() => mesh.Client.AgentAsync("a1"));
        await Assert.ThrowsAsync<MeshException>(() => mesh.Client.HeartbeatAsync("a1", new HeartbeatRequest { Load = 1 }));
        await Assert.ThrowsAsync<MeshException>(() => mesh.Client.HeartbeatsAsync([new BulkHeartbeat("a1")]));
        await Assert.ThrowsAsync<MeshException>(() => mesh.Client.AckAsync("a1", 1, new AckRequest { State = "accepted" }));

        Assert.Equal(4, mesh.Server.Requests.Count);
        Assert.DoesNotContain(mesh.Server.Requests, request => request.Headers.ContainsKey("Idempotency-Key"));
    }

    [Fact]
    public async Task Silence_IsUnreachable()
    {
        using var mesh = new Mesh(TimeSpan.FromSeconds(10), Silent());

        var error = await Assert.ThrowsAsync<MeshException>(() => mesh.Client.AliveAsync());

        Assert.Equal((MeshFailure.Unreachable, "no answer within 10 s", 3), (error.Failure, error.Message, error.Attempts));
    }

    [Fact]
    public async Task HeldAnswer_HasItsTimeOnTop()
    {
        using var mesh = new Mesh(TimeSpan.FromSeconds(10), Silent());

        var error = await Assert.ThrowsAsync<MeshException>(() => mesh.Client.DirectivesAsync("a1", waitSeconds: 20));

        Assert.Equal("no answer within 30 s", error.Message);
    }

    [Fact]
    public async Task Cancelling_IsCancellationAndNothingElse()
    {
        using var mesh = new Mesh(Silent());
        using var cancellation = new CancellationTokenSource();

        var call = mesh.Client.AliveAsync(cancellation: cancellation.Token);
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Single(mesh.Server.Requests);
    }

    [Fact]
    public async Task Observer_SeesEachAttemptAndNoKey()
    {
        using var mesh = new Mesh(Broken(), Json(503, "{}", "2"), Json(200, Page));

        await mesh.Client.AliveAsync(new AgentQuery { Filter = "alive" });

        Assert.Equal(
            [(1, (int?)null, "connection refused"), (2, 503, null), (3, 200, null)],
            mesh.Attempts.Select(attempt => (attempt.Number, attempt.Status, attempt.Error)));
        Assert.InRange(mesh.Attempts[0].Wait!.Value, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.Equal([TimeSpan.FromSeconds(2), null], mesh.Attempts.Skip(1).Select(attempt => attempt.Wait));
        Assert.All(
            mesh.Attempts, attempt => Assert.Equal("http://mesh.test:7420/api/session-mesh/alive?filter=alive", attempt.Url.AbsoluteUri));
        Assert.DoesNotContain("secret", string.Join('\n', mesh.Attempts), StringComparison.Ordinal);
    }
}
