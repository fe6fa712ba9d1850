using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Keys;

public sealed class ScopeTests
{
    public static TheoryData<string, string, string> Routes => new()
    {
        { "GET alive", "mesh:read", "mesh:read" },
        { "GET agents", "mesh:read", "mesh:read" },
        { "GET agents/a", "mesh:read", "mesh:read or agent:self" },
        { "GET registry", "mesh:read", "mesh:read" },
        { "GET directives/d-1", "mesh:read", "mesh:read or steer" },
        { "GET directives/d-1?wait=accepted", "steer", "mesh:read or steer" },
        { "GET events?after=x", "mesh:read", "mesh:read" },
        { "GET audit?limit=x", "audit:read", "audit:read" },
        { "POST agents", "registry:write", "registry:write or agent:self" },
        { "POST registry", "registry:write", "registry:write or agent:self" },
        { "DELETE registry", "registry:write", "registry:write or agent:self" },
        { "POST agents/a/heartbeat", "registry:write", "registry:write or agent:self" },
        { "POST heartbeats", "registry:write", "registry:write or agent:self" },
        { "POST agents/a/exit", "registry:write", "registry:write or agent:self" },
        { "GET agents/a/directives", "registry:write", "registry:write or agent:self" },
        { "POST agents/a/directives/1/ack", "registry:write", "registry:write or agent:self" },
        { "POST steer", "steer", "steer" },
        { "DELETE directives/d-1", "steer", "steer" },
        { "GET agents/a/directives/history", "mesh:read", "mesh:read or agent:self" },
        { "DELETE agents", "kill", "kill" },
        { "POST agents/a/revive", "kill", "kill" },
        { "DELETE agents/a", "kill", "kill" },
        { "POST keys", "keys:mint", "keys:mint" },
        { "POST sessions", "sessions:write", "sessions:write" },
        { "GET sessions", "sessions:read", "sessions:read" },
        { "GET sessions/x", "sessions:read", "sessions:read or agent:self" },
        { "PATCH sessions/x", "sessions:write", "sessions:write or agent:self" },
        { "POST sessions/x/refresh", "sessions:write", "sessions:write or agent:self" },
        { "POST sessions/x/expire", "sessions:write", "sessions:write or agent:self" },
        { "DELETE sessions/x", "sessions:write", "sessions:write" },
        { "GET sessions/stats", "sessions:read", "sessions:read" },
        { "GET sessions/export", "sessions:read", "sessions:read" },
        { "POST sessions/import", "sessions:write", "sessions:write" },
        { "POST sessions/cleanup", "sessions:write", "sessions:write" },
        { "GET keys", "keys:mint", "keys:mint" },
        { "GET keys/aaaaaaaaaaaa", "keys:mint", "keys:mint" },
        { "POST admin/compact", "admin", "admin" },
        { "GET admin/compact", "admin", "admin" },
        { "POST admin/backup", "admin", "admin" },
        { "POST admin/restore", "admin", "admin" },
        { "POST admin/check", "admin", "admin" },
        { "DELETE keys/aaaaaaaaaaaa", "keys:mint", "keys:mint" },
    };

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_NeedsItsScope_AndNamesItInTheRefusal(string route, string scope, string named)
    {
        await using var mesh = await MeshHost.StartAsync();
        var (method, path) = (new HttpMethod(route.Split(' ')[0]), route.Split(' ')[1]);
        var others = Contracts.Keys.Scopes.All.Except([.. named.Split(" or "), "admin", "agent:self"]).Select(s => $"\"{s}\"");
        var without = await mesh.MintAsync($$"""{"scopes":[{{string.Join(",", others)}}]}""");
        var with = await mesh.MintAsync($$"""{"scopes":["{{scope}}"]}""");
        var revision = mesh.Revision;
        var refused = (await mesh.SendAsync(method, path, method == HttpMethod.Get ? null : "{", without))
            .ShouldBeProblem(403, "missing_scope");
        Assert.Contains($"lacks the scope {named}.", refused.Detail, StringComparison.Ordinal);
        Assert.Equal(revision, mesh.Revision);
        Assert.NotEqual(403, (await mesh.SendAsync(method, path, method == HttpMethod.Get ? null : "{", with)).Status);
    }

    [Fact]
    public async Task AgentSelf_MayLeaveItsIdOut_AndDoAllThatAnAgentDoes()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.PostAsync("agents", """{"agent_id":"a","declare":true}""");
        var key = await mesh.MintAsync("""{"agent_id":"a"}""");
        foreach (var (method, path, body, status) in new[]
        {
            ("POST", "agents", "{}", 201),
            ("POST", "registry", """{"specialization":"s"}""", 200),
            ("GET", "agents/a", null, 200),
            ("POST", "agents/a/heartbeat", null, 200),
            ("POST", "heartbeats", """{"agents":["a"]}""", 200),
            ("GET", "agents/a/directives", null, 200),
            ("DELETE", "registry?specialization=s&agent_id=a", null, 200),
        })
        {
            var reply = await mesh.SendAsync(new HttpMethod(method), path, body, key);
            Assert.True(reply.Status == status, $"{method} {path}: {reply.Text}");
        }

        await mesh.SteerAsync("a");
        Assert.Equal(200, (await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged"}""", key)).Status);
        Assert.Equal(200, (await mesh.PostAsync("agents/a/exit", """{"incarnation":1}""", key)).Status);
    }

    [Fact]
    public async Task AgentSelf_OfAnotherAgent_Is403_WhetherThatExistsOrNot()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.RegisterAsync("b");
        await mesh.PostAsync("steer", """{"agent_id":"b","direction":"north"}""");
        var key = await mesh.MintAsync("""{"agent_id":"a"}""");
        var revision = mesh.Revision;
        foreach (var other in new[] { "b", "nobody" })
        {
            foreach (var (method, path, body) in new[]
            {
                ("POST", "agents", $$"""{"agent_id":"{{other}}"}"""),
                ("POST", "registry", $$"""{"agent_id":"{{other}}","specialization":"s"}"""),
                ("GET", $"agents/{other}", null),
                ("POST", $"agents/{other}/heartbeat", null),
                ("GET", $"agents/{other}/directives", null),
                ("GET", $"agents/{other}/directives/history", null),
                ("POST", $"agents/{other}/directives/1/ack", """{"state":"acknowledged"}"""),
                ("POST", $"agents/{other}/exit", """{"incarnation":1}"""),
                ("DELETE", $"registry?specialization=s&agent_id={other}", null),
            })
            {
                (await mesh.SendAsync(new HttpMethod(method), path, body, key)).ShouldBeProblem(403, "not_your_agent");
            }

            (await mesh.PostAsync("heartbeats", $$"""{"agents":["{{other}}","a"]}""", key))
                .ShouldBe(200, $$"""{"epoch":1,"accepted":1,"refused":[{"agent_id":"{{other}}","code":"not_your_agent"}],"pending":[]}""");
        }

        Assert.Equal(revision, mesh.Revision);
        foreach (var path in new[] { "alive", "agents", "events", "registry", "directives/d-4" })
        {
            (await mesh.GetAsync(path, key)).ShouldBeProblem(403, "missing_scope");
        }
    }
}
