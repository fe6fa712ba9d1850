using SessionMesh.Client.Streams;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Keys;
using SessionMesh.Contracts.Steering;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Client.Tests.Http;

/// <summary>
/// A refused token is exchanged once, and the call sent once more: never in a loop, and never so that a write acts twice.
/// </summary>
public sealed class ReauthenticationTests
{
    private const string Page = """{"sessions":[],"count":0,"next_cursor":null,"as_of":"1"}""";
    private const string Old = "Bearer smk_abcdefghijkl_secret_check1";
    private static readonly SteerRequest s_west = new() { AgentId = "123", Direction = "west" };

    private readonly List<string?> _asked = [];

    [Fact]
    public async Task Refused_IsSentOnceMoreWithTheOtherToken_WhichIsKept()
    {
        using var mesh = Renewing([Problem(401, "unauthenticated"), Json(200, Page), Json(200, Page)], "smk_new");

        await mesh.Client.AliveAsync();
        await mesh.Client.AliveAsync();

        Assert.Equal([Old, "Bearer smk_new", "Bearer smk_new"], Sent(mesh));
        Assert.Equal(["smk_abcdefghijkl_secret_check1"], _asked);
        Assert.Equal(
            [(1, 401, TimeSpan.Zero), (2, 200, (TimeSpan?)null), (1, 200, null)],
            mesh.Attempts.Select(attempt => (attempt.Number, attempt.Status!.Value, attempt.Wait)));
        Assert.Empty(mesh.Time.Waits);
    }

    [Fact]
    public async Task RefusedAgain_IsNotSentAThirdTime()
    {
        using var mesh = Renewing([Problem(401, "unauthenticated")], "smk_1", "smk_2", "smk_3");

        var error = await Assert.ThrowsAsync<MeshException>(() => mesh.Client.AliveAsync());

        Assert.Equal((401, "unauthenticated", 2), (error.Status, error.Code, error.Attempts));
        Assert.Equal([Old, "Bearer smk_1"], Sent(mesh));
        Assert.Single(_asked);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("smk_abcdefghijkl_secret_check1")]
    public async Task NoOtherToken_LeavesTheRefusalAsItIs(string? other)
    {
        using var mesh = Renewing([Problem(401, "unauthenticated", "no such key")], other);

        var error = await Assert.ThrowsAsync<MeshException>(() => mesh.Client.SteerAsync(s_west));

        Assert.Equal((401, "no such key", 1), (error.Status, error.Message, error.Attempts));
        Assert.Single(mesh.Server.Requests);
    }

    [Theory]
    [InlineData(401, "key_in_query")]
    [InlineData(403, "missing_scope")]
    public async Task OtherRefusals_AskForNoToken(int status, string code)
    {
        using var mesh = Renewing([Problem(status, code)], "smk_new");

        await Assert.ThrowsAsync<MeshException>(() => mesh.Client.AliveAsync());

        Assert.Empty(_asked);
        Assert.Single(mesh.Server.Requests);
    }

    [Fact]
    public async Task Write_KeepsItsIdempotencyKey()
    {
        using var mesh = Renewing([Problem(401, "unauthenticated"), Problem(503, "busy"), Problem(409, "not_alive")], "smk_new");

        await Assert.ThrowsAsync<MeshException>(() => mesh.Client.SteerAsync(s_west));

        Assert.Equal([Old, "Bearer smk_new", "Bearer smk_new"], Sent(mesh));
        Assert.Single(mesh.Server.Requests.Select(request => request.Headers["Idempotency-Key"]).Distinct());
        Assert.Single(mesh.Server.Requests.Select(request => request.Body).Distinct());
    }

    [Fact]
    public async Task Refusal_CountsAsNoTransientAttempt()
    {
        using var mesh = Renewing([Problem(401, "unauthenticated"), Problem(503, "busy")], "smk_new");

        var error = await Assert.ThrowsAsync<MeshException>(() => mesh.Client.AliveAsync());

        Assert.Equal((503, 4), (error.Status, error.Attempts));
        Assert.Equal(2, mesh.Time.Waits.Count);
    }

    [Fact]
    public async Task WriteThatMayBeDone_IsNotSentAgainAsSomebodyElse()
    {
        using var mesh = Renewing([Broken(), Problem(401, "unauthenticated", "no such key.")], "smk_new");

        var error = await Assert.ThrowsAsync<MeshException>(() => mesh.Client.SteerAsync(s_west));

        Assert.Equal(
            "no such key. An earlier attempt of this call may have been done: look before you send it again.", error.Problem!.Detail);
        Assert.Equal([Old, Old], Sent(mesh));
        Assert.Empty(_asked);
    }

    [Fact]
    public async Task ReadAfterALostAnswer_IsSentAgain()
    {
        using var mesh = Renewing([Broken(), Problem(401, "unauthenticated"), Json(200, Page)], "smk_new");

        await mesh.Client.AliveAsync();

        Assert.Equal([Old, Old, "Bearer smk_new"], Sent(mesh));
    }

    [Fact]
    public async Task CallSentASecondTimeByItsCaller_IsNotSentAsSomebodyElse()
    {
        const string queued = """
            {"directive_id":"d1","agent_id":"123","seq":1,"verb":"steer","state":"queued","issued_by":"k",
             "issued_at":"2026-01-01T00:00:00Z","expires_at":"2026-01-01T00:00:00Z"}
            """;
        using var mesh = Renewing([Json(200, queued), Problem(401, "unauthenticated")], "smk_new");
        var call = MeshCall.Steer(s_west) with { IdempotencyKey = MeshCall.NewIdempotencyKey() };

        await mesh.Client.SendAsync(call);
        await Assert.ThrowsAsync<MeshException>(() => mesh.Client.SendAsync(call));

        Assert.Equal([Old, Old], Sent(mesh));
    }

    [Fact]
    public async Task CallsRefusedTogether_ShareOneRenewal()
    {
        var arrived = 0;
        var all = new TaskCompletionSource();
        using var mesh = new Mesh(async cancellation =>
        {
            var number = Interlocked.Increment(ref arrived);
            if (number == 5)
            {
                all.SetResult();
            }

            if (number > 5)
            {
                return await Json(200, Page)(cancellation);
            }

            await all.Task;
            return await Problem(401, "unauthenticated")(cancellation);
        });
        mesh.Renew = (refused, _) =>
        {
            lock (_asked)
            {
                _asked.Add(refused);
            }

            return ValueTask.FromResult<string?>("smk_new");
        };

        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => mesh.Client.AliveAsync()));

        Assert.Single(_asked);
        Assert.Equal(10, mesh.Server.Requests.Count);
        Assert.Equal(5, Sent(mesh).Count(sent => sent == "Bearer smk_new"));
    }

    [Fact]
    public async Task CancelledCaller_StopsWaiting_AndTheRenewalGoesOnForTheOthers()
    {
        var renewed = new TaskCompletionSource<string?>();
        var begun = new TaskCompletionSource();
        using var mesh = new Mesh(Problem(401, "unauthenticated"), Json(200, Page));
        mesh.Renew = async (_, _) =>
        {
            begun.SetResult();
            return await renewed.Task;
        };
        using var cancellation = new CancellationTokenSource();

        var call = mesh.Client.AliveAsync(cancellation: cancellation.Token);
        await begun.Task;
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        renewed.SetResult("smk_new");
        mesh.Renew = null;
        await mesh.Client.AliveAsync();

        Assert.Equal(2, mesh.Server.Requests.Count);
    }

    [Fact]
    public async Task RefreshToken_TravelsInPlaceOfTheKey_AndItsRefusalIsFinal()
    {
        using var mesh = Renewing([Problem(401, "unauthenticated")], "smk_new");

        await Assert.ThrowsAsync<MeshException>(() => mesh.Client.RefreshKeyAsync("smr_token", ttl: 60));

        var request = Assert.Single(mesh.Server.Requests);
        Assert.Equal(
            ("POST", "http://mesh.test:7420/api/session-mesh/keys/refresh", """{"ttl":60}"""), (request.Method, request.Url, request.Body));
        Assert.Equal("Bearer smr_token", request.Headers["Authorization"]);
        Assert.Matches("^[0-9a-f]{32}$", request.Headers["Idempotency-Key"]);
        Assert.Empty(_asked);
        Assert.DoesNotContain("smr_token", MeshCall.RefreshKey("smr_token").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_AreListedShownAndMinted()
    {
        const string row = """
            {"key_id":"k1","session_key":"ci","scopes":["steer"],"within":["subtree:a"],"generation":2,"valid":true,
             "created_at":"2026-01-01T00:00:00Z"}
            """;
        using var mesh = new Mesh(
            Json(200, $$"""{"keys":[{{row}}],"count":1,"next_cursor":"9"}"""), Json(200, row), Json(200, row),
            Json(201, """{"key_id":"k2","session_key":"x","token":"t","scopes":["steer"],"within":["cluster:c"],"generation":1}"""));

        Assert.Equal(("k1", "9"), ((await mesh.Client.KeysAsync(10, "4")) is var list ? (list.Keys[0].KeyId, list.NextCursor) : default));
        Assert.Equal(["subtree:a"], (await mesh.Client.OwnKeyAsync()).Within);
        Assert.Equal(2, (await mesh.Client.KeyAsync("k1")).Generation);
        Assert.Equal(
            ["cluster:c"], (await mesh.Client.CreateKeyAsync(new CreateKeyRequest { Scopes = ["steer"], Within = ["cluster:c"] })).Within);

        Assert.Equal(
            ["GET keys?limit=10&cursor=4", "GET keys/self", "GET keys/k1", """POST keys{"scopes":["steer"],"within":["cluster:c"]}"""],
            mesh.Server.Requests.Select(
                request => $"{request.Method} {request.Url["http://mesh.test:7420/api/session-mesh/".Length..]}{request.Body}"));
    }

    [Fact]
    public async Task Stream_ConnectsAgainWithTheOtherToken()
    {
        using var mesh = Renewing(
            [Problem(401, "unauthenticated"), Stream("event: end\ndata: {\"code\":\"superseded\",\"detail\":\"d\"}\n\n")], "smk_new");
        var stream = new DirectiveStream(mesh.Client, "a1");

        await foreach (var _ in stream.ReadAsync())
        {
            Assert.Fail("there is no directive");
        }

        Assert.Equal("superseded", stream.End!.Code);
        Assert.Equal([Old, "Bearer smk_new"], Sent(mesh));
        Assert.Empty(mesh.Time.Waits);
    }

    [Fact]
    public async Task StreamRefusedAgain_EndsWithTheRefusal()
    {
        using var mesh = Renewing([Problem(401, "unauthenticated")], "smk_1", "smk_2");
        var stream = new EventStream(mesh.Client);

        await foreach (var _ in stream.ReadAsync())
        {
            Assert.Fail("there is no event");
        }

        Assert.Equal(("unauthenticated", 401), (stream.End!.Code, stream.End.Status!.Value));
        Assert.Equal([Old, "Bearer smk_1"], Sent(mesh));
    }

    [Fact]
    public async Task StreamWhoseKeyExpired_GoesOnWithAnother_OneThatWasRevokedDoesNot()
    {
        using var mesh = Renewing(

            [
                Stream("event: end\ndata: {\"code\":\"key_expired\",\"detail\":\"d\"}\n\n"),
                Stream("event: end\ndata: {\"code\":\"key_revoked\",\"detail\":\"d\"}\n\n"),
            ],
            "smk_1", "smk_2");
        var stream = new EventStream(mesh.Client);

        await foreach (var _ in stream.ReadAsync())
        {
            Assert.Fail("there is no event");
        }

        Assert.Equal("key_revoked", stream.End!.Code);
        Assert.Equal([Old, "Bearer smk_1"], Sent(mesh));
    }

    private Mesh Renewing(Func<CancellationToken, Task<HttpResponseMessage>>[] script, params string?[] tokens)
    {
        var left = new Queue<string?>(tokens);
        return new Mesh(script)
        {
            Renew = (refused, _) =>
            {
                _asked.Add(refused);
                return ValueTask.FromResult(left.Dequeue());
            },
        };
    }

    private static IEnumerable<string> Sent(Mesh mesh) => mesh.Server.Requests.Select(request => request.Headers["Authorization"]);
}
