using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Auth;

/// <summary>What a browser sends for somebody else's page, and what it may be told. <c>OWN</c> is the server's own origin.</summary>
public sealed class OriginGuardTests : IClassFixture<OriginGuardTests.Server>
{
    private const string Console = "https://console.example";
    private readonly MeshHost _closed;
    private readonly MeshHost _open;

    public OriginGuardTests(Server server) => (_closed, _open) = (server.Closed, server.Open);

    [Theory]
    [InlineData("Origin: https://evil.example")]
    [InlineData("Origin: null")]
    [InlineData("Origin: ")]
    [InlineData("Origin: OWN.evil.example")]
    [InlineData("Origin: OWN/")]
    [InlineData("Origin: http://127.0.0.1")]
    [InlineData("Origin: http://127.0.0.1:1")]
    [InlineData("Origin: http://localhost:PORT")]
    [InlineData("Origin: https://127.0.0.1:PORT")]
    [InlineData("Origin: OWN, https://evil.example")]
    [InlineData("Origin: OWN|Origin: OWN")]
    [InlineData("Origin: chrome-extension://abcdef")]
    [InlineData("Origin: https://console.example")]
    [InlineData("Sec-Fetch-Site: cross-site")]
    [InlineData("Sec-Fetch-Site: same-site")]
    [InlineData("Sec-Fetch-Site: something-new")]
    [InlineData("Sec-Fetch-Site: none|Sec-Fetch-Site: none")]
    [InlineData("Origin: OWN|Sec-Fetch-Site: cross-site")]
    [InlineData("Origin: https://evil.example|Sec-Fetch-Site: same-origin")]
    public async Task Page_OfAnotherOrigin_IsRefusedBeforeAnybodyIsAuthenticated(string headers)
    {
        (string, string, string?)[] calls =
        [
            ("GET", "alive", null), ("POST", "steer", null), ("GET", "alive", ""),
            ("GET", "~/livez", ""), ("GET", "~/swagger/index.html", ""), ("OPTIONS", "steer", ""),
        ];
        foreach (var (method, path, key) in calls)
        {
            var refused = (await SendAsync(_closed, method, path, headers, key)).ShouldBeProblem(403, "origin_not_allowed");
            Assert.DoesNotContain(refused.Headers.Keys, name => name.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
        }
    }

    [Theory]
    [InlineData("Accept: */*")]
    [InlineData("Origin: OWN")]
    [InlineData("Origin: OWN|Sec-Fetch-Site: same-origin")]
    [InlineData("Sec-Fetch-Site: same-origin")]
    [InlineData("Sec-Fetch-Site: none")]
    public async Task Page_OfTheServerItself_AndAProgram_AreServed_WithoutCors(string headers)
    {
        var reply = await SendAsync(_closed, "GET", "alive", headers);
        Assert.Equal(200, reply.Status);
        Assert.DoesNotContain(
            reply.Headers.Keys, name => name.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase) || name == "Vary");
        (await SendAsync(_closed, "GET", "alive", headers, key: "")).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task Page_ThatIsAllowed_MayCallAndReadTheAnswer_WithAKey()
    {
        (string, string?, int)[] calls = [("alive", null, 200), ("alive", "", 401), ("nothing", null, 404), ("agents/nobody", null, 404)];
        foreach (var (path, key, status) in calls)
        {
            var reply = await SendAsync(_open, "GET", path, $"Origin: {Console}|Sec-Fetch-Site: cross-site", key);
            Assert.Equal((status, Console, "Origin"), (reply.Status, reply.Headers["Access-Control-Allow-Origin"], reply.Headers["Vary"]));
            Assert.Equal(
                "Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, X-Mesh-Revision, Idempotency-Replayed, Mcp-Session-Id",
                reply.Headers["Access-Control-Expose-Headers"]);
            Assert.DoesNotContain("Access-Control-Allow-Credentials", reply.Headers.Keys);
        }
    }

    [Theory]
    [InlineData("steer")]
    [InlineData("~/mcp")]
    public async Task Preflight_OfAnAllowedPage_SaysWhatItMaySend_AndReachesNothing(string path)
    {
        var reply = await SendAsync(
            _open,
            "OPTIONS",
            path,
            $"Origin: {Console}|Access-Control-Request-Method: POST|Access-Control-Request-Headers: authorization,x-other",
            key: "");
        Assert.Equal((204, ""), (reply.Status, reply.Text));
        Assert.Equal(
            [
                "Access-Control-Allow-Headers: Authorization, Content-Type, Idempotency-Key, If-Match, Last-Event-ID"
                    + ", Mcp-Session-Id, MCP-Protocol-Version, Mcp-Method, Mcp-Name",
                "Access-Control-Allow-Methods: GET, POST, PATCH, DELETE",
                $"Access-Control-Allow-Origin: {Console}",
                "Access-Control-Max-Age: 600",
            ],
            reply.Headers.Where(h => h.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase))
                .Select(h => $"{h.Key}: {h.Value}").Order());
        Assert.Equal("Origin", reply.Headers["Vary"]);
    }

    [Theory]
    // No preflight: it asks for no method.
    [InlineData("steer", "Origin: https://console.example", 405)]
    [InlineData("steer", "Accept: */*", 405)]
    [InlineData("steer", "Origin: OWN|Access-Control-Request-Method: POST", 405)]
    [InlineData("nothing", "Accept: */*", 404)]
    [InlineData("~/livez", "Origin: https://console.example|Access-Control-Request-Method: GET", 405)]       // beside the API
    [InlineData("~/openapi/v1.json", "Origin: https://console.example|Access-Control-Request-Method: GET", 405)]
    [InlineData("~/swagger/index.html", "Accept: */*", 404)]
    [InlineData("steer", "Origin: https://console.example.evil.example|Access-Control-Request-Method: POST", 403)]
    [InlineData("steer", "Origin: http://console.example|Access-Control-Request-Method: POST", 403)]
    [InlineData("steer", "Origin: https://console.example:444|Access-Control-Request-Method: POST", 403)]
    public async Task Options_OtherwiseReachesNothing(string path, string headers, int status)
    {
        foreach (var key in new[] { "", null })
        {
            Assert.Equal(status, (await SendAsync(_open, "OPTIONS", path, headers, key)).Status);
        }
    }

    [Fact]
    public async Task Vary_IsSaidToEverybody_OnceAnOriginIsAllowed()
    {
        Assert.Equal("Origin", (await SendAsync(_open, "GET", "alive", "Accept: */*")).Headers["Vary"]);
        Assert.Equal(
            "Origin",
            (await SendAsync(_open, "GET", "alive", "Origin: https://evil.example"))
                .ShouldBeProblem(403, "origin_not_allowed").Headers["Vary"]);
    }

    [Fact]
    public async Task Cookies_AreNeitherReadNorSet()
    {
        foreach (var path in new[] { "alive", "~/livez", "~/swagger/index.html", "nothing" })
        {
            Assert.DoesNotContain("Set-Cookie", (await _closed.GetAsync(path)).Headers.Keys);
        }

        foreach (var name in new[] { "session", "Authorization", "key" })
        {
            (await SendAsync(_closed, "GET", "alive", $"Cookie: {name}=Bearer {_closed.RootKey}|Cookie: {name}={_closed.RootKey}", key: ""))
                .ShouldBeProblem(401, "unauthenticated");
        }
    }

    private static async Task<Reply> SendAsync(MeshHost mesh, string method, string path, string headers, string? key = null)
    {
        using var request = mesh.Request(new HttpMethod(method), path, key);
        var sent = headers.Replace("OWN", mesh.Address.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal)
            .Replace("PORT", $"{mesh.Address.Port}", StringComparison.Ordinal);
        foreach (var header in sent.Split('|'))
        {
            var (name, value) = (header.Split(": ")[0], header[(header.IndexOf(':', StringComparison.Ordinal) + 2)..]);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await mesh.SendAsync(request);
    }

    public sealed class Server : IAsyncLifetime
    {
        internal MeshHost Closed { get; private set; } = null!;
        internal MeshHost Open { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Closed = await MeshHost.StartAsync();
            Open = await MeshHost.StartAsync(options: ["--allow-origin", $"{Console},http://localhost:3000"]);
        }

        public async Task DisposeAsync()
        {
            await Closed.DisposeAsync();
            await Open.DisposeAsync();
        }
    }
}
