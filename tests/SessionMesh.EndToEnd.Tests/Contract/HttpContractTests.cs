using System.Text.Json;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Contract;

/// <summary>The five calls of the first seed, as its users type them: curl under bash, only the host replaced.</summary>
public sealed class HttpContractTests(Mesh mesh) : IClassFixture<Mesh>
{
    /// <summary>The line of the seed.</summary>
    private const string SeedSteer = """
        curl -X POST https://api.example.com/api/session-mesh/steer \
        -H "Authorization: Bearer $SESSION_API_KEY" \
        -d '{"agent_id": "123", "direction": "north"}'
        """;

    private const string Json = " -H 'Content-Type: application/json'";

    public static string Directive(string agent, string direction) => $$"""
        {"directive_id":"<text>","agent_id":"{{agent}}","seq":"<number>","verb":"steer","direction":"{{direction}}","message":null,
         "data":null,"state":"queued","issued_by":"<text>","issued_at":"<time>","expires_at":"<time>","delivered_at":null,
         "accepted_at":null,"acknowledged_at":null,"ended_at":null,"note":null}
        """;

    /// <summary>Of specializations that nobody says more of.</summary>
    private static string Skills(string specializations) => "[" + string.Join(',', JsonSerializer.Deserialize<string[]>(specializations)!
        .Select(name => $$"""{"name":"{{name}}","version":null,"level":50,"capacity":1,"held":0}""")) + "]";

    public static string RowMembers(string agent, string specializations, string status = "alive") => $$"""
        "agent_id":"{{agent}}","session_id":"<text>","incarnation":1,"status":"{{status}}","paused":false,"activity":null,"load":null,
        "progress":null,"progress_interval":null,"note":null,"specializations":{{specializations}},"labels":{},"cluster":"default",
        "parent_id":null,"user":null,"direction":null,"connected":false,"created_at":"<time>","last_heartbeat_at":"<time>",
        "last_progress_at":null,"expires_at":"<time>","epoch":1,"gone_at":null,"skills":{{Skills(specializations)}}
        """;

    [Theory]
    [InlineData("active")]
    [InlineData("alive")]
    public async Task Alive_Filter_ListsTheSessionsThatAreAlive(string filter)
    {
        await Register("seen", "looking");
        var answer = await Curl(200, $"https://api.example.com/api/session-mesh/alive?filter={filter}");
        var rows = answer.GetProperty("sessions").EnumerateArray().ToList();
        Assert.All(rows, row => Assert.Equal("alive", row.Text("status")));
        Members.Equal($$"""{{{RowMembers("seen", """["looking"]""")}}}""", rows.Single(row => row.Text("agent_id") == "seen"));
        Assert.Equal(rows.Count, answer.GetProperty("count").GetInt32());
        Assert.Equal(["as_of", "count", "next_cursor", "sessions"], answer.EnumerateObject().Select(m => m.Name).Order());
    }

    [Theory]
    [InlineData("typed", Json)]
    [InlineData("untyped", "")]
    public async Task Registry_ShortestBody_MakesTheAgentAliveAndTheNextCallRenews(string agent, string type)
    {
        var call =
            $$"""-X POST https://api.example.com/api/session-mesh/registry -d """
            + $$"""'{"specialization":"image-processing","agent_id":"{{agent}}"}'{{type}}""";
        var first = await Curl(201, call);
        Members.Equal($$"""{{{RowMembers(agent, """["image-processing"]""")}},"ttl":3600,"next_heartbeat_in":"<number>"}""", first);
        var second = await Curl(200, call);
        Members.Equal($$"""{{{RowMembers(agent, """["image-processing"]""")}},"ttl":3600,"next_heartbeat_in":"<number>"}""", second);
        Assert.Equal(first.Text("session_id"), second.Text("session_id"));
        Assert.True(second.GetProperty("expires_at").GetDateTimeOffset() > first.GetProperty("expires_at").GetDateTimeOffset());
    }

    [Theory]
    [InlineData(Json)]
    [InlineData("")]
    public async Task Steer_EastTo456_IsDurable(string type)
    {
        await Register("456", "steering");
        var answer = await Curl(
            200, """-X POST https://api.example.com/api/session-mesh/steer -d '{"agent_id":"456","direction":"east"}'""" + type);
        Members.Equal(Directive("456", "east"), answer);
    }

    [Fact]
    public async Task Steer_SeedsLineWithoutContentType_Works()
    {
        await Register("123", "steering");
        var ran = await mesh.DoneAsync(Real(SeedSteer));
        Members.Equal(Directive("123", "north"), ran.Json);
    }

    [Fact]
    public async Task Delete_UnknownAgent_Is404AndAKnownOneIsStopped()
    {
        const string call = "-X DELETE https://api.example.com/api/session-mesh/agents/789";
        var unknown = await Curl(404, call);
        Members.Equal("""
            {"type":"urn:session-mesh:error:agent_not_found","title":"Not Found","status":404,"detail":"<text>","code":"agent_not_found"}
            """, unknown);
        await Register("789", "ending");
        Members.Equal(
            """
            {"agent_id":"789","incarnation":1,"status":"stopping","confirmed":false,"exit_code":null,"signal":null,"reason":null,
             "deadline":"<time>","descendants":[]}
            """,
            await Curl(200, call));
    }

    [Theory]
    [InlineData("abc123", Json)]
    [InlineData("abc124", "")]
    public async Task Keys_NameAndTtl_GiveATokenThatWorks(string name, string type)
    {
        var answer = await Curl(
            201, $$"""-X POST https://api.example.com/api/session-mesh/keys -d '{"session_key":"{{name}}","ttl":3600}'{{type}}""");
        Members.Equal(
            $$"""
            {"key_id":"<text>","session_key":"{{name}}","token":"<text>","ttl":3600,"expires_at":"<time>","scopes":["admin"],"within":null,
             "agent_id":null,"generation":1,"refresh_token":null,"service":false}
            """,
            answer);
        Assert.Matches("^smk_[0-9a-z]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]+$", answer.Text("token"));
        await Curl(200, "https://api.example.com/api/session-mesh/alive", answer.Text("token"));
    }

    [Theory]
    [InlineData("-H 'Authorization: Bearer your_secure_key'")]
    [InlineData("-H 'Authorization: Basic YTpi'")]
    [InlineData("")]
    public async Task BadKey_Is401ThatSaysHowToGetANewOne(string header)
    {
        var ran = await mesh.DoneAsync(Real($"curl -s -i {header} https://api.example.com/api/session-mesh/alive"));
        var (head, body) = ran.Out.Split("\r\n\r\n", 2) is [var h, var b] ? (h, b) : ("", "");
        Assert.StartsWith("HTTP/1.1 401 ", head, StringComparison.Ordinal);
        Assert.Contains("WWW-Authenticate: Bearer", head, StringComparison.Ordinal);
        Assert.Contains("Content-Type: application/problem+json", head, StringComparison.Ordinal);
        Members.Equal("""
            {"type":"urn:session-mesh:error:unauthenticated","title":"Unauthorized","status":401,"detail":"<text>","code":"unauthenticated"}
            """, body);
        Assert.Contains("POST /api/session-mesh/keys", body, StringComparison.Ordinal);
        Assert.Contains("root.key", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NumbersAsIds_AreTakenAsTheirText()
    {
        var row = await Curl(
            201, """-X POST https://api.example.com/api/session-mesh/registry -d '{"specialization":"counting","agent_id":42}'""");
        Assert.Equal("42", row.GetProperty("agent_id").GetString());
        var directive = await Curl(200, """-X POST https://api.example.com/api/session-mesh/steer -d '{"agent_id":42,"direction":7}'""");
        Members.Equal(Directive("42", "7"), directive);
        var child = await Curl(201, """-X POST https://api.example.com/api/session-mesh/agents -d '{"agent_id":43,"parent_id":42}'""");
        Assert.Equal(("43", "42"), (child.GetProperty("agent_id").GetString(), child.GetProperty("parent_id").GetString()));
        var key = await Curl(201, """-X POST https://api.example.com/api/session-mesh/keys -d '{"session_key":5}'""");
        Assert.Equal("5", key.GetProperty("session_key").GetString());
        var beats = await Curl(200, """-X POST https://api.example.com/api/session-mesh/heartbeats -d '{"agents":[42,{"agent_id":43}]}'""");
        Members.Equal("""{"epoch":1,"accepted":2,"refused":[],"pending":["42"]}""", beats);
    }

    [Fact]
    public async Task ShortestBodies_EverythingElseHasADefault()
    {
        var agent = await Curl(201, "-X POST https://api.example.com/api/session-mesh/agents");
        Assert.Equal(60, agent.GetProperty("ttl").GetInt32());
        var id = agent.Text("agent_id")!;
        Members.Equal(
            $$"""{"agent_id":"{{id}}","incarnation":1,"epoch":1,"ttl":60,"next_heartbeat_in":"<number>","directives":[]}""",
            await Curl(200, $"-X POST https://api.example.com/api/session-mesh/agents/{id}/heartbeat"));
        var key = await Curl(201, "-X POST https://api.example.com/api/session-mesh/keys");
        Assert.Equal(3600, key.GetProperty("ttl").GetInt32());
        Members.Equal(
            $$"""
            {"agent_id":"{{id}}","incarnation":1,"status":"dead","confirmed":true,"exit_code":0,"signal":null,"reason":null,"deadline":null,
             "descendants":[]}
            """,
            await Curl(
                200, $$"""-X POST https://api.example.com/api/session-mesh/agents/{{id}}/exit -d '{"incarnation":1,"exit_code":0}'"""));
    }

    [Theory]
    [InlineData("registry", """{"specialization":"s","agent_id":"x1","colour":"red"}""")]
    [InlineData("steer", """{"agent_id":"x1","direction":"east","colour":"red"}""")]
    [InlineData("keys", """{"session_key":"x1","colour":"red"}""")]
    public async Task UnknownMember_IsRefusedByName(string path, string body)
    {
        var answer = await Curl(400, $"-X POST https://api.example.com/api/session-mesh/{path} -d '{body}'");
        var error = Assert.Single(answer.GetProperty("errors").EnumerateArray());
        Assert.Equal("/colour", error.Text("pointer"));
        Assert.Equal(404, (await mesh.Http.GetAsync("agents/x1")).Status);
    }

    private Task<JsonElement> Register(string agent, string specialization) =>
        Curl(
            null,
            $$"""-X POST https://api.example.com/api/session-mesh/registry -d """
            + $$"""'{"specialization":"{{specialization}}","agent_id":"{{agent}}"}'""");

    /// <summary>Runs curl with the key and returns the answer; the status must be this one.</summary>
    private async Task<JsonElement> Curl(int? status, string arguments, string? key = null)
    {
        var script = Real($$"""curl -s -w '\n%{http_code}' -H "Authorization: Bearer $SESSION_API_KEY" {{arguments}}""");
        var ran = await (key is null ? mesh.DoneAsync(script) : mesh.DoneAsync(script, ("SESSION_API_KEY", key)));
        var cut = ran.Out.LastIndexOf('\n');
        if (status is { } expected)
        {
            Assert.True(ran.Out[(cut + 1)..] == $"{expected}", $"{arguments}\n{ran}");
        }

        return Members.Parse(ran.Out[..cut]);
    }

    private string Real(string text) => text.Replace("https://api.example.com", mesh.Server.Url, StringComparison.Ordinal);
}
