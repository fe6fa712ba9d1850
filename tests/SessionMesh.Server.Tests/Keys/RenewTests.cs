using SessionMesh.Core.Audit;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Keys;

/// <summary><c>GET /keys/{key_id}</c> of keys that have ended, and <c>POST /keys/{key_id}/renew</c>.</summary>
public sealed class RenewTests
{
    [Fact]
    public async Task Get_OfAKeyThatHasEnded_SaysHowAndWhen_ToWhoMaySeeIt()
    {
        await using var mesh = await MeshHost.StartAsync();
        var lead = await mesh.MintAsync("""{"session_key":"lead","scopes":["keys:mint","steer"],"ttl":7200}""");
        var mid = await mesh.MintAsync("""{"session_key":"mid","ttl":100}""", lead);
        var expired = await mesh.MintAsync("""{"session_key":"ci","scopes":["steer"],"ttl":60}""", mid);
        var revoked = await mesh.MintAsync("""{"session_key":"bad","scopes":["steer"],"ttl":60}""", mid);
        var rotated = await mesh.MintAsync("""{"session_key":"rot","scopes":["steer"],"ttl":600}""", lead);
        var other = await mesh.MintAsync("""{"scopes":["keys:mint","steer"],"ttl":7200}""");
        await mesh.AdvanceAsync(10);
        await mesh.RevokeAsync(revoked);
        await mesh.MintAsync("""{"session_key":"rot","scopes":["steer"],"ttl":60}""", lead);
        Assert.Equal("valid null", await StateAsync(mesh, rotated));
        await mesh.AdvanceAsync(200);
        foreach (var reader in new[] { mesh.RootKey, lead })
        {
            Assert.Equal("expired " + At(60), await StateAsync(mesh, expired, reader));
            Assert.Equal("revoked " + At(10), await StateAsync(mesh, revoked, reader));
            Assert.Equal("rotated " + At(40), await StateAsync(mesh, rotated, reader));
            Assert.Equal("expired " + At(100), await StateAsync(mesh, mid, reader));
        }

        (await mesh.GetAsync("keys/" + expired[4..16], other)).ShouldBeProblem(404, "key_not_found");
        (await mesh.GetAsync("keys/" + expired[4..16])).ShouldBe(200, $$"""
            {"key_id":"{{expired[4..16]}}","session_key":"ci","parent_id":"{{mid[4..16]}}","scopes":["steer"],"within":null,"agent_id":null,
             "incarnation":null,"generation":1,"valid":false,"state":"expired","ended_at":"{{At(60)}}","created_at":"{{At(0)}}",
             "expires_at":"{{At(60)}}","refreshable_until":null,"service":false,"last_used_at":null}
            """);
        await mesh.RestartAsync();
        Assert.Equal("revoked " + At(10), await StateAsync(mesh, revoked));
    }

    [Fact]
    public async Task Renew_OfAnExpiredKey_IsTheSameKeyAgain_AndNoMore()
    {
        await using var mesh = await MeshHost.StartAsync();
        var lead = await mesh.MintAsync(
            """{"session_key":"lead","scopes":["keys:mint","steer","mesh:read"],"within":["cluster:c"],"ttl":7200}""");
        var old = await mesh.MintAsync("""{"session_key":"ci","scopes":["steer"],"ttl":60}""", lead);
        await mesh.AdvanceAsync(100);
        var renewed = await mesh.PostAsync($"keys/{old[4..16]}/renew");
        renewed.ShouldBe(201, $$"""
            {"key_id":"*","session_key":"ci","token":"*","ttl":60,"expires_at":"{{At(160)}}","scopes":["steer"],"within":["cluster:c"],
             "agent_id":null,"generation":1,"refresh_token":null,"service":false}
            """);
        Assert.Equal("no-store", renewed.Headers["Cache-Control"]);
        var token = renewed.Json["token"]!.GetValue<string>();
        var self = (await mesh.GetAsync("keys/self", token)).Json;
        Assert.Equal(lead[4..16], self["parent_id"]!.GetValue<string>()); // below what it was minted under, not below who renewed it
        (await mesh.GetAsync("alive", token)).ShouldBeProblem(403, "missing_scope");
        (await mesh.GetAsync("alive", old)).ShouldBeProblem(401, "unauthenticated");
        await mesh.RevokeAsync(lead);
        (await mesh.GetAsync("keys/self", token)).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task Renew_WhoseParentHasExpired_HangsBelowWhoRenewsIt()
    {
        await using var mesh = await MeshHost.StartAsync();
        var lead = await mesh.MintAsync("""{"session_key":"lead","scopes":["keys:mint","steer"],"ttl":100}""");
        var old = await mesh.MintAsync("""{"session_key":"ci","scopes":["steer"],"ttl":60}""", lead);
        await mesh.AdvanceAsync(200);
        var renewed = await mesh.PostAsync($"keys/{old[4..16]}/renew");
        var self = (await mesh.GetAsync("keys/self", renewed.Json["token"]!.GetValue<string>())).Json;
        Assert.Equal((mesh.RootKey[4..16], "steer"), (self["parent_id"]!.GetValue<string>(), self["scopes"]![0]!.GetValue<string>()));
    }

    [Fact]
    public async Task Renew_OfAServiceKey_IsOneAgain_AndWantsAdmin()
    {
        await using var mesh = await MeshHost.StartAsync();
        var old = await mesh.MintAsync("""{"session_key":"scraper","service":true,"scopes":["mesh:read"],"ttl":2592000}""");
        mesh.Time.JumpWall(TimeSpan.FromDays(31));
        await mesh.AdvanceAsync(1);
        var renewed = await mesh.PostAsync($"keys/{old[4..16]}/renew");
        Assert.Equal((2_592_000, true), (renewed.Json["ttl"]!.GetValue<int>(), renewed.Json["service"]!.GetValue<bool>()));
        var minter = await mesh.MintAsync("""{"scopes":["keys:mint","mesh:read"]}""");
        (await mesh.PostAsync($"keys/{old[4..16]}/renew", key: minter)).ShouldBeProblem(404, "key_not_found");
    }

    [Fact]
    public async Task Renew_OfAKeyThatHadARefreshToken_ComesWithOne_AsItsNextGeneration()
    {
        await using var mesh = await MeshHost.StartAsync();
        var old = (await mesh.PostAsync("keys", """{"session_key":"ci","scopes":["keys:mint","steer"],"ttl":60,"refresh":true}""")).Json;
        await mesh.AdvanceAsync(61);
        var renewed = await mesh.PostAsync($"keys/{old["key_id"]}/renew");
        Assert.Equal(2, renewed.Json["generation"]!.GetValue<int>());
        Assert.Equal(201, (await mesh.PostAsync("keys/refresh", key: renewed.Json["refresh_token"]!.GetValue<string>())).Status);
        (await mesh.PostAsync("keys/refresh", key: old["refresh_token"]!.GetValue<string>())).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task Renew_OfABoundKey_IsForTheSameIncarnation_OrNotAtAll()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", 3600);
        var old = await mesh.MintAsync("""{"agent_id":"a","session_key":"own","ttl":60}""");
        await mesh.AdvanceAsync(61);
        var renewed = await mesh.PostAsync($"keys/{old[4..16]}/renew");
        renewed.ShouldBe(201, $$"""
            {"key_id":"*","session_key":"own","token":"*","ttl":60,"expires_at":"{{At(121)}}","scopes":["agent:self"],"within":["agent:a"],
             "agent_id":"a","generation":1,"refresh_token":null,"service":false}
            """);
        await mesh.AdvanceAsync(60);
        var again = renewed.Json["key_id"]!.GetValue<string>();
        await mesh.RegisterAsync("a", 3600, ",\"takeover\":true");
        Refused(await mesh.PostAsync($"keys/{again}/renew"), again, "the incarnation 1 of a that it is bound to is over");
    }

    [Fact]
    public async Task Renew_OfAnythingButAnExpiredKey_IsRefused_AndChangesNothing()
    {
        await using var mesh = await MeshHost.StartAsync();
        var revoked = await mesh.MintAsync("""{"session_key":"bad","scopes":["steer"],"ttl":60}""");
        var below = await mesh.MintAsync("""{"session_key":"lead","scopes":["keys:mint","steer"]}""");
        var child = await mesh.MintAsync("""{"session_key":"child","scopes":["steer"],"ttl":60}""", below);
        var rotated = await mesh.MintAsync("""{"session_key":"rot","scopes":["steer"],"ttl":60}""");
        var valid = await mesh.MintAsync("""{"session_key":"ci","scopes":["steer"]}""");
        var taken = await mesh.MintAsync("""{"session_key":"taken","scopes":["steer"],"ttl":60}""");
        await mesh.RevokeAsync(revoked);
        await mesh.RevokeAsync(below);
        await mesh.AdvanceAsync(40);
        // In its last seconds, so that it gets no earlier end; and then its successor is revoked, and must not come back by it.
        var successor = await mesh.MintAsync("""{"session_key":"rot","scopes":["steer"]}""");
        await mesh.AdvanceAsync(40);
        await mesh.RevokeAsync(successor);
        var newer = await mesh.MintAsync("""{"session_key":"taken","scopes":["steer"]}""");
        var revision = mesh.Revision;
        await RefusedAsync(revoked, "it was revoked");
        await RefusedAsync(child, "it was revoked");
        await RefusedAsync(mesh.RootKey, "it was revoked");
        await RefusedAsync(valid, "it is valid");
        await RefusedAsync(rotated, "another key of its name followed it");
        await RefusedAsync(successor, "it was revoked");
        await RefusedAsync(taken, $"taken is the name of another key by now, {newer[4..16]}");
        (await mesh.PostAsync("keys/aaaaaaaaaaaa/renew")).ShouldBeProblem(404, "key_not_found");
        await mesh.RestartAsync();
        await RefusedAsync(revoked, "it was revoked");
        await RefusedAsync(rotated, "another key of its name followed it");
        Assert.Equal(revision, mesh.Revision);

        async Task RefusedAsync(string key, string why) => Refused(await mesh.PostAsync($"keys/{key[4..16]}/renew"), key[4..16], why);
    }

    /// <summary>Who is above a key may renew it, but not with more than it has itself by now.</summary>
    [Fact]
    public async Task Renew_ByAKeyThatMayLessByNow_IsRefused()
    {
        await using var mesh = await MeshHost.StartAsync();
        var lead = await mesh.MintAsync("""{"session_key":"lead","scopes":["keys:mint","steer","kill"]}""");
        var old = await mesh.MintAsync("""{"session_key":"ci","scopes":["kill"],"ttl":60}""", lead);
        await mesh.AdvanceAsync(61);
        lead = await mesh.MintAsync("""{"session_key":"lead","scopes":["keys:mint","steer"]}""");
        (await mesh.PostAsync($"keys/{old[4..16]}/renew", key: lead)).ShouldBeProblem(403, "missing_scope");
        (await mesh.PostAsync($"keys/{old[4..16]}/renew")).ShouldBeProblem(403, "missing_scope");
        await mesh.MintAsync("""{"session_key":"lead","scopes":["keys:mint","kill"]}""");
        Assert.Equal(201, (await mesh.PostAsync($"keys/{old[4..16]}/renew")).Status);
    }

    [Fact]
    public async Task Renew_Repeated_UnderOneIdempotencyKey_MintsOnce()
    {
        await using var mesh = await MeshHost.StartAsync();
        var old = await mesh.MintAsync("""{"session_key":"ci","scopes":["steer"],"ttl":60}""");
        await mesh.AdvanceAsync(61);
        Assert.Equal(201, (await mesh.PostAsync($"keys/{old[4..16]}/renew", idempotencyKey: "1")).Status);
        (await mesh.PostAsync($"keys/{old[4..16]}/renew", idempotencyKey: "1"))
            .ShouldBeProblem(409, "secret_not_repeatable", ",\"key_id\":\"*\"");
    }

    [Fact]
    public async Task Renew_WhileItsTimeRunsOut_SeesHowItEnded()
    {
        await using var mesh = await MeshHost.StartAsync();
        var old = await mesh.MintAsync("""{"session_key":"ci","scopes":["steer"],"ttl":60}""");
        Task<Reply> renewing;
        await using (var held = await HeldEngine.HoldAsync(mesh))
        {
            mesh.Time.JumpWall(TimeSpan.FromHours(1));
            mesh.Engine.Post(new ExpireKeys { Actor = Actors.Mesh });
            renewing = mesh.PostAsync($"keys/{old[4..16]}/renew");
            await held.WaitingAsync(2);
        }

        Assert.Equal(201, (await renewing).Status);
    }

    private static void Refused(Reply reply, string id, string why) => Assert.Equal(
        $"The key {id} is not minted again: {why}. Only one that has expired is. Mint another with POST /api/session-mesh/keys.",
        reply.ShouldBeProblem(409, "not_renewable").Detail);

    private static async Task<string> StateAsync(MeshHost mesh, string token, string? reader = null)
    {
        var row = (await mesh.GetAsync("keys/" + token[4..16], reader)).Json;
        return $"{row["state"]} {row["ended_at"]?.GetValue<string>() ?? "null"}";
    }
}
