using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Http;

/// <summary>
/// Ways of writing a request that have got past checks elsewhere: the exact answer to each, without a key and with one that lacks
/// the scope. Raw, because clients tidy up what they send.
/// </summary>
public sealed class PathTrickTests : IClassFixture<PathTrickTests.Server>
{
    private readonly Server _server;

    public PathTrickTests(Server server) => _server = server;

    /// <summary>What the framework takes for the same path is the same route, with the same check; what it does not is nothing.</summary>
    [Theory]
    [InlineData("GET /api/session-mesh/alive", 401, 403)]
    [InlineData("GET /api/session-mesh/alive/", 401, 403)]
    [InlineData("GET /API/Session-Mesh/ALIVE", 401, 403)]
    [InlineData("GET /api/session-mesh/%61live", 401, 403)]
    [InlineData("GET /api/session-mesh/./alive", 401, 403)]
    [InlineData("GET /api/session-mesh/%2e/alive", 401, 403)]
    [InlineData("GET /livez/../api/session-mesh/alive", 401, 403)]
    [InlineData("GET /livez/%2e%2e/api/session-mesh/alive", 401, 403)]
    [InlineData("GET /swagger/../api/session-mesh/alive", 401, 403)]
    [InlineData("GET /swagger/%2E%2E/api/session-mesh/alive", 401, 403)]
    [InlineData("GET /openapi/../api/session-mesh/alive", 401, 403)]
    [InlineData("GET /api/session-mesh/alive?", 401, 403)]
    [InlineData("GET /api/session-mesh/alive?x=/livez", 401, 403)]
    [InlineData("GET http://HOST/api/session-mesh/alive", 401, 403)]
    [InlineData("GET //api/session-mesh/alive", 404, 404)]
    [InlineData("GET /api//session-mesh/alive", 404, 404)]
    [InlineData("GET /api/session-mesh//alive", 404, 404)]
    [InlineData("GET /api/session-mesh/alive//", 404, 404)]
    [InlineData("GET /api%2fsession-mesh%2falive", 404, 404)]
    [InlineData("GET /api/session-mesh%2Falive", 404, 404)]
    [InlineData("GET /api/session-mesh/alive%2f", 404, 404)]
    [InlineData("GET /api\\session-mesh\\alive", 404, 404)]
    [InlineData("GET /api/session-mesh/alive;x=1", 404, 404)]
    [InlineData("GET /api;x/session-mesh/alive", 404, 404)]
    [InlineData("GET /api/session-mesh/alive%00", 400, 400)]
    [InlineData("GET /api/session-mesh/alive%20", 404, 404)]
    [InlineData("GET /api/session-mesh/alive%3f", 404, 404)]
    [InlineData("GET /api/session-mesh/%2561live", 404, 404)]
    [InlineData("GET /api/session-mesh/..%2fsession-mesh/alive", 404, 404)]
    [InlineData("GET /api/session-mesh/alive.json", 404, 404)]
    [InlineData("GET /livez/api/session-mesh/alive", 404, 404)]
    [InlineData("GET /api/session-mesh/agents/..%2f..%2f..%2flivez", 401, 403)]                        // one segment: an id that is none
    [InlineData("GET /api/session-mesh/agents/%2e%2e/alive", 401, 403)]
    [InlineData("POST /api/session-mesh/keys/", 401, 403)]
    [InlineData("POST /api/session-mesh/KEYS", 401, 403)]
    [InlineData("DELETE /api/session-mesh/agents/a/", 401, 403)]
    [InlineData("HEAD /api/session-mesh/alive", 405, 405)]
    [InlineData("OPTIONS /api/session-mesh/alive", 405, 405)]
    [InlineData("TRACE /api/session-mesh/alive", 405, 405)]
    [InlineData("PATCH /api/session-mesh/alive", 405, 405)]
    [InlineData("QUERY /api/session-mesh/alive", 405, 405)]
    [InlineData("get /api/session-mesh/alive", 401, 403)]
    [InlineData("OPTIONS /api/session-mesh/steer", 405, 405)]
    [InlineData("HEAD /livez", 405, 405)]
    [InlineData("TRACE /livez", 405, 405)]
    [InlineData("OPTIONS *", 405, 405)]
    public async Task Path_HoweverItIsWritten_DoesNotGetPastTheKey(string line, int withoutKey, int withoutScope) =>
        await ShouldAnswerAsync(line, "", withoutKey, withoutScope);

    /// <summary>Headers that some server or proxy lets change who asks, for what, or by which method.</summary>
    [Theory]
    [InlineData("X-Original-URL: /livez")]
    [InlineData("X-Rewrite-URL: /livez")]
    [InlineData("X-HTTP-Method-Override: GET")]
    [InlineData("X-HTTP-Method: GET")]
    [InlineData("X-Method-Override: GET")]
    [InlineData("X-Forwarded-For: 127.0.0.1")]
    [InlineData("X-Forwarded-Proto: https")]
    [InlineData("X-Forwarded-Host: localhost")]
    [InlineData("X-Forwarded-Prefix: /livez")]
    [InlineData("X-Real-IP: 127.0.0.1")]
    [InlineData("Forwarded: for=127.0.0.1;proto=https;host=localhost")]
    [InlineData("X-Remote-User: root")]
    [InlineData("X-Forwarded-User: root")]
    [InlineData("User-Agent: kube-probe/1.30")]
    [InlineData("User-Agent: session-mesh/0.1.0")]
    [InlineData("User-Agent: ELB-HealthChecker/2.0")]
    [InlineData("Via: 1.1 localhost")]
    [InlineData("Upgrade: websocket")]
    [InlineData("Cookie: Authorization=Bearer ROOT")]
    [InlineData("Proxy-Authorization: Bearer ROOT")]
    [InlineData("X-Api-Key: ROOT")]
    public async Task Header_ThatElsewhereChangesWhoAsksOrForWhat_ChangesNothing(string header)
    {
        await ShouldAnswerAsync("GET /api/session-mesh/alive", header, 401, 403);
        await ShouldAnswerAsync("POST /api/session-mesh/steer", header, 401, 403);
        await ShouldAnswerAsync("DELETE /api/session-mesh/agents", header, 401, 403);
        await ShouldAnswerAsync("GET /api/session-mesh/nothing", header, 404, 404);
        await ShouldAnswerAsync("PUT /livez", header, 405, 405);
    }

    /// <summary>The server answers before the body, which does not come at all.</summary>
    [Theory]
    [InlineData("POST /api/session-mesh/steer", "Content-Length: 10000000000", 401, 403)]
    [InlineData("POST /api/session-mesh/steer", "Content-Length: 10000000000\r\nExpect: 100-continue", 401, 403)]
    [InlineData("GET /livez", "Content-Length: 10000000000", 200, 200)]
    [InlineData("POST /api/session-mesh/steer", "Content-Length: 5\r\nContent-Length: 6", 400, 400)]
    [InlineData("POST /api/session-mesh/steer", "Content-Length: -1", 400, 400)]
    [InlineData("POST /api/session-mesh/steer", "Transfer-Encoding: xchunked", 400, 400)]
    public async Task Body_ThatIsAnnouncedFalsely_IsNotWaitedFor(string line, string header, int withoutKey, int withoutScope) =>
        await ShouldAnswerAsync(line, header, withoutKey, withoutScope);

    [Fact]
    public async Task Body_ThatIsGiant_IsRefusedBeforeItComes()
    {
        var answer = await _server.Mesh.SendRawAsync(
            $"POST /api/session-mesh/steer HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {_server.Mesh.RootKey}\r\n"
            + "Content-Length: 10000000000\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 413 ", answer, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"body_too_large\"", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET /livez?LONG HTTP/1.1", "", 9000, 414)]
    [InlineData("GET /livez HTTP/1.1", "X-Long: LONG\r\n", 17_000, 431)]
    [InlineData("GET /livez HTTP/1.1", "MANY", 65, 431)]
    [InlineData("GET /livez HTTP/1.1", "MANY", 50, 200)]
    [InlineData("GET /livez HTTP/1.1", "X-Long: LONG\r\n", 15_000, 200)]
    public async Task Head_IsBounded(string line, string headers, int size, int status)
    {
        var many = string.Concat(Enumerable.Range(0, size).Select(i => $"X-{i}: v\r\n"));
        var request = $"{line}\r\nHost: localhost\r\n{headers}Connection: close\r\n\r\n"
            .Replace("LONG", new string('x', size), StringComparison.Ordinal)
            .Replace("MANY", many, StringComparison.Ordinal);
        Assert.StartsWith($"HTTP/1.1 {status} ", await _server.Mesh.SendRawAsync(request), StringComparison.Ordinal);
    }

    private async Task ShouldAnswerAsync(string line, string header, int withoutKey, int withoutScope)
    {
        var revision = _server.Mesh.Revision;
        (string, int)[] tries =
        [
            ("", withoutKey),
            ($"Authorization: Bearer {_server.Key}\r\n", withoutScope),
            ($"Authorization: Bearer {_server.Key[..^1]}!\r\n", withoutKey),
        ];
        foreach (var (key, status) in tries)
        {
            var more = header.Length == 0 ? "" : header.Replace("ROOT", _server.Mesh.RootKey, StringComparison.Ordinal) + "\r\n";
            var request = $"{line} HTTP/1.1\r\nHost: {_server.Mesh.Address.Authority}\r\n{key}{more}Connection: close\r\n\r\n";
            var answer = await _server.Mesh.SendRawAsync(request.Replace(
                "http://HOST", _server.Mesh.Address.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal));
            Assert.True(
                answer.StartsWith($"HTTP/1.1 {status} ", StringComparison.Ordinal),
                $"expected {status} for {line} {header} {key.Length > 0}: {answer}");
            Assert.DoesNotContain("sessions", answer, StringComparison.Ordinal);
            Assert.DoesNotContain(_server.Mesh.RootKey, answer, StringComparison.Ordinal);
        }

        Assert.Equal(revision, _server.Mesh.Revision);
    }

    public sealed class Server : IAsyncLifetime
    {
        internal MeshHost Mesh { get; private set; } = null!;

        /// <summary>A key that is valid and may do nothing that is asked for here.</summary>
        internal string Key { get; private set; } = "";

        public async Task InitializeAsync()
        {
            Mesh = await MeshHost.StartAsync(options: ["--anonymous-rate-limit", "0", "--rate-limit", "0"]);
            await Mesh.RegisterAsync("a");
            Key = await Mesh.MintAsync("""{"scopes":["sessions:read"]}""");
        }

        public async Task DisposeAsync() => await Mesh.DisposeAsync();
    }
}
