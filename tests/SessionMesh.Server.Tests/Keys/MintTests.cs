using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Keys;

public sealed class MintTests
{
    [Fact]
    public async Task Create_SeedsBody_AnswersWithATokenShownOnce()
    {
        await using var mesh = await MeshHost.StartAsync();
        var reply = await mesh.PostAsync("keys", """{"session_key":"abc123","ttl":3600}""");
        reply.ShouldBe(201, $$"""
            {"key_id":"*","session_key":"abc123","token":"*","ttl":3600,"expires_at":"{{At(3600)}}","scopes":["admin"],"within":null,
             "agent_id":null,"generation":1,"refresh_token":null,"service":false}
            """);
        Assert.Equal("no-store", reply.Headers["Cache-Control"]);
        var (id, token) = (reply.Json["key_id"]!.GetValue<string>(), reply.Json["token"]!.GetValue<string>());
        Assert.Matches("^smk_[a-z0-9]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$", token);
        Assert.Equal(id, token[4..16]);
        Assert.Equal(200, (await mesh.GetAsync("alive", token)).Status);
    }

    [Fact]
    public async Task Create_WithoutABody_IsNamedByItsIdAndLivesAnHour()
    {
        await using var mesh = await MeshHost.StartAsync();
        var reply = await mesh.PostAsync("keys");
        reply.ShouldBe(201, $$"""
            {"key_id":"*","session_key":"{{reply.Json["key_id"]}}","token":"*","ttl":3600,"expires_at":"{{At(3600)}}","scopes":["admin"],
             "within":null,"agent_id":null,"generation":1,"refresh_token":null,"service":false}
            """);
    }

    [Theory]
    [InlineData(1, 60)]
    [InlineData(59, 60)]
    [InlineData(60, 60)]
    [InlineData(61, 61)]
    [InlineData(86_400, 86_400)]
    [InlineData(86_401, 86_400)]
    [InlineData(int.MaxValue, 86_400)]
    public async Task Create_Ttl_IsClampedAndSaysWhatWasGranted(int asked, int granted)
    {
        await using var mesh = await MeshHost.StartAsync();
        var reply = await mesh.PostAsync("keys", $$"""{"ttl":{{asked}}}""");
        Assert.Equal(granted, reply.Json["ttl"]!.GetValue<int>());
        Assert.Equal(At(granted), reply.Json["expires_at"]!.GetValue<string>());
    }

    [Fact]
    public async Task Create_Child_LivesWithinItsParent()
    {
        await using var mesh = await MeshHost.StartAsync();
        var parent = await mesh.MintAsync("""{"ttl":100}""");
        await mesh.AdvanceAsync(30);
        var child = await mesh.PostAsync("keys", """{"ttl":1000,"scopes":["steer"]}""", parent);
        child.ShouldBe(201, $$"""
            {"key_id":"*","session_key":"*","token":"*","ttl":70,"expires_at":"{{At(100)}}","scopes":["steer"],"within":null,
             "agent_id":null,"generation":1,"refresh_token":null,"service":false}
            """);
        await mesh.RegisterAsync("a");
        var bound = await mesh.PostAsync("keys", """{"agent_id":"a"}""", parent);
        Assert.Equal(At(100), bound.Json["expires_at"]!.GetValue<string>());
    }

    [Fact]
    public async Task Create_BoundToAnAgent_HasNoEndOfItsOwn_AndGoesWithTheIncarnation()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("123");
        var reply = await mesh.PostAsync("keys", """{"agent_id":123,"session_key":"own"}""");
        reply.ShouldBe(201, """
            {"key_id":"*","session_key":"own","token":"*","ttl":null,"expires_at":null,"scopes":["agent:self"],"within":["agent:123"],
             "agent_id":"123","generation":1,"refresh_token":null,"service":false}
            """);
        var token = reply.Json["token"]!.GetValue<string>();
        Assert.Equal(200, (await mesh.PostAsync("agents/123/heartbeat", key: token)).Status);
        await mesh.PostAsync("agents", """{"agent_id":"123","takeover":true}""");
        (await mesh.PostAsync("agents/123/heartbeat", key: token)).ShouldBeProblem(401, "unauthenticated");
    }

    [Theory]
    [InlineData("declared")]
    [InlineData("dead")]
    public async Task Create_BoundToAnAgentWithoutASession_IsForItsNextIncarnation(string status)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.PostAsync("agents", $$"""{"agent_id":"a","declare":{{(status == "declared" ? "true" : "false")}}}""");
        if (status == "dead")
        {
            await mesh.DeleteAsync("agents/a?force=true");
        }

        var key = await mesh.MintAsync("""{"agent_id":"a"}""");
        if (status == "dead")
        {
            await mesh.PostAsync("agents/a/exit", """{"incarnation":1}"""); // the end before confirmed late: no word about the next
        }

        Assert.Equal(201, (await mesh.PostAsync("agents", "{}", key)).Status);
        Assert.Equal(200, (await mesh.PostAsync("agents/a/heartbeat", key: key)).Status);
        await mesh.PostAsync("agents/a/exit", status == "dead" ? """{"incarnation":2}""" : """{"incarnation":1}""");
        (await mesh.PostAsync("agents/a/heartbeat", key: key)).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task Create_BoundToADeclaredAgentThatIsKilled_IsRevokedWithIt()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.PostAsync("agents", """{"agent_id":"a","declare":true}""");
        var key = await mesh.MintAsync("""{"agent_id":"a"}""");
        await mesh.DeleteAsync("agents/a");
        (await mesh.PostAsync("agents", "{}", key)).ShouldBeProblem(401, "unauthenticated");
    }

    /// <summary>Its first registration gets an incarnation above every one that was forgotten, and the key is for that.</summary>
    [Fact]
    public async Task Create_BoundToAnAgentDeclaredAfterAForgetting_IsForTheIncarnationThatItsRegistrationBegins()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("old");
        await mesh.PostAsync("agents", """{"agent_id":"old","takeover":true}""");
        await mesh.PostAsync("agents/old/exit", """{"incarnation":2,"exit_code":0}""");
        (await mesh.DeleteAsync("agents/old?forget=true")).ShouldBeOk();
        await mesh.PostAsync("agents", """{"agent_id":"a","declare":true}""");
        var key = await mesh.MintAsync("""{"agent_id":"a"}""");
        Assert.Equal(3, (await mesh.GetAsync("keys/" + key[4..16])).Json["incarnation"]!.GetValue<int>());
        Assert.Equal(3, (await mesh.PostAsync("agents", "{}", key)).Json["incarnation"]!.GetValue<int>());
        Assert.Equal(200, (await mesh.PostAsync("agents/a/heartbeat", key: key)).Status);
        await mesh.PostAsync("agents/a/exit", """{"incarnation":3,"exit_code":0}""");
        (await mesh.PostAsync("agents/a/heartbeat", key: key)).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task Create_BoundToAnUnknownAgent_Is404()
    {
        await using var mesh = await MeshHost.StartAsync();
        (await mesh.PostAsync("keys", """{"agent_id":"nobody"}""")).ShouldBeProblem(404, "agent_not_found");
        Assert.Equal(1, mesh.Revision);
    }

    [Fact]
    public async Task Create_SameName_IsTheNextGeneration_AndTheOneBeforeLivesThirtySecondsMore()
    {
        await using var mesh = await MeshHost.StartAsync();
        var first = await mesh.MintAsync("""{"session_key":"ci"}""");
        var second = await mesh.PostAsync("keys", """{"session_key":"ci"}""");
        Assert.Equal(2, second.Json["generation"]!.GetValue<int>());
        var other = await mesh.MintAsync("""{"session_key":"other"}""");
        var underOther = await mesh.PostAsync("keys", """{"session_key":"ci"}""", other);
        Assert.Equal(1, underOther.Json["generation"]!.GetValue<int>()); // a name is unique under the key that mints
        await mesh.AdvanceAsync(29);
        Assert.Equal(200, (await mesh.GetAsync("alive", first)).Status);
        await mesh.AdvanceAsync(1);
        (await mesh.GetAsync("alive", first)).ShouldBeProblem(401, "unauthenticated");
        Assert.Equal(200, (await mesh.GetAsync("alive", second.Json["token"]!.GetValue<string>())).Status);
        Assert.Equal(3, (await mesh.PostAsync("keys", """{"session_key":"ci"}""")).Json["generation"]!.GetValue<int>());
    }

    [Fact]
    public async Task Create_RefusedScopes_NameWhatIsWrong()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var minter = await mesh.MintAsync("""{"scopes":["keys:mint","mesh:read"]}""");
        var revision = mesh.Revision;
        var refused = await mesh.PostAsync("keys", """{"scopes":["mesh:read","kill","steer"]}""", minter);
        refused.ShouldBeProblem(403, "missing_scope");
        Assert.Contains("steer, kill", refused.Detail, StringComparison.Ordinal);
        foreach (var (body, pointer) in new[]
        {
            ("""{"scopes":["agent:self"]}""", "/scopes"),
            ("""{"agent_id":"a","scopes":["admin"]}""", "/scopes"),
            ("""{"within":["cluster:x"],"scopes":["audit:read"]}""", "/scopes"),
            ("""{"agent_id":"a","within":["cluster:x"]}""", "/within"),
            ("""{"within":[]}""", "/within"),
            ("""{"within":["x"]}""", "/within/0"),
            ("""{"within":["cluster:"]}""", "/within/0"),
            ("""{"within":["agent:a","agent:!"]}""", "/within/1"),
            ("""{"within":[null]}""", "/within/0"),
            ("""{"within":["agent:a","agent:b"],"scopes":["steer"]}""", "/within"),
            ("""{"within":["cluster:x","cluster:y"],"scopes":["steer"]}""", "/within"),
            ("""{"scopes":[]}""", "/scopes"),
            ("""{"scopes":["mesh:read","root"]}""", "/scopes/1"),
            ("""{"scopes":[null]}""", "/scopes/0"),
            ("""{"ttl":0}""", "/ttl"),
            ("""{"ttl":-1}""", "/ttl"),
            ("""{"refresh":true,"agent_id":"a"}""", "/refresh"),
            ("""{"session_key":""}""", "/session_key"),
        })
        {
            (await mesh.PostAsync("keys", body)).ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"").ShouldBlame(pointer);
        }

        Assert.Equal(revision, mesh.Revision);
    }

    [Fact]
    public async Task Mint_BoundKey_ByAKeyThatMayNotRegister_IsRefused()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var minter = await mesh.MintAsync("""{"scopes":["keys:mint","mesh:read"]}""");
        var revision = mesh.Revision;
        (await mesh.PostAsync("keys", """{"agent_id":"a"}""", key: minter)).ShouldBeProblem(403, "missing_scope");
        Assert.Equal(revision, mesh.Revision);
        var both = await mesh.MintAsync("""{"scopes":["keys:mint","registry:write"]}""");
        Assert.Equal(201, (await mesh.PostAsync("keys", """{"agent_id":"a"}""", key: both)).Status);
    }
}
