using SessionMesh.Contracts;
using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Keys;

public sealed class RefreshTests
{
    [Fact]
    public async Task Refresh_GivesTheNextGeneration_WithATokenOfItsOwn_AndTheKeyBeforeLivesThirtySecondsMore()
    {
        await using var mesh = await MeshHost.StartAsync();
        var (first, refresh) = await MintAsync(mesh, """{"session_key":"ci","refresh":true,"scopes":["mesh:read"],"ttl":600}""");
        Assert.Matches($"^smr_{first[4..16]}_[0-9A-Za-z]{{43}}_[0-9A-Za-z]{{6}}$", refresh);
        await mesh.AdvanceAsync(100);
        var reply = await mesh.PostAsync("keys/refresh", key: refresh);
        reply.ShouldBe(201, $$"""
            {"key_id":"*","session_key":"ci","token":"*","ttl":600,"expires_at":"{{At(700)}}","scopes":["mesh:read"],"within":null,
             "agent_id":null,"generation":2,"refresh_token":"*","service":false}
            """);
        Assert.Equal("no-store", reply.Headers["Cache-Control"]);
        var second = reply.Json["token"]!.GetValue<string>();
        await mesh.AdvanceAsync(29);
        Assert.Equal(200, (await mesh.GetAsync("alive", first)).Status);
        await mesh.AdvanceAsync(1);
        (await mesh.GetAsync("alive", first)).ShouldBeProblem(401, "unauthenticated");
        Assert.Equal(200, (await mesh.GetAsync("alive", second)).Status);
    }

    [Fact]
    public async Task Refresh_AfterTheKeyExpired_StillWorks_AlsoAfterARestart_AndUntilSevenDaysAreOver()
    {
        await using var mesh = await MeshHost.StartAsync();
        var (key, refresh) = await MintAsync(mesh, """{"refresh":true,"ttl":60}""");
        await mesh.AdvanceAsync(61);
        (await mesh.GetAsync("alive", key)).ShouldBeProblem(401, "unauthenticated");
        await mesh.RestartAsync();
        var second = await mesh.PostAsync("keys/refresh", """{"ttl":120}""", refresh);
        Assert.Equal(120, second.Json["ttl"]!.GetValue<int>());
        Assert.Equal(200, (await mesh.GetAsync("alive", Text(second, "token"))).Status);

        mesh.Time.Suspend(TimeSpan.FromSeconds(Limits.RefreshTokenTtl - 2));
        await mesh.AdvanceAsync(1);
        var third = await mesh.PostAsync("keys/refresh", key: Text(second, "refresh_token"));
        Assert.Equal(201, third.Status);
        mesh.Time.Suspend(TimeSpan.FromSeconds(Limits.RefreshTokenTtl - 1));
        await mesh.AdvanceAsync(1);
        (await mesh.PostAsync("keys/refresh", key: Text(third, "refresh_token"))).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task Refresh_TokenUsedTwice_RevokesTheWholeFamily_AndItsStreams_AndAllBelow()
    {
        await using var mesh = await MeshHost.StartAsync();
        var (first, refresh) = await MintAsync(mesh, """{"session_key":"ci","refresh":true}""");
        var child = await mesh.MintAsync("""{"session_key":"below"}""", first);
        var second = await mesh.PostAsync("keys/refresh", key: refresh);
        await using var events = await mesh.ListenAsync("events", Text(second, "token"));
        var refused = await mesh.PostAsync("keys/refresh", key: refresh);
        refused.ShouldBeProblem(401, "unauthenticated");
        Assert.Equal("Bearer realm=\"session-mesh\"", refused.Headers["WWW-Authenticate"]);
        var end = await events.NextAsync();
        while (end.Name != "end")
        {
            end = await events.NextAsync();
        }

        Assert.Equal("key_revoked", end.Json["code"]!.GetValue<string>());
        foreach (var gone in new[] { first, Text(second, "token"), child })
        {
            (await mesh.GetAsync("alive", gone)).ShouldBeProblem(401, "unauthenticated");
        }

        (await mesh.PostAsync("keys/refresh", key: Text(second, "refresh_token"))).ShouldBeProblem(401, "unauthenticated");
        var said = await mesh.ChangeAsync("key.revoked", first[4..16]);
        Assert.Equal("its refresh token was used twice", said.Json["reason"]!.GetValue<string>());
    }

    [Fact]
    public async Task Refresh_KeepsWhatWasMintedBelow()
    {
        await using var mesh = await MeshHost.StartAsync();
        var (first, refresh) = await MintAsync(mesh, """{"refresh":true,"ttl":600}""");
        var child = await mesh.MintAsync("""{"ttl":600}""", first);
        var second = await mesh.PostAsync("keys/refresh", key: refresh);
        await mesh.AdvanceAsync(60);
        (await mesh.GetAsync("alive", first)).ShouldBeProblem(401, "unauthenticated");
        Assert.Equal(200, (await mesh.GetAsync("alive", child)).Status);
        Assert.Equal(Text(second, "key_id"), (await mesh.GetAsync("keys/self", child)).Json["parent_id"]!.GetValue<string>());
        await mesh.DeleteAsync("keys/" + Text(second, "key_id"));
        (await mesh.GetAsync("alive", child)).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task Refresh_OfAKeyWhoseParentIsRevoked_Is401()
    {
        await using var mesh = await MeshHost.StartAsync();
        var parent = await mesh.MintAsync("{}");
        var reply = await mesh.PostAsync("keys", """{"refresh":true,"ttl":60}""", parent);
        await mesh.AdvanceAsync(61);
        await mesh.RevokeAsync(parent);
        (await mesh.PostAsync("keys/refresh", key: Text(reply, "refresh_token"))).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task Refresh_ThreeGenerations_OnlyTheImmediatePredecessorOverlaps()
    {
        await using var mesh = await MeshHost.StartAsync();
        var (first, refresh) = await MintAsync(mesh, """{"refresh":true}""");
        var second = await mesh.PostAsync("keys/refresh", key: refresh);
        var third = await mesh.PostAsync("keys/refresh", key: Text(second, "refresh_token"));
        (await mesh.GetAsync("alive", first)).ShouldBeProblem(401, "unauthenticated");
        Assert.Equal(200, (await mesh.GetAsync("alive", Text(second, "token"))).Status);
        Assert.Equal(200, (await mesh.GetAsync("alive", Text(third, "token"))).Status);
    }

    [Fact]
    public async Task Refresh_ARepeatedCallUnderItsIdempotencyKey_ShowsNoSecretAgain_AndRevokesNothing()
    {
        await using var mesh = await MeshHost.StartAsync();
        var (_, refresh) = await MintAsync(mesh, """{"refresh":true}""");
        var once = await mesh.PostAsync("keys/refresh", key: refresh, idempotencyKey: "r1");
        var again = await mesh.PostAsync("keys/refresh", key: refresh, idempotencyKey: "r1");
        again.ShouldBeProblem(409, "secret_not_repeatable", $",\"key_id\":\"{Text(once, "key_id")}\"");
        Assert.Equal(200, (await mesh.GetAsync("alive", Text(once, "token"))).Status);
    }

    [Fact]
    public async Task Refresh_OfAKeyWhoseNameWasMintedAgain_Is401_AndEndsNobody()
    {
        await using var mesh = await MeshHost.StartAsync();
        var (_, leaked) = await MintAsync(mesh, """{"session_key":"ops","scopes":["kill","mesh:read"],"refresh":true}""");
        var next = await mesh.MintAsync("""{"session_key":"ops","scopes":["mesh:read"]}""");
        (await mesh.PostAsync("keys/refresh", key: leaked)).ShouldBeProblem(401, "unauthenticated");
        Assert.Equal(200, (await mesh.GetAsync("alive", next)).Status);
        await mesh.RestartAsync();
        (await mesh.PostAsync("keys/refresh", key: leaked)).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task Mint_AgainWithLess_EndsTheKeysBelowThatHaveMore_AndNoOther()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var parent = await mesh.MintAsync("""{"session_key":"ops","scopes":["kill","mesh:read","keys:mint","registry:write"]}""");
        var more = await mesh.PostAsync("keys", """{"scopes":["kill"],"refresh":true}""", parent);
        var bound = await mesh.MintAsync("""{"agent_id":"a"}""", parent);
        var less = await mesh.MintAsync("""{"scopes":["mesh:read"]}""", parent);
        var narrowed = await mesh.MintAsync("""{"session_key":"ops","scopes":["mesh:read","keys:mint"]}""");
        (await mesh.GetAsync("keys/self", Text(more, "token"))).ShouldBeProblem(401, "unauthenticated");
        (await mesh.PostAsync("keys/refresh", key: Text(more, "refresh_token"))).ShouldBeProblem(401, "unauthenticated");
        (await mesh.GetAsync("keys/self", bound)).ShouldBeProblem(401, "unauthenticated");
        Assert.Equal(200, (await mesh.GetAsync("keys/self", less)).Status);
        await mesh.MintAsync("""{"session_key":"ops","scopes":["mesh:read","keys:mint"],"within":["agent:a"]}""");
        (await mesh.GetAsync("keys/self", less)).ShouldBeProblem(401, "unauthenticated");
        Assert.NotNull(narrowed);
    }

    [Fact]
    public async Task RefreshToken_OpensNothingElse_AndNoKeyRefreshes()
    {
        await using var mesh = await MeshHost.StartAsync();
        var (key, refresh) = await MintAsync(mesh, """{"refresh":true}""");
        (await mesh.GetAsync("alive", refresh)).ShouldBeProblem(401, "unauthenticated");
        (await mesh.GetAsync("keys/self", refresh)).ShouldBeProblem(401, "unauthenticated");
        (await mesh.PostAsync("keys/refresh", key: key)).ShouldBeProblem(401, "unauthenticated");
        (await mesh.PostAsync("keys/refresh", key: refresh[..^8] + (refresh[^8] == 'x' ? 'y' : 'x') + refresh[^7..]))
            .ShouldBeProblem(401, "unauthenticated");
        (await mesh.PostAsync("keys/refresh", """{"ttl":0}""", refresh))
            .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"")
            .ShouldBlame("/ttl");
        (await mesh.PostAsync("keys/refresh", """{"name":"x"}""", refresh))
            .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"")
            .ShouldBlame("/name");
        Assert.Equal(201, (await mesh.PostAsync("keys/refresh", key: refresh)).Status); // a refused call used nothing up
    }

    [Fact]
    public async Task RefreshToken_StandsInTheStoreAsItsHashAlone_AndNotInTheEvents()
    {
        await using var mesh = await MeshHost.StartAsync();
        var (key, refresh) = await MintAsync(mesh, """{"refresh":true}""");
        var minted = await mesh.ChangeAsync("key.minted", key[4..16]);
        Assert.Null(minted.Json["hash"]);
        Assert.Null(minted.Json["refresh_hash"]);
        Assert.Equal(Rows.At(Limits.RefreshTokenTtl), minted.Json["refresh_expires_at"]!.GetValue<string>());
        await mesh.StopAsync();
        var stored = await mesh.StoredAsync();
        Assert.Contains(Server.Auth.KeyToken.Hash(refresh), stored, StringComparison.Ordinal);
        Assert.DoesNotContain(refresh.Split('_')[2], stored, StringComparison.Ordinal);
    }

    private static async Task<(string Token, string Refresh)> MintAsync(MeshHost mesh, string body)
    {
        var reply = await mesh.PostAsync("keys", body);
        Assert.True(reply.Status == 201, reply.Text);
        return (Text(reply, "token"), Text(reply, "refresh_token"));
    }

    private static string Text(Reply reply, string member) => reply.Json[member]!.GetValue<string>();
}
