using SessionMesh.Contracts;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Tests.Support;
using SessionMesh.Server.Tests.Telemetry;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Keys;

/// <summary>Keys for what runs for months: who mints them, what they may, and what ends them.</summary>
public sealed class ServiceKeyTests
{
    private const int Day = 86_400;
    private const string Scraper = """{"service":true,"session_key":"scraper","scopes":["mesh:read"]}""";

    [Theory]
    [InlineData("", 90 * Day)]
    [InlineData(",\"ttl\":1", 60)]
    [InlineData(",\"ttl\":2592000", 30 * Day)]
    [InlineData(",\"ttl\":31622400", 366 * Day)]
    [InlineData(",\"ttl\":2147483647", 366 * Day)]
    public async Task Create_LivesAsLongAsAsked_WithinAYearAndADay(string ttl, int granted)
    {
        await using var mesh = await MeshHost.StartAsync();
        var reply = await mesh.PostAsync("keys", Scraper[..^1] + ttl + "}");
        reply.ShouldBe(201, $$"""
            {"key_id":"*","session_key":"scraper","token":"*","ttl":{{granted}},"expires_at":"{{At(granted)}}","scopes":["mesh:read"],
             "within":null,"agent_id":null,"generation":1,"refresh_token":null,"service":true}
            """);
        (await mesh.GetAsync("keys/self", reply.Json["token"]!.GetValue<string>())).ShouldBe(200, $$"""
            {"key_id":"{{reply.Json["key_id"]}}","session_key":"scraper","parent_id":"{{mesh.RootKey[4..16]}}","scopes":["mesh:read"],
             "within":null,"agent_id":null,"incarnation":null,"generation":1,"valid":true,"state":"valid","ended_at":null,
             "created_at":"{{At(0)}}","expires_at":"{{At(granted)}}","refreshable_until":null,"service":true,"last_used_at":"{{At(0)}}"}
            """);
    }

    [Fact]
    public async Task Create_ByAKeyWithoutAdmin_IsRefused()
    {
        await using var mesh = await MeshHost.StartAsync();
        var minter = await mesh.MintAsync("""{"scopes":["keys:mint","mesh:read"]}""");
        var revision = mesh.Revision;
        Assert.Equal(
            "A service key can only be minted by a key that has admin.",
            (await mesh.PostAsync("keys", Scraper, minter)).ShouldBeProblem(403, "missing_scope").Detail);
        Assert.Equal(revision, mesh.Revision);
    }

    [Theory]
    [InlineData("""{"service":true}""", "/scopes", "are to be named for a service key, which has no more than it needs")]
    [InlineData("""{"service":true,"scopes":["mesh:read","admin"]}""", "/scopes",
        "a service key never has admin: name what it needs instead")]
    [InlineData("""{"service":true,"scopes":["keys:mint"]}""", "/scopes", "a service key never has keys:mint: name what it needs instead")]
    [InlineData("""{"service":true,"scopes":["mesh:read"],"refresh":true}""", "/refresh",
        "is not for a service key: mint it again under its name before it ends")]
    [InlineData("""{"service":true,"scopes":["mesh:read"],"agent_id":"a"}""", "/agent_id",
        "binds a key to the life of an agent, which a service key outlives: leave one of them out")]
    [InlineData("""{"service":true,"scopes":["mesh:read"],"ttl":0}""", "/ttl", "is a number of seconds; it is clamped to 60 to 31622400")]
    public async Task Create_OfWhatAServiceKeyIsNot_NamesTheMember(string body, string pointer, string words)
    {
        await using var mesh = await MeshHost.StartAsync();
        var refused = (await mesh.PostAsync("keys", body)).ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"");
        refused.ShouldBlame(pointer);
        Assert.Equal(words, refused.Json["errors"]![0]!["message"]!.GetValue<string>());
        Assert.Equal(1, mesh.Revision);
    }

    [Fact]
    public async Task Key_OutlivesTheOneThatMintedIt_AndEndsWhenThatIsRevokedAfterItsEnd()
    {
        await using var mesh = await MeshHost.StartAsync();
        var ops = await mesh.MintAsync("""{"session_key":"ops","ttl":600}""");
        var night = await mesh.MintAsync("""{"session_key":"night","ttl":300}""", ops);
        var scraper = await mesh.MintAsync(Scraper, night);
        var ordinary = await mesh.MintAsync("""{"scopes":["mesh:read"],"ttl":300}""", night);
        await PassAsync(mesh, TimeSpan.FromDays(80));
        Assert.Equal(200, (await mesh.GetAsync("alive", scraper)).Status);
        foreach (var over in new[] { ops, night, ordinary })
        {
            (await mesh.GetAsync("alive", over)).ShouldBeProblem(401, "unauthenticated");
        }

        Assert.Equal(["root", "ops", "night", "scraper"], await NamesAsync(mesh, "keys"));
        await mesh.RestartAsync();
        Assert.Equal(200, (await mesh.GetAsync("alive", scraper)).Status);
        (await mesh.DeleteAsync("keys/" + ops[4..16])).ShouldBe(
            200, $$"""{"key_id":"{{ops[4..16]}}","revoked":["{{ops[4..16]}}","{{night[4..16]}}","{{scraper[4..16]}}"]}""");
        (await mesh.GetAsync("alive", scraper)).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task Key_EndsAtItsTime_AndWhatWasHeldForItToo()
    {
        await using var mesh = await MeshHost.StartAsync();
        var ops = await mesh.MintAsync("""{"session_key":"ops","ttl":600}""");
        var scraper = await mesh.MintAsync(Scraper, ops);
        await PassAsync(mesh, TimeSpan.FromDays(90) - TimeSpan.FromSeconds(2));
        Assert.Equal(200, (await mesh.GetAsync("alive", scraper)).Status);
        await mesh.AdvanceAsync(2);
        (await mesh.GetAsync("alive", scraper)).ShouldBeProblem(401, "unauthenticated");
        Assert.Equal(["root"], await NamesAsync(mesh, "keys"));
    }

    [Fact]
    public async Task Root_Replaced_EndsServiceKeys_UnlessWhatIsBelowIsKept()
    {
        await using var mesh = await MeshHost.StartAsync();
        var scraper = await mesh.MintAsync(Scraper);
        var kept = await mesh.PostAsync("admin/new-root", """{"keep_children":true}""");
        Assert.Equal(200, (await mesh.GetAsync("alive", scraper)).Status);
        Assert.Equal(201, (await mesh.PostAsync("admin/new-root", "{}", kept.Json["token"]!.GetValue<string>())).Status);
        (await mesh.GetAsync("alive", scraper)).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task Create_SameName_RotatesIt_AndItsEndMovesOn()
    {
        await using var mesh = await MeshHost.StartAsync();
        var first = await mesh.MintAsync(Scraper);
        await PassAsync(mesh, TimeSpan.FromDays(80));
        var second = await mesh.PostAsync("keys", Scraper);
        Assert.Equal(2, second.Json["generation"]!.GetValue<int>());
        Assert.Equal(At((170 * Day) + 1), second.Json["expires_at"]!.GetValue<string>());
        await mesh.AdvanceAsync(30);
        (await mesh.GetAsync("alive", first)).ShouldBeProblem(401, "unauthenticated");
        Assert.Equal(200, (await mesh.GetAsync("alive", second.Json["token"]!.GetValue<string>())).Status);
    }

    /// <summary>Who forgets a flag must not turn a scraper's key into one for an hour.</summary>
    [Fact]
    public async Task Create_SameNameOfTheOtherKind_IsRefused()
    {
        await using var mesh = await MeshHost.StartAsync();
        var scraper = await mesh.MintAsync(Scraper);
        var ci = await mesh.MintAsync("""{"session_key":"ci","scopes":["mesh:read"]}""");
        var revision = mesh.Revision;
        Assert.Equal(
            $"scraper is the name of a service key, {scraper[4..16]}. Send \"service\": true to rotate it, revoke it first, or take "
            + "another name.",
            (await mesh.PostAsync("keys", """{"session_key":"scraper","scopes":["mesh:read"]}"""))
                .ShouldBeProblem(409, "key_name_taken").Detail);
        Assert.Equal(
            $"ci is the name of a key that is no service key, {ci[4..16]}. Revoke it first, or take another name.",
            (await mesh.PostAsync("keys", """{"session_key":"ci","scopes":["mesh:read"],"service":true}"""))
                .ShouldBeProblem(409, "key_name_taken").Detail);
        Assert.Equal(revision, mesh.Revision);
        await mesh.RevokeAsync(scraper);
        var ordinary = await mesh.PostAsync("keys", """{"session_key":"scraper","scopes":["mesh:read"]}""");
        Assert.Equal((1, 3600), (ordinary.Json["generation"]!.GetValue<int>(), ordinary.Json["ttl"]!.GetValue<int>()));
    }

    [Fact]
    public async Task Minter_WhoseNameIsMintedAgainWithoutAdmin_LosesItsServiceKeys()
    {
        await using var mesh = await MeshHost.StartAsync();
        var ops = await mesh.MintAsync("""{"session_key":"ops"}""");
        var scraper = await mesh.MintAsync(Scraper, ops);
        await mesh.MintAsync("""{"session_key":"ops","scopes":["mesh:read","keys:mint"]}""");
        (await mesh.GetAsync("alive", scraper)).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task Create_AThousand_AndNotOneMore_UntilOneIsRevoked()
    {
        await using var mesh = await MeshHost.StartAsync();
        var root = mesh.RootKey[4..16];
        var minted = Enumerable.Range(0, Limits.ServiceKeys).Select(i => mesh.Engine.ExecuteAsync(
            new MintKey
            {
                Actor = root, KeyId = $"k{i:D11}", Hash = KeyToken.Hash("x"), IsService = true, Scopes = ScopeSet.MeshRead, Name = $"s{i}",
            },
            Origin.Mesh));
        Assert.All(await Task.WhenAll(minted), outcome => Assert.True(outcome.Succeeded));
        (await mesh.PostAsync("keys", Scraper)).ShouldBeProblem(409, "key_quota");
        Assert.Equal(201, (await mesh.PostAsync("keys", """{"session_key":"s7","service":true,"scopes":["steer"]}""")).Status);
        Assert.Equal(200, (await mesh.DeleteAsync("keys/k00000000008")).Status);
        Assert.Equal(201, (await mesh.PostAsync("keys", Scraper)).Status);
    }

    [Fact]
    public async Task List_OfServiceKeys_IsApart_AndOfThoseThatEndSoon()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.MintAsync(Scraper);
        await mesh.MintAsync("""{"service":true,"session_key":"balancer","scopes":["steer"],"ttl":1209600}""");
        await mesh.MintAsync("""{"session_key":"ci","scopes":["mesh:read"]}""");
        Assert.Equal(["scraper", "balancer"], await NamesAsync(mesh, "keys?service=true"));
        Assert.Equal(["root", "ci"], await NamesAsync(mesh, "keys?service=false"));
        Assert.Equal(["balancer"], await NamesAsync(mesh, "keys?service=true&ends_within=1209600"));
        Assert.Equal(["balancer", "ci"], await NamesAsync(mesh, "keys?ends_within=1209600"));
        await mesh.MintAsync("""{"service":true,"session_key":"balancer","scopes":["steer"]}""");
        Assert.Empty(await NamesAsync(mesh, "keys?service=true&ends_within=1209600")); // what a rotation leaves for 30 s needs no care
        foreach (var query in new[] { "service=x", "ends_within=-1", "ends_within=x" })
        {
            (await mesh.GetAsync("keys?" + query)).ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"")
                .ShouldBlame("?" + query.Split('=')[0]);
        }
    }

    [Fact]
    public async Task LastUse_IsShownAtOnce_AndOnceAnHourInTheLog_SoThatARestartForgetsAnHourAtMost()
    {
        await using var mesh = await MeshHost.StartAsync();
        var scraper = await mesh.MintAsync(Scraper);
        Assert.Null(await LastUseAsync(mesh));
        await mesh.AdvanceAsync(5);
        Assert.Equal(200, (await mesh.GetAsync("alive", scraper)).Status);
        Assert.Equal(At(5), await LastUseAsync(mesh));
        var revision = mesh.Revision;
        await mesh.AdvanceAsync(60);
        Assert.Equal(revision + 1, mesh.Revision);
        for (var i = 0; i < 5; i++)
        {
            await mesh.GetAsync("alive", scraper);
            await mesh.AdvanceAsync(60);
        }

        Assert.Equal((revision + 1, At(305)), (mesh.Revision, await LastUseAsync(mesh)));
        await mesh.RestartAsync();
        Assert.Equal(At(5), await LastUseAsync(mesh));
        await PassAsync(mesh, TimeSpan.FromHours(1));
        await mesh.GetAsync("alive", scraper);
        revision = mesh.Revision;
        await mesh.AdvanceAsync(60);
        Assert.Equal((revision + 1, At(3966)), (mesh.Revision, await LastUseAsync(mesh)));
        Assert.DoesNotContain("key.used", (await mesh.GetAsync("audit")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LastUse_OfAStreamThatStaysOpen_MovesOn()
    {
        await using var mesh = await MeshHost.StartAsync();
        var scraper = await mesh.MintAsync(Scraper);
        await using var events = await mesh.ListenAsync($"events?after={mesh.Revision}", scraper);
        await mesh.AdvanceAsync(40);
        await mesh.RegisterAsync("a");
        await events.NextAsync(); // for which the key may have been looked at before
        await mesh.RegisterAsync("b");
        await events.NextAsync();
        Assert.Equal(At(40), await LastUseAsync(mesh));
    }

    [Fact]
    public async Task Metrics_SayHowManyEndWithinFourteenDays_AndWhenTheNextDoes()
    {
        await using var mesh = await MeshHost.StartAsync();
        var none = await Scrape.OfAsync(mesh);
        Assert.Null(none["session_mesh_service_keys_next_end_timestamp_seconds{}"]);
        await mesh.MintAsync(Scraper);
        await mesh.MintAsync("""{"service":true,"session_key":"balancer","scopes":["steer"],"ttl":1296000}""");
        await mesh.MintAsync("""{"session_key":"ci","scopes":["mesh:read"]}""");
        await AssertAsync(soon: 0, later: 2, nextEnd: 15 * Day);
        await PassAsync(mesh, TimeSpan.FromDays(1));
        await AssertAsync(soon: 1, later: 1, nextEnd: 15 * Day);
        await mesh.MintAsync("""{"service":true,"session_key":"balancer","scopes":["steer"]}""");
        await AssertAsync(soon: 0, later: 2, nextEnd: 90 * Day);

        async Task AssertAsync(int soon, int later, int nextEnd)
        {
            var shown = await Scrape.OfAsync(mesh);
            Assert.Equal(
                (soon, later, FakeTime.Start.AddSeconds(nextEnd).ToUnixTimeSeconds()),
                (shown["session_mesh_service_keys{ending=\"soon\"}"], shown["session_mesh_service_keys{ending=\"later\"}"],
                    shown["session_mesh_service_keys_next_end_timestamp_seconds{}"]));
        }
    }

    /// <summary>Lets much time pass at once, and then a second, in which what is due is found.</summary>
    private static async Task PassAsync(MeshHost mesh, TimeSpan time)
    {
        mesh.Time.JumpWall(time);
        await mesh.AdvanceAsync(1);
    }

    private static async Task<List<string>> NamesAsync(MeshHost mesh, string path) =>
        [.. (await mesh.GetAsync(path)).Json["keys"]!.AsArray().Select(row => row!["session_key"]!.GetValue<string>())];

    private static async Task<string?> LastUseAsync(MeshHost mesh) =>
        (await mesh.GetAsync("keys?service=true")).Json["keys"]![0]!["last_used_at"]?.GetValue<string>();
}
