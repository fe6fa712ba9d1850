using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Contract;

/// <summary>Three attempts in all, with what can go wrong between the tool and the server going wrong.</summary>
public sealed class RetryContractTests(Mesh mesh) : IClassFixture<Mesh>
{
    [Fact]
    public async Task NetworkErrors_AreTriedThreeTimesAndVerboseShowsEach()
    {
        using var proxy = new FlakyProxy(mesh.Server.Url, FlakyProxy.Drop, FlakyProxy.Drop, FlakyProxy.Relay);
        var ran = await mesh.DoneAsync("session-mesh list --filter stalled --verbose -o json", ("SESSION_MESH_URL", proxy.Url));
        Assert.Equal(3, proxy.Calls.Count);
        Assert.Equal("0", ran.Json.Text("count"));
        var lines = ran.Error.TrimEnd('\n').Split('\n');
        Assert.Equal(3, lines.Length);
        for (var i = 0; i < 2; i++)
        {
            Assert.Matches(
                $@"^attempt {i + 1}: GET {proxy.Url}/api/session-mesh/alive\?filter=stalled&limit=1000 -> .+ after \d+ ms, "
                + @"next attempt in \d+\.\d\d s$",
                lines[i]);
        }

        Assert.Matches($@"^attempt 3: GET {proxy.Url}/api/session-mesh/alive\?filter=stalled&limit=1000 -> 200 after \d+ ms$", lines[2]);
    }

    [Theory]
    [InlineData(408)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    public async Task TransientStatus_IsRetriedWithTheSameIdempotencyKey(int status)
    {
        var agent = $"transient-{status}";
        using var proxy = new FlakyProxy(mesh.Server.Url, FlakyProxy.Answer(status), FlakyProxy.Relay);
        await mesh.DoneAsync($"session-mesh register --spec s --agent-id {agent}", ("SESSION_MESH_URL", proxy.Url));
        Assert.Equal(2, proxy.Calls.Count);
        Assert.NotEmpty(Assert.Single(proxy.Calls.Select(call => call.Headers["Idempotency-Key"]).Distinct()));
    }

    [Fact]
    public async Task RetryAfter_IsHonoured()
    {
        using var proxy = new FlakyProxy(mesh.Server.Url, FlakyProxy.Answer(503, "Retry-After: 1"), FlakyProxy.Relay);
        var ran = await mesh.DoneAsync("session-mesh list --verbose", ("SESSION_MESH_URL", proxy.Url));
        Assert.Matches(@"(?m)^attempt 1: .* -> 503 .*, next attempt in 1\.\d\d s$", ran.Error);
    }

    [Fact]
    public async Task LostAnswer_OfAWrite_DoesNotActTwice()
    {
        await mesh.Http.PostAsync("registry", """{"specialization":"s","agent_id":"once"}""");
        using var proxy = new FlakyProxy(mesh.Server.Url, FlakyProxy.LoseAnswer, FlakyProxy.LoseAnswer, FlakyProxy.Relay);
        var ran = await mesh.DoneAsync("session-mesh steer --agent-id once --direction west -o json", ("SESSION_MESH_URL", proxy.Url));
        Assert.Equal(3, proxy.Calls.Count);
        var inbox = await mesh.Http.GetAsync("agents/once/directives");
        var only = Assert.Single(inbox.Json.GetProperty("directives").EnumerateArray());
        Assert.Equal(only.Text("directive_id"), ran.Json.Text("directive_id"));
    }

    [Fact]
    public async Task LostAnswer_OfAKey_SaysWhichToRevoke()
    {
        using var proxy = new FlakyProxy(mesh.Server.Url, FlakyProxy.LoseAnswer, FlakyProxy.Relay);
        var ran = await mesh.BashAsync("session-mesh keys create --scope steer --name lost", ("SESSION_MESH_URL", proxy.Url));
        Assert.Equal((5, ""), (ran.Code, ran.Out));
        Assert.Matches(@"try: .*session-mesh keys revoke [0-9a-z]{12}", ran.Error);
    }

    [Theory]
    [InlineData("list", 6)]
    [InlineData("steer --agent-id x --direction west", 6)]
    public async Task Unreachable_AfterThreeAttempts_Is6AndSaysWhatToTypeNext(string command, int code)
    {
        using var proxy = new FlakyProxy(mesh.Server.Url, FlakyProxy.Drop);
        var ran = await mesh.BashAsync($"session-mesh {command}", ("SESSION_MESH_URL", proxy.Url));
        Assert.Equal((code, ""), (ran.Code, ran.Out));
        Assert.Equal(3, proxy.Calls.Count);
        Assert.Matches(
            @"^error: cannot .*\n  why: cannot reach http://127\.0\.0\.1:\d+ after 3 attempts: .*\n"
            + @"  try: the same command again, or --url https://127\.0\.0\.1:\d+, if the server there speaks TLS\n$",
            ran.Error);
    }

    [Fact]
    public async Task NothingListens_Is6AlsoAsAProblemDocument()
    {
        // A port of our own that nothing listens on: bound, and never listened to.
        using var held = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        held.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        var ran = await mesh.BashAsync("session-mesh list -o json", ("SESSION_MESH_URL", $"http://{held.LocalEndPoint}"));
        Assert.Equal((6, ""), (ran.Code, ran.Out));
        Members.Equal("""
            {"type":"urn:session-mesh:error:unreachable","title":"unreachable","status":0,"detail":"<text>","code":"unreachable"}
            """, ran.Error);
    }

    [Fact]
    public async Task Refusal_IsNotRetried()
    {
        using var proxy = new FlakyProxy(mesh.Server.Url, FlakyProxy.Relay);
        var ran = await mesh.BashAsync("session-mesh steer --agent-id nobody --direction west", ("SESSION_MESH_URL", proxy.Url));
        Assert.Equal(3, ran.Code);
        Assert.Single(proxy.Calls);
    }
}
