using System.Text.Json.Nodes;

namespace SessionMesh.Cli.Tests.Balance;

/// <summary><c>balance</c> on the real server, over a fleet of some hundred, on fired time.</summary>
public sealed class BalanceTests
{
    private const string Shed = """
        rules:
          - name: shed
            select: {specialization: ocr}
            when: {load: {above: 0.8}, for: 30s}
            until: {load: {below: 0.6}}
            do: {steer: {direction: west}}
            at_most: 3
            cool_down: 1m
        """;

    private const string Ocr = ""","specializations":["ocr"]""";

    [Fact]
    public async Task Balance_ActsWhenItHasHeld_TheWorstFirst_AndSaysWhy()
    {
        await using var mesh = await BalancedMesh.StartAsync();
        await mesh.FleetAsync(300, Ocr);
        await mesh.CallAsync(HttpMethod.Post, "agents", """{"agent_id":"other","ttl":86400}""");
        await mesh.CallAsync(HttpMethod.Post, "agents/other/heartbeat", """{"load":0.99}""");
        await mesh.LoadAsync(0.3, Enumerable.Range(0, 300));
        await mesh.LoadAsync(0.9, 5, 50, 150, 250);
        await mesh.LoadAsync(0.93, 299);
        using var running = await mesh.BeginAsync(Shed);

        await mesh.PassAsync(BalancedMesh.Every);
        Assert.Empty(await mesh.ActsAsync("shed")); // 17 s
        await mesh.PassAsync(BalancedMesh.Every);
        Assert.Equal(["directive.issued a005", "directive.issued a050", "directive.issued a299"], (await mesh.ActsAsync("shed")).Order());
        await mesh.PassAsync(6 * BalancedMesh.Every);
        Assert.Equal(
            ["directive.issued a005", "directive.issued a050", "directive.issued a150", "directive.issued a250", "directive.issued a299"],
            (await mesh.ActsAsync("shed")).Order());
        var told = await mesh.CallAsync(HttpMethod.Get, "agents/a299/directives");
        Assert.Equal("west", told["directives"]![0]!["direction"]!.GetValue<string>());
        Assert.False(told["directives"]![0]!.AsObject().ContainsKey("reason"));
        await mesh.CallAsync(HttpMethod.Delete, "agents/balance.rules?reason=enough");
        await mesh.PassAsync(BalancedMesh.Every);

        Assert.Equal(
            new Ran(
                0,
                """
                west → a299: load 0.93 > 0.8 for 34s (rule shed)
                west → a005: load 0.9 > 0.8 for 34s (rule shed)
                west → a050: load 0.9 > 0.8 for 34s (rule shed)
                west → a150: load 0.9 > 0.8 for 51s (rule shed)
                west → a250: load 0.9 > 0.8 for 51s (rule shed)

                """,
                """
                this is balance.rules now: 1 rule, every 17s
                rule shed: 5 agents are due, 3 an interval at most; the worst come first
                balance.rules was told to stop: enough; it ends

                """),
            await running.EndAsync());
        var row = await mesh.CallAsync(HttpMethod.Get, "agents/balance.rules");
        Assert.Equal(("dead", true), (row["status"]!.GetValue<string>(), row["last_exit"]!["confirmed"]!.GetValue<bool>()));
    }

    [Fact]
    public async Task Released_AndCool_ItActsAgain_AndDoesNotFlapBefore()
    {
        await using var mesh = await BalancedMesh.StartAsync();
        await mesh.FleetAsync(2, Ocr);
        await mesh.LoadAsync(0.9, 0, 1);
        using var running = await mesh.BeginAsync(Shed);
        await mesh.PassAsync(2 * BalancedMesh.Every);
        Assert.Equal(2, (await mesh.ActsAsync("shed")).Count);

        // One swings around the bound, the other goes down and comes up.
        for (var i = 0; i < 6; i++)
        {
            await mesh.LoadAsync(i % 2 == 0 ? 0.7 : 0.9, 0);
            await mesh.LoadAsync(i == 0 ? 0.5 : 0.9, 1);
            await mesh.PassAsync(BalancedMesh.Every);
        }

        Assert.Equal(
            ["directive.issued a000", "directive.issued a001", "directive.issued a001"], (await mesh.ActsAsync("shed")).Order());
        await EndAsync(mesh, running);
    }

    /// <summary>A minute in which nobody could be asked is not a minute in which the load was high.</summary>
    [Fact]
    public async Task ServerAway_IsSaidOnce_AndDoesNotCountAsHeld()
    {
        await using var mesh = await BalancedMesh.StartAsync();
        await mesh.FleetAsync(1, Ocr);
        await mesh.LoadAsync(0.9, 0);
        using var running = await mesh.BeginAsync(Shed);
        await mesh.PassAsync(BalancedMesh.Every); // 17 s
        running.Wire.IsCut = true;
        await mesh.PassAsync(60);
        running.Wire.IsCut = false;
        var calls = running.Wire.Calls.Count;
        for (var i = 0; !running.Wire.Calls.Skip(calls).Any(call => call.StartsWith("GET /agents?", StringComparison.Ordinal)); i++)
        {
            Assert.True(i < 60, "it does not ask again");
            await mesh.PassAsync(1);
        }

        Assert.Empty(await mesh.ActsAsync("shed")); // still 17 s
        await mesh.PassAsync(BalancedMesh.Every);
        Assert.Equal(["directive.issued a000"], await mesh.ActsAsync("shed"));

        var ran = await EndAsync(mesh, running);
        Assert.Matches("^west → a000: load 0.9 > 0.8 for 3[0-4]s \\(rule shed\\)\n$", ran.Out);
        Assert.Equal(
            """
            this is balance.rules now: 1 rule, every 17s
            the server does not answer: nobody is there; trying again, and nothing counts as held meanwhile
            the server answers again
            balance.rules was told to stop; it ends

            """,
            ran.Error);
    }

    [Fact]
    public async Task Kill_HasItsGrace_AndTheAuditHasTheRule_AndJsonHasItAll()
    {
        await using var mesh = await BalancedMesh.StartAsync();
        await mesh.FleetAsync(3);
        using var running = await mesh.BeginAsync(
            """
            rules:
              - {name: too quiet, select: all, when: {silence: {above: 30s}, activity: idle}, do: {kill: {grace: 45s}}, at_most: 1}
              - {name: full, select: all, when: {inbox: {above: 1}}, do: pause, at_most: 1}
            """,
            "-o json");
        await mesh.BeatAsync("\"activity\":\"idle\"", 1);
        await mesh.CallAsync(HttpMethod.Post, "steer", """{"agent_id":"a002","direction":"x"}""");
        await mesh.CallAsync(HttpMethod.Post, "steer", """{"agent_id":"a002","direction":"y"}""");
        await mesh.PassAsync(2 * BalancedMesh.Every);

        Assert.Equal(["agent.stopping a001"], await mesh.ActsAsync("too quiet"));
        Assert.Equal(["directive.issued a002"], await mesh.ActsAsync("full"));
        var report = await mesh.CallAsync(HttpMethod.Get, "agents/a001/directives");
        Assert.Equal("""{"grace":45,"force":false}""", report["directives"]![0]!["data"]!.ToJsonString());
        var ran = await EndAsync(mesh, running);
        Assert.Equal(
            Compact(
                """
                {"at": "2026-01-31T08:15:47Z", "rule": "full", "agent_id": "a002", "incarnation": 1, "act": "pause", "direction": null,
                 "outcome": "done", "why": "inbox 2 > 1", "held_seconds": 0, "values": {"inbox": 2}, "directive_id": "d-9", "code": null,
                 "detail": null}
                """,
                """
                {"at": "2026-01-31T08:16:04Z", "rule": "too quiet", "agent_id": "a001", "incarnation": 1, "act": "kill", "direction": null,
                 "outcome": "done", "why": "silence 34s > 30s, activity idle", "held_seconds": 0,
                 "values": {"silence": 34, "activity": "idle"}, "directive_id": null, "code": null, "detail": null}
                """),
            Compact([.. ran.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)]));

        static string Compact(params string[] lines) => string.Join('\n', lines.Select(line =>
        {
            var row = JsonNode.Parse(line)!;
            row["directive_id"] = row["directive_id"] is null ? null : "d-9";
            return row.ToJsonString();
        }));
    }

    [Fact]
    public async Task OneActAnInterval_ByTheFirstRuleOfTheFile()
    {
        await using var mesh = await BalancedMesh.StartAsync();
        await mesh.FleetAsync(2);
        await mesh.LoadAsync(0.95, 0);
        await mesh.LoadAsync(0.7, 1);
        using var running = await mesh.BeginAsync(
            """
            rules:
              - {name: full, select: all, when: {load: {above: 0.9}}, do: {steer: {direction: north}}, at_most: 1}
              - {name: busy, select: all, when: {load: {above: 0.5}}, do: {steer: {direction: south}}, at_most: 9}
            """);
        Assert.Equal(["directive.issued a000"], await mesh.ActsAsync("full"));
        Assert.Equal(["directive.issued a001"], await mesh.ActsAsync("busy"));
        await mesh.PassAsync(BalancedMesh.Every);
        Assert.Equal(["directive.issued a001", "directive.issued a000"], await mesh.ActsAsync("busy"));
        Assert.Single(running.Wire.Calls.Take(8), call => call.StartsWith("GET /agents?", StringComparison.Ordinal)); // they share a list
        await EndAsync(mesh, running);
    }

    /// <summary>Who cannot be told does not end the balancer, and does not stand in the way.</summary>
    [Fact]
    public async Task Refused_IsSaid_AndTheOthersAreActedOn()
    {
        await using var mesh = await BalancedMesh.StartAsync();
        await mesh.FleetAsync(2);
        await mesh.LoadAsync(0.9, 0, 1);
        for (var i = 0; i < 10; i++)
        {
            var steers = string.Join(',', Enumerable.Repeat("""{"agent_id":"a000","direction":"x"}""", 100));
            await mesh.CallAsync(HttpMethod.Post, "steers", $$"""{"steers":[{{steers}}]}""");
        }

        using var running = await mesh.BeginAsync(
            "rules: [{name: r, select: all, when: {load: {above: 0.5}}, do: {steer: {direction: north}}, at_most: 1, cool_down: 1d}]");
        await mesh.PassAsync(2 * BalancedMesh.Every);
        Assert.Equal(
            "north → a000: load 0.9 > 0.5 (rule r): refused: Agent 'a000' has 1000 directives waiting. Wait until it has taken some, or "
            + "cancel some. (inbox_full)\nnorth → a001: load 0.9 > 0.5 for 17s (rule r)\n",
            (await EndAsync(mesh, running)).Out);
    }

    [Fact]
    public async Task DryRun_SaysWhatItWould_AndTouchesNothing()
    {
        await using var mesh = await BalancedMesh.StartAsync();
        await mesh.FleetAsync(5, Ocr);
        await mesh.LoadAsync(0.9, 0, 1, 2, 3, 4);
        var before = (await mesh.CallAsync(HttpMethod.Get, "audit?limit=1"))["entries"]![0]!["revision"]!.GetValue<long>();
        var key = (await mesh.CallAsync(HttpMethod.Post, "keys", """{"scopes":["mesh:read"]}"""))!;
        using var running = await mesh.BeginAsync(Shed, "--dry-run", key["token"]!.GetValue<string>());
        await mesh.PassAsync(5 * BalancedMesh.Every);
        await mesh.CallAsync(HttpMethod.Delete, "keys/" + key["key_id"]);
        await mesh.PassAsync(BalancedMesh.Every);
        var ran = await running.EndAsync();

        Assert.Equal(4, ran.Code);
        Assert.Equal(
            """
            would west → a000: load 0.9 > 0.8 for 34s (rule shed)
            would west → a001: load 0.9 > 0.8 for 34s (rule shed)
            would west → a002: load 0.9 > 0.8 for 34s (rule shed)
            would west → a003: load 0.9 > 0.8 for 51s (rule shed)
            would west → a004: load 0.9 > 0.8 for 51s (rule shed)

            """,
            ran.Out);
        Assert.All(running.Wire.Calls, call => Assert.StartsWith("GET ", call, StringComparison.Ordinal));
        var entries = (await mesh.CallAsync(HttpMethod.Get, "audit?outcome=done"))["entries"]!.AsArray();
        Assert.All(
            entries.Where(entry => entry!["revision"]!.GetValue<long>() > before),
            entry => Assert.StartsWith("key.", entry!["operation"]!.GetValue<string>(), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""["registry:write","steer"]""", "mesh:read (to look at the fleet)")]
    [InlineData("""["mesh:read","kill"]""", "registry:write (to be an agent itself), steer (for rule 'shed')")]
    public async Task KeyThatLacksARight_IsToldAtTheStart(string scopes, string missing)
    {
        await using var mesh = await BalancedMesh.StartAsync();
        var key = await mesh.CallAsync(HttpMethod.Post, "keys", $$"""{"scopes":{{scopes}}}""");
        using var running = await mesh.BeginAsync(Shed, key: key["token"]!.GetValue<string>());

        Assert.Equal(
            new Ran(
                4,
                "",
                $"error: cannot balance the fleet\n  why: this key lacks {missing}\n"
                + "  try: session-mesh keys create --scope mesh:read,registry:write,steer,audit:read\n"),
            await running.EndAsync());
        Assert.Equal(["GET /keys/self"], running.Wire.Calls);
    }

    [Fact]
    public async Task KeyThatMayNotReadTheAudit_BeginsWithTheCoolDown()
    {
        await using var mesh = await BalancedMesh.StartAsync();
        await mesh.FleetAsync(1, Ocr);
        await mesh.LoadAsync(0.9, 0);
        var key = await mesh.CallAsync(HttpMethod.Post, "keys", """{"scopes":["mesh:read","registry:write","steer"]}""");
        using var running = await mesh.BeginAsync(Shed, key: key["token"]!.GetValue<string>());
        await mesh.PassAsync(3 * BalancedMesh.Every);
        Assert.Empty(await mesh.ActsAsync("shed"));
        await mesh.PassAsync(BalancedMesh.Every);
        Assert.Equal(["directive.issued a000"], await mesh.ActsAsync("shed"));
        Assert.Contains(
            "this key may not read the audit (audit:read), so nobody knows what the rules did before: each begins with its cool-down\n",
            (await EndAsync(mesh, running)).Error,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("agents: [{id: a}]", "rules.yaml has no 'rules'")]
    [InlineData("rules: [{name: a}]", "rules.yaml has 4 faults, and nothing of it was done")]
    [InlineData("agents: [{id: ../a}]\nrules: [{name: a, select: all, when: {load: {above: 0.5}}, do: pause, at_most: 1}]",
        "line 1, column 15: '../a' is not an id")]
    public async Task FileThatIsNone_IsRefusedWhole(string file, string why)
    {
        using var tool = new Tool();
        var ran = await tool.RunAsync($"balance --rules {tool.WriteFile("rules.yaml", file)}");

        Assert.Equal(2, ran.Code);
        Assert.Contains(why, ran.Error, StringComparison.Ordinal);
        Assert.Empty(tool.Calls);
    }

    [Fact]
    public async Task RulesFromStdin_NeedAName()
    {
        using var tool = new Tool { PipedBytes = System.Text.Encoding.UTF8.GetBytes(Shed) };
        var ran = await tool.RunAsync("balance --rules -");

        Assert.Equal(
            new Ran(2, "", "error: cannot balance the fleet\n  why: rules from stdin have no file's name\n  try: --name NAME\n"), ran);
    }

    /// <summary>Ends it in order, by a kill.</summary>
    internal static async Task<Ran> EndAsync(BalancedMesh mesh, BalancedMesh.Running running)
    {
        await mesh.CallAsync(HttpMethod.Delete, "agents/balance.rules");
        await mesh.PassAsync(BalancedMesh.Every);
        return await running.EndAsync();
    }
}
