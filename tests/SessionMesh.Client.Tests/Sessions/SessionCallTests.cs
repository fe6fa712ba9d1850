using System.Net;
using System.Text;
using SessionMesh.Contracts.Json;
using SessionMesh.Contracts.Sessions;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Client.Tests.Sessions;

public sealed class SessionCallTests
{
    private const string Row = """
        {"id":"s1","user":"alice","status":"active","ttl":3600,"meta":{"k":"v"},"created_at":"2026-01-02T03:04:05.123456Z",
         "last_access":"2026-01-02T03:04:05Z","expires_at":"2026-01-02T04:04:05.123456Z","version":7}
        """;

    public static TheoryData<string, string, MeshCall> Calls() => new()
    {
        { "POST /api/session-mesh/sessions", "{}", MeshCall.CreateSession() },
        {
            "POST /api/session-mesh/sessions", """{"id":"s1","user":"alice","ttl":60,"meta":{"k":"v"}}""",
            MeshCall.CreateSession(new() { Id = "s1", User = "alice", Ttl = 60, Meta = new Dictionary<string, string> { ["k"] = "v" } })
        },
        { "POST /api/session-mesh/sessions", """{"ttl":"none"}""", MeshCall.CreateSession(new() { Ttl = SessionTtlConverter.None }) },
        { "GET /api/session-mesh/sessions", "", MeshCall.Sessions() },
        {
            "GET /api/session-mesh/sessions?status=active&user=a%20b&meta=k%3Dv%2Cl%3D%26&kind=all&limit=5&cursor=c%3D", "",
            MeshCall.Sessions(
                new()
                {
                    Status = "active",
                    User = "a b",
                    Meta = new Dictionary<string, string> { ["k"] = "v", ["l"] = "&" },
                    Kind = "all",
                    Limit = 5,
                    Cursor = "c=",
                })
        },
        { "GET /api/session-mesh/sessions/s1", "", MeshCall.Session("s1") },
        {
            "PATCH /api/session-mesh/sessions/s1", """{"meta":{"k":"v","gone":null}}""",
            MeshCall.UpdateSession("s1", new() { Meta = new Dictionary<string, string?> { ["k"] = "v", ["gone"] = null } })
        },
        { "POST /api/session-mesh/sessions/s1/refresh", "{}", MeshCall.RefreshSession("s1") },
        { "POST /api/session-mesh/sessions/s1/refresh", """{"ttl":90}""", MeshCall.RefreshSession("s1", new() { Ttl = 90 }) },
        { "POST /api/session-mesh/sessions/s1/expire", "", MeshCall.ExpireSession("s1") },
        { "DELETE /api/session-mesh/sessions/s1", "", MeshCall.DeleteSession("s1") },
        { "GET /api/session-mesh/sessions/stats", "", MeshCall.SessionStats() },
        { "POST /api/session-mesh/sessions/cleanup", "{}", MeshCall.CleanupSessions() },
        {
            "POST /api/session-mesh/sessions/cleanup", """{"before":"2026-01-02T00:00:00.000000Z","dry_run":true,"limit":5}""",
            MeshCall.CleanupSessions(new() { Before = new DateTimeOffset(2026, 1, 2, 0, 0, 0, TimeSpan.Zero), DryRun = true, Limit = 5 })
        },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public void Call_IsWhatTheContractSays(string line, string body, MeshCall call)
    {
        Assert.Equal(line, call.ToString());
        Assert.Equal(body, Encoding.UTF8.GetString(call.Body.Span));
    }

    [Fact]
    public void Sessions_WithMetadataThatAQueryWouldCutInTwo_IsRefused() =>
        Assert.Throws<ArgumentException>(() => MeshCall.Sessions(new() { Meta = new Dictionary<string, string> { ["k"] = "a,b" } }));

    [Fact]
    public async Task Update_WithAVersion_AsksForItInEveryAttempt_UnderOneIdempotencyKey()
    {
        using var mesh = new Mesh(Json(503, "{}"), Json(200, Row));

        var row = await mesh.Client.UpdateSessionAsync(
            "s1", new UpdateSessionRequest { Meta = new Dictionary<string, string?> { ["k"] = "v" } }, ifVersion: 6);

        Assert.Equal(("s1", 7L, "2026-01-02T03:04:05.123456Z"), (row.Id, row.Version, row.CreatedAt));
        Assert.Equal(["\"6\"", "\"6\""], mesh.Server.Requests.Select(request => request.Headers["If-Match"]));
        Assert.Single(mesh.Server.Requests.Select(request => request.Headers["Idempotency-Key"]).Distinct());
        Assert.Equal([(503, true), (200, false)], mesh.Attempts.Select(attempt => (attempt.Status!.Value, attempt.Wait is not null)));
    }

    [Fact]
    public async Task Update_OfAnotherVersion_IsRefusedOnce()
    {
        using var mesh = new Mesh(Problem(412, "precondition_failed", "version 7 is current"));

        var error = await Assert.ThrowsAsync<MeshException>(
            () => mesh.Client.UpdateSessionAsync("s1", new UpdateSessionRequest(), ifVersion: 6));

        Assert.Equal(
            (MeshFailure.Refused, 412, "precondition_failed", "r1", 1),
            (error.Failure, error.Status, error.Code, error.Problem!.RequestId, error.Attempts));
        Assert.Single(mesh.Server.Requests);
    }

    [Fact]
    public async Task Import_SendsTheLinesAsTheyAre_AndAgainWhenNobodyAnswered()
    {
        const string Answer = """
            {"dry_run":true,"lines":2,"imported":1,"existing":0,"skipped_count":1,
             "skipped":[{"line":2,"code":"broken","reason":"no"}]}
            """;
        using var mesh = new Mesh(Broken(), Json(200, Answer));

        var answer = await mesh.Client.ImportSessionsAsync("{}\noops\n"u8.ToArray(), dryRun: true);

        Assert.Equal((2, 1, 1, "broken"), (answer.Lines, answer.Imported, answer.SkippedCount, answer.Skipped[0].Code));
        Assert.Equal(["{}\noops\n", "{}\noops\n"], mesh.Server.Requests.Select(request => request.Body));
        Assert.EndsWith("/sessions/import?dry_run=true", mesh.Server.Requests[1].Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_IsAStream_AndOnlyItsOpeningIsRetried()
    {
        using var mesh = new Mesh(Json(503, "{}", retryAfter: "2"), Json(200, "[1]"));

        await using var stream = await mesh.Client.ExportSessionsAsync("json", "active", "a b");

        using var reader = new StreamReader(stream);
        Assert.Equal("[1]", await reader.ReadToEndAsync());
        Assert.EndsWith("/sessions/export?format=json&status=active&user=a%20b", mesh.Server.Requests[1].Url, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(2), Assert.Single(mesh.Attempts, attempt => attempt.Wait is not null).Wait);
    }

    [Fact]
    public async Task Export_FromAServerThatIsNotThere_FailsAfterThreeAttempts()
    {
        using var mesh = new Mesh(Broken());

        var error = await Assert.ThrowsAsync<MeshException>(() => mesh.Client.ExportSessionsAsync());

        Assert.Equal((MeshFailure.Unreachable, 3, 3), (error.Failure, error.Attempts, mesh.Server.Requests.Count));
    }

    [Fact]
    public async Task ARefusedKey_IsRenewedOnce_AndTheLinesGoOutAgain()
    {
        const string Answer = """{"dry_run":false,"lines":1,"imported":1,"existing":0,"skipped_count":0,"skipped":[]}""";
        using var mesh = new Mesh(Broken(), Problem(401, "unauthenticated"), Broken(), Json(200, Answer)) { Renew = Renewed };

        var answer = await mesh.Client.ImportSessionsAsync("{}\n"u8.ToArray());

        Assert.Equal(1, answer.Imported);
        Assert.Equal([false, false, true, true], mesh.Server.Requests.Select(request => request.Headers["Authorization"] == "Bearer new"));
    }

    [Fact]
    public async Task AKeyThatIsRefusedTwice_IsRefused()
    {
        using var mesh = new Mesh(Problem(401, "unauthenticated")) { Renew = Renewed };

        var error = await Assert.ThrowsAsync<MeshException>(() => mesh.Client.ExportSessionsAsync());

        Assert.Equal((401, "unauthenticated", 2), (error.Status, error.Code, mesh.Server.Requests.Count));
    }

    /// <summary>A lost attempt may have acted, and to the server another key is another caller.</summary>
    [Fact]
    public async Task ARefusedKey_AfterAnUpdateThatMayHaveActed_IsNotReplaced()
    {
        using var mesh = new Mesh(Broken(), Problem(401, "unauthenticated")) { Renew = Renewed };

        var error = await Assert.ThrowsAsync<MeshException>(
            () => mesh.Client.UpdateSessionAsync("s1", new UpdateSessionRequest(), ifVersion: 6));

        Assert.Equal((401, 2), (error.Status, mesh.Server.Requests.Count));
        Assert.Contains("may have been done", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_ThatFallsSilentForAMinute_EndsByTimeout()
    {
        using var server = new ScriptedServer(OpenStream("[1,"));
        var time = new HastyTime { Endless = TimeSpan.FromMinutes(2) };
        using var client = new MeshClient(new MeshClientOptions { TimeProvider = time, AttemptTimeout = TimeSpan.FromMinutes(2) }, server);
        await using var stream = await client.ExportSessionsAsync();

        await Assert.ThrowsAsync<TimeoutException>(() => stream.CopyToAsync(System.IO.Stream.Null));
        Assert.Equal(TimeSpan.FromMinutes(1), time.Waits[^1]);
    }

    [Fact]
    public async Task Answer_ThatIsNotAnImports_IsNotAMesh()
    {
        using var mesh = new Mesh(
            _ => Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("<html>") }));

        var error = await Assert.ThrowsAsync<MeshException>(() => mesh.Client.ImportSessionsAsync("{}"u8.ToArray()));

        Assert.Equal(MeshFailure.NotAMesh, error.Failure);
    }

    private static ValueTask<string?> Renewed(string? refused, CancellationToken cancellation) => ValueTask.FromResult<string?>("new");
}
