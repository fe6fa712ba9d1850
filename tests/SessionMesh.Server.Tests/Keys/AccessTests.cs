using Microsoft.AspNetCore.Routing;
using SessionMesh.Contracts.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Tests.Mcp;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Keys;

/// <summary>
/// Every route of the running server against every kind of key. <c>own</c> is the agent that keys are bound to or for, <c>theirs</c>
/// somebody else's; <c>{a}</c> and <c>{d}</c> stand for one of the two, or one of its directives.
/// </summary>
public sealed class AccessTests(AccessServer server) : IClassFixture<AccessServer>
{
    private const string Read = Scopes.MeshRead;
    private const string Write = Scopes.RegistryWrite;
    private const string Self = Scopes.AgentSelf;
    private const string Any = "any";
    private const string Push = "/agents/{id}/a2a/tasks/{task}/pushNotificationConfigs/{**config}";
    private const string Said = """
        {"message":{"messageId":"{a}","role":"ROLE_USER","parts":[{"text":"x"}]},"configuration":{"returnImmediately":true}}
        """;

    private readonly AccessServer _server = server;

    /// <summary>
    /// Route, request, body, scopes that open it (beside admin), status then, and with all scopes but for another's agent.
    /// </summary>
    public static TheoryData<string, string, string?, string[], int, int> Routes => new()
    {
        { "GET /alive", "alive", null, [Read], 200, 200 },
        { "GET /agents", "agents", null, [Read], 200, 200 },
        { "GET /agents/{id}", "agents/{a}", null, [Read, Self], 200, 404 },
        { "POST /agents", "agents", """{"agent_id":"{a}","incarnation":1}""", [Write, Self], 200, 403 },
        { "DELETE /agents/{id}", "agents/{v}?force=true", null, [Scopes.Kill], 200, 404 },
        { "DELETE /agents", "agents?agent_ids={a}&dry_run=true", null, [Scopes.Kill], 200, 200 },
        { "POST /agents/{id}/revive", "agents/{a}/revive", null, [Scopes.Kill], 409, 404 },
        { "POST /agents/{id}/move", "agents/{a}/move", """{"parent_id":null}""", [Write], 200, 404 },
        { "GET /topology", "topology", null, [Read], 200, 200 },
        { "POST /agents/{id}/exit", "agents/{a}/exit", """{"incarnation":99}""", [Write, Self], 409, 404 },
        { "POST /agents/{id}/heartbeat", "agents/{a}/heartbeat", null, [Write, Self], 200, 404 },
        { "POST /heartbeats", "heartbeats", """{"agents":["{a}"]}""", [Write, Self], 200, 200 },
        { "POST /hooks/{program}", "hooks/codex", "{}", [Write], 200, 200 },
        { "POST /registry", "registry", """{"agent_id":"{a}","specialization":"s"}""", [Write, Self], 200, 403 },
        { "GET /registry", "registry", null, [Read], 200, 200 },
        { "GET /registry/match", "registry/match?specialization=s", null, [Read], 200, 200 },
        { "POST /registry/claim", "registry/claim", """{"specialization":"nobody"}""", [Scopes.Steer], 409, 409 },
        { "GET /registry/claims", "registry/claims", null, [Read], 200, 200 },
        { "POST /registry/claims/{claim_id}/renew", "registry/claims/c-1/renew", null, [Scopes.Steer], 404, 404 },
        { "DELETE /registry/claims/{claim_id}", "registry/claims/c-1", null, [Scopes.Steer], 404, 404 },
        { "GET /links", "links", null, [Read], 200, 200 },
        { "PUT /links", "links", """{"from":"{a}","to":"none"}""", [Write], 404, 404 },
        { "DELETE /links", "links?from={a}&to=none", null, [Write], 404, 404 },
        { "DELETE /registry", "registry?specialization=none&agent_id={a}", null, [Write, Self], 404, 404 },
        { "POST /steers", "steers", """{"steers":[{"agent_id":"{a}","direction":"x"}]}""", [Scopes.Steer], 200, 200 },
        { "POST /steer", "steer", """{"agent_id":"{a}","direction":"x"}""", [Scopes.Steer], 200, 404 },
        { "GET /directives/{directive_id}", "directives/{d}", null, [Read, Scopes.Steer], 200, 404 },
        { "DELETE /directives/{directive_id}", "directives/{d}", null, [Scopes.Steer], 409, 404 },
        { "GET /agents/{id}/directives", "agents/{a}/directives", null, [Write, Self], 200, 404 },
        { "GET /agents/{id}/directives/history", "agents/{a}/directives/history", null, [Read, Self], 200, 404 },
        { "POST /agents/{id}/directives/{seq}/ack", "agents/{a}/directives/9999/ack", """{"state":"accepted"}""", [Write, Self], 404, 404 },
        // Beside it, registry:write is needed.
        { "POST /keys", "keys", """{"scopes":["agent:self"],"agent_id":"{a}"}""", [Scopes.KeysMint], 403, 404 },
        { "POST /keys/refresh", "keys/refresh", null, [], 401, 401 },
        { "POST /keys/codes", "keys/codes", """{"scopes":["keys:mint"]}""", [Scopes.KeysMint], 201, 201 },
        { "GET /keys", "keys", null, [Scopes.KeysMint], 200, 200 },
        { "GET /keys/self", "keys/self", null, [Any], 200, 200 },
        { "GET /status", "status", null, [Any], 200, 200 },
        { "GET /nodes", "nodes", null, [Read], 200, 200 },
        { "GET /keys/{key_id}", "keys/aaaaaaaaaaaa", null, [Scopes.KeysMint], 404, 404 },
        { "POST /keys/{key_id}/renew", "keys/aaaaaaaaaaaa/renew", null, [Scopes.KeysMint], 404, 404 },
        { "DELETE /keys/{key_id}", "keys/aaaaaaaaaaaa", null, [Scopes.KeysMint], 404, 404 },
        { "GET /audit", "audit", null, [Scopes.AuditRead], 200, 403 }, // about the whole mesh: no key for some agents has that scope
        { "POST /sessions", "sessions", """{"ttl":60}""", [Scopes.SessionsWrite], 201, 403 },
        { "GET /sessions", "sessions?kind=all", null, [Scopes.SessionsRead], 200, 200 },
        { "GET /sessions/stats", "sessions/stats", null, [Scopes.SessionsRead], 200, 200 },
        { "GET /sessions/export", "sessions/export", null, [Scopes.SessionsRead], 200, 200 },
        { "POST /sessions/import", "sessions/import", "", [Scopes.SessionsWrite], 200, 403 },
        { "POST /sessions/cleanup", "sessions/cleanup", """{"dry_run":true}""", [Scopes.SessionsWrite], 200, 200 },
        { "GET /sessions/{id}", "sessions/{s}", null, [Scopes.SessionsRead, Self], 200, 404 },
        { "PATCH /sessions/{id}", "sessions/{s}", """{"meta":{"a":"b"}}""", [Scopes.SessionsWrite, Self], 200, 404 },
        { "POST /sessions/{id}/refresh", "sessions/{s}/refresh", null, [Scopes.SessionsWrite, Self], 200, 404 },
        { "POST /sessions/{id}/expire", "sessions/s-999999/expire", null, [Scopes.SessionsWrite], 404, 404 },
        { "DELETE /sessions/{id}", "sessions/{s}", null, [Scopes.SessionsWrite], 409, 404 },
        { "POST /admin/compact", "admin/compact", null, [Scopes.Admin], 200, 403 },
        { "GET /admin/compact", "admin/compact", null, [Scopes.Admin], 200, 403 },
        { "POST /admin/backup", "admin/backup", null, [Scopes.Admin], MeshHost.AllOnPostgres ? 409 : 200, 403 },
        { "POST /admin/restore", "admin/restore", null, [Scopes.Admin], MeshHost.AllOnPostgres ? 409 : 400, 403 },
        { "POST /admin/new-root", "admin/new-root", """{"keep_children":1}""", [Scopes.Admin], 400, 403 },
        { "GET /admin/digest", "admin/digest", null, [Scopes.Admin], 200, 403 },
        { "POST /admin/check", "admin/check", null, [Scopes.Admin], 200, 403 },
        { "GET /agents/{id}/agent-card.json", "agents/{a}/agent-card.json", null, [Read], 200, 404 },
        { "GET /agents/{id}/a2a/.well-known/agent-card.json", "agents/{a}/a2a/.well-known/agent-card.json", null, [Read], 200, 404 },
        { "GET /agents/{id}/a2a/extendedAgentCard", "agents/{a}/a2a/extendedAgentCard", null, [Read], 400, 400 },
        { "POST /agents/{id}/a2a/message:send", "agents/{a}/a2a/message:send", Said, [Scopes.Steer], 200, 404 },
        { "POST /agents/{id}/a2a/message:stream", "agents/{a}/a2a/message:stream", "{}", [Scopes.Steer], 400, 400 }, // has no end
        { "GET /agents/{id}/a2a/tasks", "agents/{a}/a2a/tasks", null, [Read], 200, 404 },
        { "GET /agents/{id}/a2a/tasks/{task}", "agents/{a}/a2a/tasks/{a}.1.1", null, [Read], 200, 404 },
        { "POST /agents/{id}/a2a/tasks/{task}:cancel", "agents/{v}/a2a/tasks/{v}.1.1:cancel", null, [Scopes.Kill], 200, 404 },
        { "POST /agents/{id}/a2a/tasks/{task}:subscribe", "agents/{a}/a2a/tasks/none:subscribe", null, [Read], 404, 404 }, // has no end
        { "GET /agents/{id}/a2a/tasks/{task}:subscribe", "agents/{a}/a2a/tasks/none:subscribe", null, [Read], 404, 404 },
        { $"GET {Push}", "agents/{a}/a2a/tasks/t/pushNotificationConfigs", null, [Read], 400, 400 },
        { $"POST {Push}", "agents/{a}/a2a/tasks/t/pushNotificationConfigs", "{}", [Read], 400, 400 },
        { $"DELETE {Push}", "agents/{a}/a2a/tasks/t/pushNotificationConfigs/c", null, [Read], 400, 400 },
        { "GET /a2a/{**operation}", "a2a/tasks", null, [Read], 400, 400 },
        { "POST /a2a/{**operation}", "a2a/message:send", "{}", [Read], 400, 400 },
        { "DELETE /a2a/{**operation}", "a2a/tasks/t/pushNotificationConfigs/c", null, [Read], 400, 400 },
        { "GET /events", "events?after=x", null, [Read], 400, 400 },
        { "GET /metrics", "~/metrics", null, [Read], 200, 403 }, // about the whole mesh
        // Each tool has rows of its own in ToolTests.
        { "POST /mcp", "~/mcp", """{"jsonrpc":"2.0","id":1,"method":"ping"}""", [Any], 200, 200 },
    };

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_WithAKeyThatIsNotValid_IsTheSame401(
        string route, string path, string? body, string[] scopes, int status, int theirs)
    {
        _ = (route, scopes, status, theirs);
        foreach (var (why, key) in _server.Invalid)
        {
            var reply = await SendAsync(route, path, body, key, "own");
            Assert.True(reply.Status == 401, $"{why}: {reply.Status} {reply.Text}");
            Assert.Equal(IsA2A(route) ? _server.UnauthenticatedOfA2A : _server.Unauthenticated, reply.Text);
        }
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_WithEachScopeAlone_OpensForThoseItNamesAndNoOther(
        string route, string path, string? body, string[] scopes, int status, int theirs)
    {
        _ = theirs;
        foreach (var (scope, key) in _server.OfScope)
        {
            var reply = await SendAsync(route, path, body, key, "own");
            var opens = scopes is [] || scopes.Contains(scope) || scopes.Contains(Any) || scope == Scopes.Admin;
            var expected = opens ? scope == Scopes.Admin && route == "POST /keys" ? 201 : status : 403;
            Assert.True(reply.Status == expected, $"{scope}: {reply.Status} instead of {expected}: {reply.Text}");
            if (!opens)
            {
                if (IsA2A(route))
                {
                    reply.ShouldBeA2AError(403, "PERMISSION_DENIED", "MISSING_SCOPE");
                    continue;
                }

                // It may expire its own.
                reply.ShouldBeProblem(403, scope == Self && route == "POST /sessions/{id}/expire" ? "not_your_agent" : "missing_scope");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_WithTheRightScopeForAnotherAgent_IsRefused(
        string route, string path, string? body, string[] scopes, int status, int theirs)
    {
        _ = (scopes, status);
        var before = (await _server.Mesh.GetAsync("agents/theirs")).Text;
        var revision = _server.Mesh.Revision;
        var reply = await SendAsync(route, path, body, _server.OnlyOwn, "theirs");
        Assert.True(reply.Status == theirs, $"{reply.Status} instead of {theirs}: {reply.Text}");
        Assert.Equal(revision, _server.Mesh.Revision);
        Assert.Equal(before, (await _server.Mesh.GetAsync("agents/theirs")).Text);
        Assert.True(
            theirs != 200
            || !reply.Text.Contains("\"theirs\"", StringComparison.Ordinal)
            || reply.Text.Contains("\"accepted\":0", StringComparison.Ordinal)
            || reply.Text.Contains("\"agent_not_found\"", StringComparison.Ordinal),
            reply.Text);
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_WithAnAgentsKey_ForAnotherAgent_IsRefused(
        string route, string path, string? body, string[] scopes, int status, int theirs)
    {
        _ = (status, theirs);
        var revision = _server.Mesh.Revision;
        var reply = await SendAsync(route, path, body, _server.OfScope[Self], "theirs");
        var expected = route switch
        {
            "POST /heartbeats" or "GET /keys/self" or "GET /status" or "POST /mcp" => 200,
            "POST /keys/refresh" => 401,
            _ => 403,
        };
        Assert.True(reply.Status == expected, $"{reply.Status} instead of {expected}: {reply.Text}");
        Assert.Equal(
            (scopes.Contains(Self) || route == "POST /sessions/{id}/expire") && expected == 403
                ? "not_your_agent"
                : expected == 403 ? "missing_scope"
                : null,
            expected != 403 ? null
                : IsA2A(route) ? reply.Json["error"]!["details"]![0]!["reason"]!.GetValue<string>().ToLowerInvariant()
                : reply.Json["code"]!.GetValue<string>());
        Assert.Equal(revision, _server.Mesh.Revision);
    }

    [Fact]
    public void Routes_OfTheRunningServer_AreAllInTheTable()
    {
        var routed = _server.Mesh.Service<IEnumerable<EndpointDataSource>>().SelectMany(s => s.Endpoints).OfType<RouteEndpoint>()
            .Where(r => r.Metadata.GetMetadata<Anonymous>() is null)
            .SelectMany(r => r.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(
                m => $"{m} {r.RoutePattern.RawText!.Replace(Contracts.Routes.Prefix, "", StringComparison.Ordinal)}"))
            .Order();
        Assert.Equal(routed, Routes.Select(row => (string)row[0]).Order());
    }

    private static bool IsA2A(string route) =>
        route.Contains("/a2a", StringComparison.Ordinal) || route.EndsWith("/agent-card.json", StringComparison.Ordinal);

    private Task<Reply> SendAsync(string route, string path, string? body, string key, string agent)
    {
        string Fill(string text) => text
            .Replace("{a}", agent, StringComparison.Ordinal)
            .Replace("{v}", agent == "own" ? "victim" : agent, StringComparison.Ordinal)
            .Replace("{s}", agent == "own" ? _server.OwnSession : _server.TheirSession, StringComparison.Ordinal)
            .Replace("{d}", agent == "own" ? _server.OwnDirective : _server.TheirDirective, StringComparison.Ordinal);
        return route == "POST /mcp"
            ? new McpCaller(_server.Mesh, key).SendAsync(body!)
            : _server.Mesh.SendAsync(new HttpMethod(route.Split(' ')[0]), Fill(path), body is null ? null : Fill(body), key);
    }
}

/// <summary>One server with a key of every kind.</summary>
public sealed class AccessServer : IAsyncLifetime
{
    internal MeshHost Mesh { get; private set; } = null!;

    internal Dictionary<string, string> Invalid { get; } = [];

    /// <summary>A key with each scope alone; that with <c>agent:self</c> is bound to <c>own</c>.</summary>
    internal Dictionary<string, string> OfScope { get; } = [];

    /// <summary>Every scope that can be limited, for <c>own</c> alone.</summary>
    internal string OnlyOwn { get; private set; } = "";
    internal string OwnDirective { get; private set; } = "";
    internal string OwnSession { get; private set; } = "";
    internal string TheirSession { get; private set; } = "";
    internal string TheirDirective { get; private set; } = "";
    internal string Unauthenticated { get; private set; } = "";
    internal string UnauthenticatedOfA2A { get; private set; } = "";

    public async Task InitializeAsync()
    {
        Mesh = await MeshHost.StartAsync();
        var expired = await Mesh.MintAsync("""{"ttl":60}""");
        var rotated = await Mesh.MintAsync("""{"session_key":"rotated"}""");
        await Mesh.MintAsync("""{"session_key":"rotated"}""");
        await Mesh.AdvanceAsync(61);
        foreach (var agent in new[] { "own", "theirs", "victim" })
        {
            await Mesh.RegisterAsync(agent, 86_400);
        }

        OwnSession = (await Mesh.GetAsync("agents/own")).Json["session_id"]!.GetValue<string>();
        TheirSession = (await Mesh.GetAsync("agents/theirs")).Json["session_id"]!.GetValue<string>();
        OwnDirective = await DirectiveAsync("own");
        TheirDirective = await DirectiveAsync("theirs");
        var revoked = await Mesh.MintAsync("{}");
        await Mesh.DeleteAsync("keys/" + revoked[4..16]);
        var live = await Mesh.MintAsync("{}");
        var refresh = (await Mesh.PostAsync("keys", """{"refresh":true}""")).Json["refresh_token"]!.GetValue<string>();
        foreach (var (why, key) in new[]
        {
            ("none", ""), ("garbage", "garbage"), ("wrong checksum", live[..^1] + (live[^1] == 'x' ? 'y' : 'x')), ("expired", expired),
            ("revoked", revoked),
            ("rotated out", rotated), ("a refresh token's shape", "smr_" + live[4..]), ("unknown", "smk_aaaaaaaaaaaa" + live[16..]),
        })
        {
            Invalid[why] = key;
        }

        foreach (var scope in Scopes.All.Except([Scopes.AgentSelf]))
        {
            OfScope[scope] = await Mesh.MintAsync($$"""{"scopes":["{{scope}}"],"ttl":86400}""");
        }

        OfScope[Scopes.AgentSelf] = await Mesh.MintAsync("""{"agent_id":"own"}""");
        OnlyOwn = await Mesh.MintAsync("""
            {"scopes":["mesh:read","registry:write","steer","kill","sessions:read","sessions:write","keys:mint"],"within":["agent:own"]}
            """);
        Unauthenticated = (await Mesh.GetAsync("alive", "")).ShouldBeProblem(401, "unauthenticated").Text;
        Assert.Equal(Unauthenticated, (await Mesh.GetAsync("alive", refresh)).Text);
        UnauthenticatedOfA2A = (await Mesh.GetAsync("a2a/tasks", "")).ShouldBeA2AError(401, "UNAUTHENTICATED", "UNAUTHENTICATED").Text;
    }

    public async Task DisposeAsync() => await Mesh.DisposeAsync();

    private async Task<string> DirectiveAsync(string agent)
    {
        var steered = await Mesh.PostAsync("steer", $$"""{"agent_id":"{{agent}}","direction":"north"}""");
        await Mesh.PostAsync($"agents/{agent}/directives/1/ack", """{"state":"acknowledged"}""");
        return steered.Json["directive_id"]!.GetValue<string>();
    }
}
