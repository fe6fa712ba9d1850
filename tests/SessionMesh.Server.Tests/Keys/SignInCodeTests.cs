using SessionMesh.Contracts;
using SessionMesh.Contracts.Keys;
using SessionMesh.Server.Keys;
using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Keys;

public sealed class SignInCodeTests
{
    [Fact]
    public async Task Code_IsTradedForAKey_WithLessThanTheCallers_Once()
    {
        await using var mesh = await MeshHost.StartAsync();
        var given = await mesh.PostAsync("keys/codes");
        given.ShouldBe(201, $$"""{"code":"*","expires_at":"{{At(60)}}"}""");
        Assert.Equal("no-store", given.Headers["Cache-Control"]);
        var code = given.Json["code"]!.GetValue<string>();
        Assert.Matches("^[0-9a-f]{32}$", code);
        Assert.Equal(1, mesh.Revision); // nothing is durable before it is traded
        var traded = await TradeAsync(mesh, code);
        traded.ShouldBe(201, $$"""
            {"key_id":"*","session_key":"*","token":"*","ttl":3600,"expires_at":"{{At(3600)}}",
             "scopes":["mesh:read","steer","kill","sessions:read","audit:read"],"within":null,"agent_id":null,"generation":1,
             "refresh_token":null,"service":false}
            """);
        Assert.Equal("no-store", traded.Headers["Cache-Control"]);
        Assert.Equal(200, (await mesh.GetAsync("alive", traded.Json["token"]!.GetValue<string>())).Status);
        (await TradeAsync(mesh, code)).ShouldBeProblem(401, "unauthenticated");
        var minted = (await mesh.GetAsync("audit?operation=key.minted")).Json["entries"]![0]!;
        Assert.Equal(mesh.RootKey.Split('_')[1], minted["actor"]!.GetValue<string>());
        Assert.Equal("127.0.0.1", minted["remote_address"]!.GetValue<string>());
    }

    [Fact]
    public async Task Key_IsWhatTheBodySays_AndHangsBelowTheCallers()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", more: ",\"cluster\":\"red\"");
        var lead = await mesh.MintAsync("""{"scopes":["mesh:read","keys:mint"],"within":["cluster:red"]}""");
        var code = await CodeAsync(mesh, """{"session_key":"page","ttl":90,"within":["agent:a"]}""", lead);
        var traded = await TradeAsync(mesh, code);
        Assert.Equal("""["mesh:read"]""", traded.Json["scopes"]!.ToJsonString());
        Assert.Equal("page", traded.Json["session_key"]!.GetValue<string>());
        Assert.Equal(90, traded.Json["ttl"]!.GetValue<int>());
        await mesh.RevokeAsync(lead);
        (await mesh.GetAsync("alive", traded.Json["token"]!.GetValue<string>())).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task Code_IsOverAfterAMinute_ARestart_OrTheEndOfTheKeyThatGaveIt()
    {
        await using var mesh = await MeshHost.StartAsync();
        var late = await CodeAsync(mesh);
        await mesh.AdvanceAsync(Limits.SignInCodeTtl);
        (await TradeAsync(mesh, late)).ShouldBeProblem(401, "unauthenticated");
        var key = await mesh.MintAsync("""{"scopes":["keys:mint","mesh:read"]}""");
        var revoked = await CodeAsync(mesh, key: key);
        await mesh.RevokeAsync(key);
        (await TradeAsync(mesh, revoked)).ShouldBeProblem(401, "unauthenticated");
        if (MeshHost.AllOnPostgres)
        {
            return; // there they are in the database
        }

        var before = await CodeAsync(mesh);
        await mesh.RestartAsync();
        (await TradeAsync(mesh, before)).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task Codes_OfAKey_HaveABound_AndTheOldestEnds()
    {
        await using var mesh = await MeshHost.StartAsync();
        var first = await CodeAsync(mesh);
        for (var i = 0; i < Limits.SignInCodesPerKey - 1; i++)
        {
            await CodeAsync(mesh);
        }

        var other = await CodeAsync(mesh, key: await mesh.MintAsync("""{"scopes":["keys:mint","mesh:read"]}"""));
        var last = await CodeAsync(mesh);
        (await TradeAsync(mesh, first)).ShouldBeProblem(401, "unauthenticated");
        Assert.Equal(201, (await TradeAsync(mesh, last)).Status);
        Assert.Equal(201, (await TradeAsync(mesh, other)).Status);
    }

    [Fact]
    public async Task Codes_OfAllKeys_HaveABound_AndTheOldestEnds()
    {
        var codes = new SignInCodes();
        var first = await codes.GiveAsync("key-0", new CreateKeyRequest(), now: 0, until: 60);
        for (var i = 1; i < Limits.SignInCodes; i++)
        {
            await codes.GiveAsync($"key-{i}", new CreateKeyRequest(), now: 0, until: 60);
        }

        var last = await codes.GiveAsync("last", new CreateKeyRequest { Ttl = 90 }, now: 0, until: 60);
        Assert.Null(await codes.TakeAsync(first, now: 1));
        Assert.Equal(("last", new CreateKeyRequest { Ttl = 90 }), await codes.TakeAsync(last, now: 59));
        Assert.Null(await codes.TakeAsync(await codes.GiveAsync("late", new CreateKeyRequest(), now: 0, until: 60), now: 60));
    }

    [Theory]
    [InlineData("""{"agent_id":"a"}""", "/agent_id")]
    [InlineData("""{"refresh":true}""", "/refresh")]
    [InlineData("""{"service":true,"scopes":["mesh:read"]}""", "/service")]
    [InlineData("""{"scopes":["everything"]}""", "/scopes/0")]
    [InlineData("""{"scopes":[]}""", "/scopes")]
    [InlineData("""{"ttl":0}""", "/ttl")]
    public async Task Code_ForWhatIsNoPagesKey_IsRefused(string body, string pointer)
    {
        await using var mesh = await MeshHost.StartAsync();
        (await mesh.PostAsync("keys/codes", body)).ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"").ShouldBlame(pointer);
    }

    [Fact]
    public async Task Code_ForMoreThanTheCallerHas_IsTradedForNothing()
    {
        await using var mesh = await MeshHost.StartAsync();
        var key = await mesh.MintAsync("""{"scopes":["keys:mint","mesh:read"]}""");
        var code = await CodeAsync(mesh, """{"scopes":["kill"]}""", key);
        (await TradeAsync(mesh, code)).ShouldBeProblem(403, "missing_scope");
        var reader = await mesh.MintAsync("""{"scopes":["mesh:read"]}""");
        (await mesh.PostAsync("keys/codes", null, reader)).ShouldBeProblem(403, "missing_scope");
    }

    [Theory]
    [InlineData("""{"code":"00000000000000000000000000000000"}""", 401, "unauthenticated")]
    [InlineData("{}", 401, "unauthenticated")]
    [InlineData("""{"code":1}""", 400, "invalid_request")]
    [InlineData("""{"code":"0","more":true}""", 400, "invalid_request")]
    [InlineData("nothing", 400, "invalid_json")]
    public async Task Trade_OfWhatIsNoCode_IsRefused(string body, int status, string code)
    {
        await using var mesh = await MeshHost.StartAsync();
        var reply = await mesh.PostAsync("keys/codes/trade", body, key: "");
        Assert.Equal((status, code), (reply.Status, reply.Json["code"]!.GetValue<string>()));
    }

    private static async Task<string> CodeAsync(MeshHost mesh, string? body = null, string? key = null)
    {
        var given = await mesh.PostAsync("keys/codes", body, key);
        Assert.True(given.Status == 201, given.Text);
        return given.Json["code"]!.GetValue<string>();
    }

    private static Task<Reply> TradeAsync(MeshHost mesh, string code) =>
        mesh.PostAsync("keys/codes/trade", $$"""{"code":"{{code}}"}""", key: "");
}
