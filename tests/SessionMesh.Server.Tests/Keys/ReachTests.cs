using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Keys;

/// <summary>
/// A key that is for some agents: <c>lead</c> with <c>sub</c> and <c>deep</c> below it, in cluster red; <c>other</c> elsewhere, and
/// <c>blue</c> below the lead, but in cluster blue.
/// </summary>
public sealed class ReachTests
{
    private const string All = """["mesh:read","registry:write","steer","kill","keys:mint"]""";

    [Fact]
    public async Task Within_Subtree_SeesAndTouchesThatAlone()
    {
        await using var mesh = await FleetAsync();
        var key = await mesh.MintAsync($$"""{"scopes":{{All}},"within":["subtree:sub"]}""");
        Assert.Equal(["sub", "deep"], Ids(await mesh.GetAsync("alive", key)));
        Assert.Equal(["sub", "deep"], Ids(await mesh.GetAsync("agents", key)));
        foreach (var hidden in new[] { "lead", "other", "blue", "nobody" })
        {
            await ShouldBeAbsentAsync(mesh, key, hidden);
        }

        Assert.Equal(200, (await mesh.GetAsync("agents/deep", key)).Status);
        Assert.Equal(200, (await mesh.PostAsync("steer", """{"agent_id":"deep","direction":"x"}""", key)).Status);
        Assert.Equal(200, (await mesh.PostAsync("agents/sub/heartbeat", key: key)).Status);
        (await mesh.PostAsync("heartbeats", """{"agents":["sub","other","nobody"]}""", key)).ShouldBe(200, """
            {"epoch":1,"accepted":1,"refused":[{"agent_id":"other","code":"agent_not_found"},
             {"agent_id":"nobody","code":"agent_not_found"}],"pending":[]}
            """);
        Assert.Equal(200, (await mesh.DeleteAsync("agents/sub?force=true", key)).Status);
        Assert.Equal("alive", await mesh.StatusAsync("lead"));
        Assert.Equal("dead", await mesh.StatusAsync("deep"));
    }

    [Fact]
    public async Task Within_Cluster_SeesThatAlone_AndEndsNothingThatHangsBeyondIt()
    {
        await using var mesh = await FleetAsync();
        var key = await mesh.MintAsync($$"""{"scopes":{{All}},"within":["cluster:red"]}""");
        Assert.Equal(["lead", "sub", "deep"], Ids(await mesh.GetAsync("alive", key)));
        await ShouldBeAbsentAsync(mesh, key, "blue");
        Assert.Equal(2, (await mesh.GetAsync("agents/lead", key)).Json["descendants"]!.GetValue<int>());
        (await mesh.DeleteAsync("agents/lead", key)).ShouldBeProblem(403, "outside_reach"); // blue would go with it
        (await mesh.DeleteAsync("agents/lead?cascade=none", key)).ShouldBeProblem(403, "outside_reach"); // or be moved
        (await mesh.DeleteAsync("agents?cluster=red&expect=3", key)).ShouldBeProblem(403, "outside_reach");
        Assert.Equal("alive", await mesh.StatusAsync("lead"));
        Assert.Equal(200, (await mesh.DeleteAsync("agents/sub", key)).Status);
    }

    [Fact]
    public async Task Within_SelectorsAndTheRegistry_CountOnlyWhatIsReached()
    {
        await using var mesh = await FleetAsync();
        var key = await mesh.MintAsync($$"""{"scopes":{{All}},"within":["cluster:red","subtree:lead"]}""");
        (await mesh.GetAsync("registry", key))
            .ShouldBe(200, """
                {"specializations":[{"specialization":"work","declared":3,"alive":3,"room":3}],"agents":[],"next_cursor":null}
                """);
        Assert.Equal(["lead", "sub", "deep"], Ids(await mesh.GetAsync("registry?specialization=work", key), "agents"));
        var steered = await mesh.PostAsync("steer", """{"selector":{"specialization":"work"},"direction":"x","expect":3}""", key);
        Assert.Equal(3, steered.Json["matched"]!.GetValue<int>());
        (await mesh.PostAsync("steer", """{"selector":{"agent_ids":["other","blue"]},"direction":"x","expect":2}""", key))
            .ShouldBeProblem(404, "nothing_matched");
        (await mesh.DeleteAsync("agents?agent_ids=other&expect=1", key)).ShouldBeProblem(404, "nothing_matched");
    }

    [Fact]
    public async Task Within_Events_TellOfThatAlone()
    {
        await using var mesh = await FleetAsync();
        var key = await mesh.MintAsync("""{"scopes":["mesh:read"],"within":["agent:sub"]}""");
        await using var events = await mesh.ListenAsync("events?after=0", key);
        await mesh.PostAsync("steer", """{"agent_id":"other","direction":"x"}""");
        await mesh.PostAsync("steer", """{"agent_id":"sub","direction":"y"}""");
        var registered = await events.NextAsync();
        Assert.Equal(("agent.registered", "sub"), (registered.Name, registered.Json["subject"]!.GetValue<string>()));
        var issued = await events.NextAsync();
        Assert.Equal(("directive.issued", "sub"), (issued.Name, issued.Json["subject"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Within_Directives_OfOthersAreNotThere()
    {
        await using var mesh = await FleetAsync();
        var key = await mesh.MintAsync($$"""{"scopes":{{All}},"within":["subtree:sub"]}""");
        var theirs = (await mesh.PostAsync("steer", """{"agent_id":"other","direction":"x"}""")).Json["directive_id"]!.GetValue<string>();
        var (read, absent) = (await mesh.GetAsync("directives/" + theirs, key), await mesh.GetAsync("directives/d-999999", key));
        read.ShouldBeProblem(404, "directive_not_found");
        Assert.Equal(absent.Text, read.Text);
        var cancelled = await mesh.DeleteAsync("directives/" + theirs, key);
        Assert.Equal(absent.Text, cancelled.Text);
        Assert.Equal("queued", (await mesh.GetAsync("directives/" + theirs)).Json["state"]!.GetValue<string>());
    }

    [Fact]
    public async Task Within_Registration_PutsAgentsInsideAndMovesNoneOut()
    {
        await using var mesh = await FleetAsync();
        var key = await mesh.MintAsync("""{"scopes":["registry:write","mesh:read"],"within":["cluster:red","subtree:sub"]}""");
        var revision = mesh.Revision;
        foreach (var body in new[]
        {
            """{"agent_id":"other","takeover":true}""",
            """{"agent_id":"new","cluster":"blue"}""",
            """{"agent_id":"deep","cluster":"blue","takeover":true}""",
        })
        {
            (await mesh.PostAsync("agents", body, key)).ShouldBeProblem(403, "outside_reach");
        }

        (await mesh.PostAsync("agents", """{"agent_id":"new","parent_id":"lead"}""", key))
            .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"")
            .ShouldBlame("/parent_id");
        (await mesh.PostAsync("registry", """{"agent_id":"other","specialization":"x"}""", key)).ShouldBeProblem(403, "outside_reach");
        Assert.Equal(revision, mesh.Revision);
        var made = await mesh.PostAsync("agents", """{"agent_id":"new"}""", key);
        // Made where the key is for.
        Assert.Equal(
            (201, "red", "sub"), (made.Status, made.Json["cluster"]!.GetValue<string>(), made.Json["parent_id"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Within_ChildKey_ReachesNoFurther()
    {
        await using var mesh = await FleetAsync();
        var key = await mesh.MintAsync($$"""{"scopes":{{All}},"within":["subtree:lead"]}""");
        foreach (var (body, status, code) in new[]
        {
            ("""{"within":["subtree:other"]}""", 404, "agent_not_found"),
            ("""{"within":["agent:other"]}""", 404, "agent_not_found"),
            ("""{"within":["agent:nobody"]}""", 404, "agent_not_found"),
            ("""{"agent_id":"other"}""", 404, "agent_not_found"),
        })
        {
            (await mesh.PostAsync("keys", body, key)).ShouldBeProblem(status, code);
        }

        var red = await mesh.PostAsync("keys", """{"within":["cluster:red"]}""", key);
        Assert.Equal(["cluster:red", "subtree:lead"], red.Json["within"]!.AsArray().Select(c => c!.GetValue<string>()));
        (await mesh.PostAsync("keys", """{"within":["cluster:blue"]}""", red.Json["token"]!.GetValue<string>()))
            .ShouldBeProblem(403, "outside_reach");
        Assert.Equal(
            ["lead", "sub", "deep"], Ids(await mesh.GetAsync("alive", await mesh.MintAsync("{}", red.Json["token"]!.GetValue<string>()))));
    }

    [Fact]
    public async Task BoundKey_WithMoreScopes_RulesItsSubtree_AndNothingElse()
    {
        await using var mesh = await FleetAsync();
        var minted = await mesh.PostAsync(
            "keys", """{"agent_id":"sub","scopes":["steer","kill","mesh:read","registry:write","keys:mint"]}""");
        minted.ShouldBe(201, """
            {"key_id":"*","session_key":"*","token":"*","ttl":null,"expires_at":null,
             "scopes":["mesh:read","registry:write","steer","kill","keys:mint","agent:self"],
             "within":["subtree:sub"],"agent_id":"sub","generation":1,"refresh_token":null,"service":false}
            """);
        var key = minted.Json["token"]!.GetValue<string>();
        Assert.Equal(["sub", "deep"], Ids(await mesh.GetAsync("alive", key)));
        await ShouldBeAbsentAsync(mesh, key, "lead");

        var child = await mesh.PostAsync("agents", """{"agent_id":"grandchild"}""", key);
        Assert.Equal("sub", child.Json["parent_id"]!.GetValue<string>());
        var below = await mesh.PostAsync("keys", """{"agent_id":"grandchild"}""", key);
        Assert.Equal(["agent:grandchild", "subtree:sub"], below.Json["within"]!.AsArray().Select(c => c!.GetValue<string>()));
        Assert.Equal(200, (await mesh.PostAsync("steer", """{"agent_id":"grandchild","direction":"x"}""", key)).Status);

        // It moves itself nowhere: a kill of the lead must find it.
        (await mesh.PostAsync("agents", """{"incarnation":1,"parent_id":"deep"}""", key))
            .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"");
        (await mesh.PostAsync("agents", """{"incarnation":1,"cluster":"blue"}""", key)).ShouldBeProblem(403, "outside_reach");
        Assert.Equal(200, (await mesh.PostAsync("agents", """{"incarnation":1,"cluster":"red","parent_id":"lead"}""", key)).Status);
        await mesh.DeleteAsync("agents/lead?force=true");
        (await mesh.GetAsync("alive", key)).ShouldBeProblem(401, "unauthenticated");
        (await mesh.GetAsync("keys/self", below.Json["token"]!.GetValue<string>())).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task BoundKey_Plain_MovesItselfNowhere()
    {
        await using var mesh = await FleetAsync();
        var key = await mesh.MintAsync("""{"agent_id":"sub"}""");
        (await mesh.PostAsync("agents", """{"incarnation":1,"cluster":"blue"}""", key)).ShouldBeProblem(403, "outside_reach");
        (await mesh.PostAsync("agents", """{"incarnation":1,"parent_id":"other"}""", key))
            .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"")
            .ShouldBlame("/parent_id");
        Assert.Equal(200, (await mesh.PostAsync("agents", """{"incarnation":1,"labels":{"a":"b"}}""", key)).Status);
    }

    [Fact]
    public async Task Within_PlainSessions_AreNotThere_NotEvenTheirNumber()
    {
        await using var mesh = await FleetAsync();
        await mesh.PostAsync("sessions", """{"id":"x"}""");
        var key = await mesh.MintAsync("""{"scopes":["sessions:read","sessions:write","mesh:read"],"within":["subtree:sub"]}""");
        (await mesh.PostAsync("sessions", """{"id":"x"}""", key)).ShouldBeProblem(403, "outside_reach");
        (await mesh.PostAsync("sessions", """{"id":"y"}""", key)).ShouldBeProblem(403, "outside_reach");
        (await mesh.PostAsync("sessions/cleanup", """{"dry_run":true}""", key))
            .ShouldBe(200, """{"dry_run":true,"removed_count":0,"remaining_count":0,"removed_ids":[],"more":false}""");
        (await mesh.GetAsync("sessions/stats", key))
            .ShouldBe(200, """{"total_sessions":0,"active":0,"expired":0,"unique_users":0,"average_ttl_seconds":0}""");
        Assert.Equal(2, (await mesh.GetAsync("sessions?kind=all", key)).Json["count"]!.GetValue<int>());
        Assert.Equal(2, (await mesh.GetAsync("alive?kind=all", key)).Json["count"]!.GetValue<int>());
    }

    [Fact]
    public async Task MeshRead_WithoutSessionsRead_HearsAndSeesNoSessions()
    {
        await using var mesh = await FleetAsync();
        var key = await mesh.MintAsync("""{"scopes":["mesh:read"]}""");
        await using var events = await mesh.ListenAsync("events", key);
        await mesh.PostAsync("sessions", """{"id":"x","meta":{"secret":"s"}}""");
        await mesh.RegisterAsync("next");
        Assert.Equal("agent.registered", (await events.NextAsync()).Name);
        (await mesh.GetAsync("alive?kind=session", key)).ShouldBeProblem(403, "missing_scope");
    }

    [Fact]
    public async Task Within_StreamAndPoll_EndWhenTheAgentIsMovedAway()
    {
        await using var mesh = await FleetAsync();
        var key = await mesh.MintAsync("""{"scopes":["registry:write"],"within":["cluster:red"]}""");
        await using var inbox = await mesh.ListenAsync("agents/deep/directives", key);
        await mesh.PostAsync("agents", """{"agent_id":"deep","incarnation":1,"cluster":"blue"}""");
        await mesh.PostAsync("steer", """{"agent_id":"deep","direction":"confidential"}""");
        var end = await inbox.NextAsync();
        Assert.Equal(("end", "outside_reach"), (end.Name, end.Json["code"]!.GetValue<string>()));
        (await mesh.GetAsync("agents/deep/directives", key)).ShouldBeProblem(404, "agent_not_found");
    }

    [Fact]
    public async Task Within_NobodyIsMovedOutByEndingOrMovingTheOneAbove()
    {
        await using var mesh = await FleetAsync();
        var subtree = await mesh.MintAsync("""{"scopes":["kill"],"within":["subtree:sub"]}""");
        // Else deep would hang below the lead.
        (await mesh.DeleteAsync("agents/sub?cascade=none", subtree)).ShouldBeProblem(403, "outside_reach");
        var red = await mesh.MintAsync("""{"scopes":["registry:write"],"within":["cluster:red"]}""");
        (await mesh.PostAsync("agents", """{"agent_id":"lead","incarnation":1,"parent_id":"deep"}""", red))
            .ShouldBeRefused(400, "invalid_request");
        await mesh.RegisterAsync("root", 3600, ""","cluster":"red" """);
        // Else blue would move along.
        (await mesh.PostAsync("agents", """{"agent_id":"lead","incarnation":1,"parent_id":"root"}""", red))
            .ShouldBeProblem(403, "outside_reach");
        Assert.Equal(200, (await mesh.PostAsync("agents", """{"agent_id":"sub","incarnation":1,"parent_id":"root"}""", red)).Status);
    }

    [Fact]
    public async Task AgentSelf_ItsExit_NamesNobodyBelowIt()
    {
        await using var mesh = await FleetAsync();
        var key = await mesh.MintAsync("""{"agent_id":"lead"}""");
        Assert.Empty((await mesh.PostAsync("agents/lead/exit", """{"incarnation":1,"exit_code":0}""", key)).Json["descendants"]!.AsArray());
    }

    [Fact]
    public async Task Within_AfterARestart_IsTheSame()
    {
        await using var mesh = await FleetAsync();
        var key = await mesh.MintAsync("""{"scopes":["mesh:read"],"within":["subtree:sub","cluster:red"]}""");
        await mesh.RestartAsync();
        Assert.Equal(["sub", "deep"], Ids(await mesh.GetAsync("alive", key)));
    }

    /// <summary>Each answer about it is, to the byte, that about an agent that does not exist.</summary>
    private static async Task ShouldBeAbsentAsync(MeshHost mesh, string key, string id)
    {
        foreach (var (method, path, body) in new[]
        {
            ("GET", "agents/{id}", null),
            ("GET", "agents/{id}/directives", null),
            ("GET", "agents/{id}/directives/history", null),
            ("POST", "agents/{id}/heartbeat", "{}"),
            ("POST", "agents/{id}/exit", """{"incarnation":1}"""),
            ("POST", "agents/{id}/directives/1/ack", """{"state":"acknowledged"}"""),
            ("POST", "agents/{id}/revive", null),
            ("POST", "agents/{id}/move", """{"parent_id":null}"""),
            ("GET", "topology?root={id}", null),
            ("DELETE", "agents/{id}", null),
            ("DELETE", "registry?specialization=work&agent_id={id}", null),
            ("POST", "steer", """{"agent_id":"{id}","direction":"x"}"""),
        })
        {
            async Task<Reply> Send(string agent) => await mesh.SendAsync(
                new HttpMethod(method),
                path.Replace("{id}", agent, StringComparison.Ordinal),
                body?.Replace("{id}", agent, StringComparison.Ordinal),
                key);
            var revision = mesh.Revision;
            var (hidden, absent) = (await Send(id), await Send("absent"));
            hidden.ShouldBeProblem(404, "agent_not_found");
            Assert.Equal(absent.Text.Replace("absent", id, StringComparison.Ordinal), hidden.Text);
            Assert.Equal(revision, mesh.Revision);
        }
    }

    private static async Task<MeshHost> FleetAsync()
    {
        var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("lead", 3600, ""","cluster":"red","specializations":["work"]""");
        await mesh.RegisterAsync("sub", 3600, ""","cluster":"red","specializations":["work"],"parent_id":"lead" """);
        await mesh.RegisterAsync("other", 3600, ""","cluster":"blue","specializations":["work"]""");
        await mesh.RegisterAsync("deep", 3600, ""","cluster":"red","specializations":["work"],"parent_id":"sub" """);
        await mesh.RegisterAsync("blue", 3600, ""","cluster":"blue","specializations":["work"],"parent_id":"lead" """);
        return mesh;
    }

    private static IEnumerable<string> Ids(Reply reply, string list = "sessions") =>
        reply.Json[list]!.AsArray().Select(row => row!["agent_id"]!.GetValue<string>());
}
