using SessionMesh.Contracts;
using SessionMesh.Server.Tests.Support;
using SessionMesh.Server.Tests.Telemetry;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Registry;

public sealed class ClaimTests
{
    private const string Ocr = """{"specialization":"ocr"}""";

    [Fact]
    public async Task Claim_TakesASlot_AndEverythingShowsIt()
    {
        await using var mesh = await MeshHost.StartAsync();
        await RegisterAsync(mesh, "a", 2);
        (await mesh.PostAsync("registry/claim", Ocr)).ShouldBe(201, Claim(3, "a", expiresAt: 60));
        Assert.Equal(
            """[{"name":"ocr","version":null,"level":50,"capacity":2,"held":1}]""",
            (await mesh.GetAsync("agents/a")).Json["skills"]!.ToJsonString());
        (await mesh.PostAsync("registry/claim", """{"specialization":" OCR ","ttl":5}"""))
            .ShouldBe(201, Claim(4, "a", ttl: 5, expiresAt: 5));
        Assert.Equal(
            """[{"specialization":"ocr","declared":1,"alive":1,"room":0}]""",
            (await mesh.GetAsync("registry")).Json["specializations"]!.ToJsonString());
        (await mesh.GetAsync("registry/claims")).ShouldBe(
            200, $$"""{"claims":[{{Claim(3, "a", expiresAt: 60)}},{{Claim(4, "a", ttl: 5, expiresAt: 5)}}],"next_cursor":null}""");
        (await mesh.GetAsync("registry/claims?limit=1")).ShouldBe(
            200, $$"""{"claims":[{{Claim(3, "a", expiresAt: 60)}}],"next_cursor":"3"}""");
        (await mesh.GetAsync("registry/claims?agent_id=b")).ShouldBe(200, """{"claims":[],"next_cursor":null}""");
        Assert.Equal(2, (await Scrape.OfAsync(mesh))["session_mesh_claims{}"]);
        var refused = (await mesh.PostAsync("registry/claim", Ocr)).ShouldBeProblem(409, "no_capacity");
        Assert.Contains("Of 1 that have it and are alive, 1 are full or paused.", refused.Detail, StringComparison.Ordinal);
        Assert.Equal(4, mesh.Revision);
    }

    [Fact]
    public async Task Claim_Lapses_UnlessItIsRenewed()
    {
        await using var mesh = await MeshHost.StartAsync();
        await RegisterAsync(mesh, "a", 2);
        await mesh.PostAsync("registry/claim", """{"specialization":"ocr","ttl":10}""");
        await mesh.PostAsync("registry/claim", """{"specialization":"ocr","ttl":10}""");
        await mesh.AdvanceAsync(8);
        (await mesh.PostAsync("registry/claims/c-4/renew", """{"ttl":30}""")).ShouldBe(200, Claim(4, "a", ttl: 30, expiresAt: 38));
        await mesh.AdvanceAsync(4);
        Assert.Equal("c-3", (await mesh.ChangeAsync("claim.lapsed", "a")).Json["claim_id"]!.GetValue<string>());
        (await mesh.GetAsync("registry/claims")).ShouldBe(
            200, $$"""{"claims":[{{Claim(4, "a", ttl: 30, expiresAt: 38)}}],"next_cursor":null}""");
        (await mesh.PostAsync("registry/claims/c-3/renew")).ShouldBeProblem(404, "claim_not_found");
        Assert.Equal(1, (await HeldAsync(mesh, "a")));
        (await mesh.PostAsync("registry/claims/c-4/renew")).ShouldBe(200, Claim(4, "a", ttl: 30, expiresAt: 42));
    }

    [Fact]
    public async Task Claim_ReleasedOrItsAgentGone_GivesTheSlotBack()
    {
        await using var mesh = await MeshHost.StartAsync();
        await RegisterAsync(mesh, "a", 1);
        await mesh.PostAsync("registry/claim", Ocr);
        (await mesh.DeleteAsync("registry/claims/c-3")).ShouldBe(200, """{"claim_id":"c-3","agent_id":"a"}""");
        (await mesh.DeleteAsync("registry/claims/c-3")).ShouldBeProblem(404, "claim_not_found");
        await mesh.PostAsync("registry/claim", Ocr);
        await mesh.PostAsync("agents/a/exit", """{"incarnation":1}""");
        (await mesh.GetAsync("registry/claims")).ShouldBe(200, """{"claims":[],"next_cursor":null}""");
        (await mesh.PostAsync("registry/claim", Ocr)).ShouldBeProblem(409, "no_capacity");
        await RegisterAsync(mesh, "a", 1);
        Assert.Equal(201, (await mesh.PostAsync("registry/claim", Ocr)).Status);
        await mesh.PostAsync("agents", """{"agent_id":"a","takeover":true}"""); // another incarnation holds nothing of the one before
        Assert.Equal(0, await HeldAsync(mesh, "a"));
        Assert.Equal(201, (await mesh.PostAsync("registry/claim", Ocr)).Status);
        await mesh.DeleteAsync("agents/a?force=true");
        await mesh.PostAsync("agents/a/exit", """{"incarnation":3}""");
        await mesh.DeleteAsync("agents/a?forget=true");
        (await mesh.GetAsync("registry/claims")).ShouldBe(200, """{"claims":[],"next_cursor":null}""");
        Assert.Equal(0, mesh.State.Claims.Count);
    }

    /// <summary>The server's absence ends no claim: its holder could not renew it.</summary>
    [Fact]
    public async Task Claim_OutlivesARestart_WithItsFullLease()
    {
        await using var mesh = await MeshHost.StartAsync();
        await RegisterAsync(mesh, "a", 1);
        await mesh.PostAsync("registry/claim", """{"specialization":"ocr","ttl":10}""");
        await mesh.RestartAsync(away: TimeSpan.FromSeconds(100));
        (await mesh.GetAsync("registry/claims")).ShouldBe(
            200, $$"""{"claims":[{{Claim(3, "a", ttl: 10, expiresAt: 110)}}],"next_cursor":null}""");
        (await mesh.PostAsync("registry/claim", Ocr)).ShouldBeProblem(409, "no_capacity");
        await mesh.AdvanceAsync(9);
        Assert.Equal(1, await HeldAsync(mesh, "a"));
        await mesh.AdvanceAsync(3);
        Assert.Equal(0, await HeldAsync(mesh, "a"));
    }

    [Fact]
    public async Task Claim_OfAStalledServersAgents_BeginsAnew()
    {
        await using var mesh = await MeshHost.StartAsync();
        await RegisterAsync(mesh, "a", 1);
        await mesh.PostAsync("registry/claim", """{"specialization":"ocr","ttl":10}""");
        mesh.Time.Suspend(TimeSpan.FromSeconds(60));
        await mesh.AdvanceAsync(2);
        Assert.Equal(1, await HeldAsync(mesh, "a"));
        await mesh.AdvanceAsync(12);
        Assert.Equal(0, await HeldAsync(mesh, "a"));
    }

    [Theory]
    [InlineData("release")]
    [InlineData("join")]
    [InlineData("resume")]
    [InlineData("lapse")]
    public async Task Wait_TakesTheFirstSlotThatIsFree(string how)
    {
        await using var mesh = await MeshHost.StartAsync();
        await RegisterAsync(mesh, "a", 1, ttl: 600);
        await mesh.PostAsync("registry/claim", """{"specialization":"ocr","ttl":10}""");
        if (how == "resume")
        {
            await mesh.PostAsync("steer", """{"agent_id":"a","verb":"pause"}""");
            await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged"}""");
            await mesh.DeleteAsync("registry/claims/c-3");
        }

        var waiting = mesh.PostAsync("registry/claim", """{"specialization":"ocr","wait":60}""");
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(60));
        await RegisterAsync(mesh, "other", 0); // not what is waited for
        Assert.False(waiting.IsCompleted);
        switch (how)
        {
            case "release":
                await mesh.DeleteAsync("registry/claims/c-3");
                break;
            case "join":
                await RegisterAsync(mesh, "b", 1);
                break;
            case "resume":
                await mesh.PostAsync("steer", """{"agent_id":"a","verb":"resume"}""");
                await mesh.PostAsync("agents/a/directives/2/ack", """{"state":"acknowledged"}""");
                break;
            case "lapse":
                await mesh.AdvanceAsync(12);
                break;
        }

        var claimed = await waiting;
        Assert.Equal(201, claimed.Status);
        Assert.Equal(how == "join" ? "b" : "a", claimed.Json["agent_id"]!.GetValue<string>());
    }

    [Fact]
    public async Task Wait_ThatIsOver_SaysThatThereIsNoRoom()
    {
        await using var mesh = await MeshHost.StartAsync();
        var waiting = mesh.PostAsync("registry/claim", """{"specialization":"ocr","wait":7}""");
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(7));
        (await mesh.AdvanceUntilAsync(waiting, 7)).ShouldBeProblem(409, "no_capacity");
    }

    [Fact]
    public async Task Wait_OfAKeyThatEnds_EndsWithIt()
    {
        await using var mesh = await MeshHost.StartAsync();
        var key = await mesh.MintAsync("""{"scopes":["steer"]}""");
        var waiting = mesh.PostAsync("registry/claim", """{"specialization":"ocr","wait":60}""", key);
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(60));
        await mesh.DeleteAsync("keys/" + key.Split('_')[1]);
        (await waiting).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task Wait_AtShutdown_IsAnsweredInsteadOfBeingCut()
    {
        await using var mesh = await MeshHost.StartAsync();
        var waiting = mesh.PostAsync("registry/claim", """{"specialization":"ocr","wait":60}""");
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(60));
        await mesh.BeginStop();
        (await waiting).ShouldBeProblem(409, "no_capacity");
    }

    [Fact]
    public async Task SixtyFourClaimers_OfThirtySlots_GetThirty_AndNoAgentIsOverfilled()
    {
        await using var mesh = await MeshHost.StartAsync();
        for (var i = 0; i < 10; i++)
        {
            await RegisterAsync(mesh, $"a{i}", 3, ttl: 600);
        }

        for (var round = 0; round < 3; round++)
        {
            var before = mesh.Revision;
            var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => mesh.PostAsync("registry/claim", Ocr)));
            Assert.Equal(30, answers.Count(answer => answer.Status == 201));
            Assert.All(answers.Where(answer => answer.Status != 201), answer => answer.ShouldBeProblem(409, "no_capacity"));
            var claims = answers.Where(answer => answer.Status == 201).ToList();
            Assert.Equal(30, claims.Select(answer => answer.Json["claim_id"]!.GetValue<string>()).Distinct().Count());
            Assert.All(
                claims.GroupBy(answer => answer.Json["agent_id"]!.GetValue<string>()), ofOne => Assert.Equal(3, ofOne.Count()));
            await Task.WhenAll(claims.Select(claim => mesh.DeleteAsync($"registry/claims/{claim.Json["claim_id"]}")));
            Assert.Equal(0, mesh.State.Claims.Count);
            Assert.Equal(Enumerable.Repeat(3, 10), (await MostHeldAsync(mesh, before)).Values);
        }
    }

    [Fact]
    public async Task Claim_IsHeldByItsKey_OneAboveIt_OrAnAdmin()
    {
        await using var mesh = await MeshHost.StartAsync();
        await RegisterAsync(mesh, "a", 5);
        var lead = await mesh.MintAsync("""{"session_key":"lead","scopes":["steer","keys:mint","mesh:read"]}""");
        var worker = await mesh.MintAsync("""{"session_key":"worker","scopes":["steer"]}""", lead);
        var other = await mesh.MintAsync("""{"session_key":"other","scopes":["steer"]}""");
        var id = (await mesh.PostAsync("registry/claim", Ocr, worker)).Json["claim_id"]!.GetValue<string>();
        var revision = mesh.Revision;
        (await mesh.PostAsync($"registry/claims/{id}/renew", null, other)).ShouldBeProblem(403, "claim_of_another");
        (await mesh.DeleteAsync("registry/claims/" + id, other)).ShouldBeProblem(403, "claim_of_another");
        Assert.Equal(revision, mesh.Revision);
        foreach (var key in new[] { worker, lead, mesh.RootKey })
        {
            Assert.Equal(200, (await mesh.PostAsync($"registry/claims/{id}/renew", null, key)).Status);
        }

        var above = (await mesh.PostAsync("registry/claim", Ocr, lead)).Json["claim_id"]!.GetValue<string>();
        (await mesh.DeleteAsync("registry/claims/" + above, worker)).ShouldBeProblem(403, "claim_of_another");
        Assert.Equal(200, (await mesh.DeleteAsync("registry/claims/" + id, lead)).Status);
        Assert.Equal(200, (await mesh.DeleteAsync("registry/claims/" + above)).Status);
    }

    [Fact]
    public async Task Claim_StaysWithinTheReachOfTheKey()
    {
        await using var mesh = await MeshHost.StartAsync();
        await RegisterAsync(mesh, "a", 1);
        await mesh.PostAsync("registry", """{"agent_id":"b","specialization":"ocr","cluster":"red"}""");
        var red = await mesh.MintAsync("""{"scopes":["steer","mesh:read"],"within":["cluster:red"]}""");
        Assert.Equal("b", (await mesh.PostAsync("registry/claim", Ocr, red)).Json["agent_id"]!.GetValue<string>());
        (await mesh.PostAsync("registry/claim", Ocr, red)).ShouldBeProblem(409, "no_capacity");
        var theirs = (await mesh.PostAsync("registry/claim", Ocr)).Json["claim_id"]!.GetValue<string>();
        var listed = (await mesh.GetAsync("registry/claims", red)).Json["claims"]!.AsArray();
        Assert.Equal("b", Assert.Single(listed)!["agent_id"]!.GetValue<string>());
        (await mesh.DeleteAsync("registry/claims/" + theirs, red)).ShouldBeProblem(404, "claim_not_found");
        Assert.Empty((await mesh.GetAsync("registry/match?specialization=ocr", red)).Json["matches"]!.AsArray());
    }

    [Fact]
    public async Task Claim_AskedForTwiceUnderOneIdempotencyKey_IsOne()
    {
        await using var mesh = await MeshHost.StartAsync();
        await RegisterAsync(mesh, "a", 5);
        var first = await mesh.PostAsync("registry/claim", Ocr, idempotencyKey: "once");
        var again = await mesh.PostAsync("registry/claim", Ocr, idempotencyKey: "once");
        Assert.Equal(first.Text, again.Text);
        Assert.Equal(1, await HeldAsync(mesh, "a"));
    }

    [Fact]
    public async Task Claim_OfANameAbove_TakesWhatIsLeastTakenBelowIt_WhereLabelsAndClusterFit()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.PostAsync("registry", """
            {"agent_id":"a","specializations":[{"name":"image/ocr","capacity":4},"image/faces"],"labels":{"gpu":"yes"}}
            """);
        await mesh.PostAsync("registry", """{"agent_id":"b","specialization":"image/ocr","cluster":"red"}""");
        async Task<string> ClaimAsync(string more = "")
        {
            var claim = await mesh.PostAsync("registry/claim", $$"""{"specialization":"image"{{more}}}""");
            return claim.Status == 201
                ? $"{claim.Json["agent_id"]} {claim.Json["specialization"]}"
                : claim.Json["code"]!.GetValue<string>();
        }

        Assert.Equal("b image/ocr", await ClaimAsync(",\"cluster\":\"red\""));
        Assert.Equal("no_capacity", await ClaimAsync(",\"cluster\":\"red\""));
        Assert.Equal("no_capacity", await ClaimAsync(",\"label\":{\"gpu\":\"no\"}"));
        Assert.Equal("a image/faces", await ClaimAsync(",\"label\":{\"gpu\":\"yes\"}"));
        Assert.Equal("a image/ocr", await ClaimAsync());
    }

    [Theory]
    [InlineData("""{}""", "/specialization")]
    [InlineData("""{"specialization":"/"}""", "/specialization")]
    [InlineData("""{"specialization":"s","ttl":4}""", "/ttl")]
    [InlineData("""{"specialization":"s","ttl":86401}""", "/ttl")]
    [InlineData("""{"specialization":"s","wait":61}""", "/wait")]
    [InlineData("""{"specialization":"s","wait":-1}""", "/wait")]
    [InlineData("""{"specialization":"s","strategy":"best"}""", "/strategy")]
    [InlineData("""{"specialization":"s","agent_id":"a"}""", "/agent_id")]
    public async Task Claim_BadInput_SaysWhatIsWrong(string body, string pointer)
    {
        await using var mesh = await MeshHost.StartAsync();
        (await mesh.PostAsync("registry/claim", body)).ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"").ShouldBlame(pointer);
        Assert.Equal(1, mesh.Revision);
    }

    [Fact]
    public async Task Ttl_AMinuteUnlessGiven_FiveSecondsToADay()
    {
        await using var mesh = await MeshHost.StartAsync();
        await RegisterAsync(mesh, "a", 9);
        foreach (var ttl in new[] { Limits.MinClaimTtl, Limits.MaxClaimTtl })
        {
            Assert.Equal(ttl, (await mesh.PostAsync(
                "registry/claim", $$"""{"specialization":"ocr","ttl":{{ttl}}}""")).Json["ttl"]!.GetValue<int>());
        }

        Assert.Equal(Limits.DefaultClaimTtl, (await mesh.PostAsync("registry/claim", Ocr)).Json["ttl"]!.GetValue<int>());
        (await mesh.PostAsync("registry/claims/c-3/renew", """{"ttl":4}"""))
            .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"").ShouldBlame("/ttl");
    }

    private static async Task RegisterAsync(MeshHost mesh, string id, int capacity, int ttl = 60)
    {
        var skill = capacity == 0 ? "\"other\"" : $$"""{"name":"ocr","capacity":{{capacity}}}""";
        Assert.Equal(201, (await mesh.PostAsync(
            "agents", $$"""{"agent_id":"{{id}}","ttl":{{ttl}},"specializations":[{{skill}}]}""")).Status);
    }

    /// <summary>The most that each agent holds at any revision past one, as the log has it.</summary>
    private static async Task<Dictionary<string, int>> MostHeldAsync(MeshHost mesh, long after)
    {
        var held = new Dictionary<string, int>();
        var most = new Dictionary<string, int>();
        foreach (var change in await mesh.ChangesAsync(after))
        {
            var agent = change.Json["subject"]!.GetValue<string>();
            held[agent] = held.GetValueOrDefault(agent) + (change.Name == "claim.made" ? 1 : -1);
            most[agent] = Math.Max(most.GetValueOrDefault(agent), held[agent]);
        }

        return most;
    }

    private static async Task<int> HeldAsync(MeshHost mesh, string id) =>
        (await mesh.GetAsync("agents/" + id)).Json["skills"]![0]!["held"]!.GetValue<int>();

    private static string Claim(long revision, string agent, int ttl = 60, double claimedAt = 0, double expiresAt = 0) => $$"""
        {"claim_id":"c-{{revision}}","agent_id":"{{agent}}","specialization":"ocr","key_id":"*","ttl":{{ttl}},
         "claimed_at":"{{At(claimedAt)}}","expires_at":"{{At(expiresAt)}}"}
        """;
}
