using System.Text;
using SessionMesh.Contracts.Registry;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Client.Tests.Registry;

public sealed class ClaimCallTests
{
    private const string Row = """
        {"claim_id":"c-7","agent_id":"w1","specialization":"image/ocr","key_id":"k1","ttl":60,"claimed_at":"2026-01-02T03:04:05Z",
         "expires_at":"2026-01-02T03:05:05Z"}
        """;

    public static TheoryData<string, string, MeshCall> Calls() => new()
    {
        { "GET /api/session-mesh/registry/match?specialization=image%2Focr", "", MeshCall.Match(new() { Specialization = "image/ocr" }) },
        {
            "GET /api/session-mesh/registry/match?specialization=a%20b&count=3&strategy=spread&cluster=blue"
            + "&label=env%3Dprod%2Ctier%21%3Dfree",
            "",
            MeshCall.Match(
                new()
                {
                    Specialization = "a b",
                    Count = 3,
                    Strategy = MatchStrategy.Spread,
                    Cluster = "blue",
                    LabelTerms = ["env=prod", "tier!=free"],
                })
        },
        { "POST /api/session-mesh/registry/claim", """{"specialization":"ocr"}""", MeshCall.Claim(new() { Specialization = "ocr" }) },
        {
            "POST /api/session-mesh/registry/claim",
            """
            {"specialization":"ocr","strategy":"most-skilled","cluster":"blue","label":{"env":"prod"},"ttl":30,"wait":5}
            """,
            MeshCall.Claim(
                new()
                {
                    Specialization = "ocr",
                    Strategy = MatchStrategy.MostSkilled,
                    Cluster = "blue",
                    Label = new Dictionary<string, string> { ["env"] = "prod" },
                    Ttl = 30,
                    Wait = 5,
                })
        },
        { "GET /api/session-mesh/registry/claims", "", MeshCall.Claims() },
        {
            "GET /api/session-mesh/registry/claims?agent_id=w1&specialization=ocr&key_id=k1&limit=5&cursor=7", "",
            MeshCall.Claims(new() { AgentId = "w1", Specialization = "ocr", KeyId = "k1", Limit = 5, Cursor = "7" })
        },
        { "POST /api/session-mesh/registry/claims/c-7/renew", "{}", MeshCall.RenewClaim("c-7") },
        { "POST /api/session-mesh/registry/claims/c-7/renew", """{"ttl":90}""", MeshCall.RenewClaim("c-7", new() { Ttl = 90 }) },
        { "DELETE /api/session-mesh/registry/claims/c-7", "", MeshCall.ReleaseClaim("c-7") },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public void Call_IsWhatTheContractSays(string line, string body, MeshCall call)
    {
        Assert.Equal(line, call.ToString());
        Assert.Equal(body, Encoding.UTF8.GetString(call.Body.Span));
    }

    [Fact]
    public void Claim_ThatWaits_MayBeHeldForAsLong() =>
        Assert.Equal(TimeSpan.FromSeconds(45), MeshCall.Claim(new() { Specialization = "ocr", Wait = 45 }).Hold);

    [Theory]
    [InlineData("")]
    [InlineData("c/7")]
    public void Id_ThatIsNone_IsRefused(string id)
    {
        Assert.Throws<ArgumentException>(() => MeshCall.RenewClaim(id));
        Assert.Throws<ArgumentException>(() => MeshCall.ReleaseClaim(id));
    }

    [Fact]
    public async Task Claim_IsSentAgainUnderOneIdempotencyKey_AndRead()
    {
        using var mesh = new Mesh(Broken(), Json(201, Row));

        var claim = await mesh.Client.ClaimAsync(new ClaimRequest { Specialization = "image" });

        Assert.Equal(
            new ClaimRow
            {
                ClaimId = "c-7",
                AgentId = "w1",
                Specialization = "image/ocr",
                KeyId = "k1",
                Ttl = 60,
                ClaimedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
                ExpiresAt = new DateTimeOffset(2026, 1, 2, 3, 5, 5, TimeSpan.Zero),
            },
            claim);
        Assert.Equal(2, mesh.Server.Requests.Count);
        Assert.Single(mesh.Server.Requests.Select(request => request.Headers["Idempotency-Key"]).Distinct());
    }

    [Fact]
    public async Task Answers_AreTyped()
    {
        using var mesh = new Mesh(
            Json(200, """{"matches":[{"agent_id":"w1","status":"alive","why":"ocr: 0 of 2 held"}]}"""),
            Json(200, $$"""{"claims":[{{Row}}],"next_cursor":"7"}"""),
            Json(200, Row),
            Json(200, """{"claim_id":"c-7","agent_id":"w1"}"""));

        var match = await mesh.Client.MatchAsync(new MatchQuery { Specialization = "ocr" });
        var page = await mesh.Client.ClaimsAsync();
        var renewed = await mesh.Client.RenewClaimAsync("c-7");
        var released = await mesh.Client.ReleaseClaimAsync("c-7");

        Assert.Equal([("w1", "ocr: 0 of 2 held")], match.Matches.Select(agent => (agent.AgentId, agent.Why)));
        Assert.Equal(("c-7", "7"), (page.Claims.Single().ClaimId, page.NextCursor));
        Assert.Equal("c-7", renewed.ClaimId);
        Assert.Equal(new ReleasedClaim { ClaimId = "c-7", AgentId = "w1" }, released);
    }
}
