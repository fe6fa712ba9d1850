using System.Text;
using SessionMesh.Contracts.Agents;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Client.Tests.Registry;

public sealed class LinkCallTests
{
    private const string Row = """{"from":"w1","to":"w2","kind":"uses","weight":2.5,"created_at":"2026-01-02T03:04:05Z"}""";

    private static readonly LinkRow s_row = new()
    {
        From = "w1", To = "w2", Kind = "uses", Weight = 2.5, CreatedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
    };

    public static TheoryData<string, string, MeshCall> Calls() => new()
    {
        { "GET /api/session-mesh/links", "", MeshCall.Links() },
        {
            "GET /api/session-mesh/links?agent_id=w1&kind=a%20b&limit=5&cursor=7", "",
            MeshCall.Links(new() { AgentId = "w1", Kind = "a b", Limit = 5, Cursor = "7" })
        },
        { "PUT /api/session-mesh/links", """{"from":"w1","to":"w2"}""", MeshCall.PutLink(new() { From = "w1", To = "w2" }) },
        {
            "PUT /api/session-mesh/links", """{"from":"w1","to":"w2","kind":"uses","weight":2.5}""",
            MeshCall.PutLink(new() { From = "w1", To = "w2", Kind = "uses", Weight = 2.5 })
        },
        { "DELETE /api/session-mesh/links?from=w1&to=w2", "", MeshCall.RemoveLink("w1", "w2") },
        { "DELETE /api/session-mesh/links?from=w1&to=w2&kind=uses", "", MeshCall.RemoveLink("w1", "w2", "uses") },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public void Call_IsWhatTheContractSays(string line, string body, MeshCall call)
    {
        Assert.Equal(line, call.ToString());
        Assert.Equal(body, Encoding.UTF8.GetString(call.Body.Span));
    }

    [Fact]
    public async Task Answers_AreTyped_AndAWriteIsSentAgainUnderOneIdempotencyKey()
    {
        using var mesh = new Mesh(
            Broken(), Json(201, Row), Json(200, $$"""{"links":[{{Row}}],"next_cursor":"7"}"""), Json(200, Row));

        Assert.Equal(s_row, await mesh.Client.PutLinkAsync(new LinkRequest { From = "w1", To = "w2", Kind = "uses", Weight = 2.5 }));
        var page = await mesh.Client.LinksAsync();
        Assert.Equal((s_row, "7"), (page.Links.Single(), page.NextCursor));
        Assert.Equal(s_row, await mesh.Client.RemoveLinkAsync("w1", "w2", "uses"));
        Assert.Single(mesh.Server.Requests.Take(2).Select(request => request.Headers["Idempotency-Key"]).Distinct());
    }
}
