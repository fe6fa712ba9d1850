using SessionMesh.Cli.Tests.Run;

namespace SessionMesh.Cli.Tests.Agents;

/// <summary>Several agents by name, of whom some are dead, were never alive, or are not known: against the real server.</summary>
public sealed class NamedAgentsTests : IAsyncLifetime
{
    private const string Unknown = "no agent 'nosuch' is known: session-mesh list --filter all shows who is\n";

    private readonly HostedServer _server = new();

    /// <summary>lead over one, and gone over left; a dead one, and one that was never alive with one below that was not either.</summary>
    public async Task InitializeAsync()
    {
        await _server.InitializeAsync();
        foreach (var (id, more) in new[]
        {
            ("a", ""), ("b", ""), ("dead", ""), ("dead2", ""), ("lead", ""), ("one", ",\"parent_id\":\"lead\""), ("gone", ""),
            ("left", ",\"parent_id\":\"gone\""),
            ("plan", ",\"declare\":true"), ("part", ",\"declare\":true,\"parent_id\":\"plan\""),
        })
        {
            var ttl = more.Contains("declare", StringComparison.Ordinal) ? "" : ",\"ttl\":600";
            await _server.CallAsync(HttpMethod.Post, "agents", $$"""{"agent_id":"{{id}}"{{ttl}}{{more}}}""");
        }

        foreach (var id in new[] { "dead", "dead2", "gone" })
        {
            await _server.CallAsync(HttpMethod.Post, $"agents/{id}/exit", """{"incarnation":1,"exit_code":0}""");
        }
    }

    public Task DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("kill a nosuch --yes --detach -o name", 7, "a\nnosuch\n", Unknown)]
    [InlineData("kill --ids nosuch,a --force --detach -o name", 7, "a\nnosuch\n", Unknown)]
    [InlineData("kill --ids a,nosuch --expect 1 --detach -o name", 7, "a\nnosuch\n", Unknown)]
    [InlineData("kill nosuch nosuch2 --yes -o name", 3, "nosuch\nnosuch2\n",
        Unknown + "no agent 'nosuch2' is known: session-mesh list --filter all shows who is\n")]
    [InlineData("kill a nosuch --dry-run -o name", 7, "a\n",
        Unknown + "dry run: nothing was stopped; 1 agent and their descendants would be stopped\n")]
    [InlineData("kill --ids a,nosuch --dry-run -o name", 7, "a\n",
        Unknown + "dry run: nothing was stopped; 1 agent and their descendants would be stopped\n")]
    [InlineData("steer a nosuch -d west --dry-run -o name", 7, "a\n", Unknown + "dry run: nothing was sent; 1 agent would be reached\n")]
    [InlineData("pause a dead --dry-run -o name", 7, "a\n", "agent dead is dead\ndry run: nothing was sent; 1 agent would be reached\n")]
    [InlineData("steer a nosuch dead -d west -o csv --fields agent_id,state,code", 7,
        "agent_id,state,code\r\na,queued,\r\nnosuch,,agent_not_found\r\ndead,,not_alive\r\n",
        "1 of 3 agents told; the others: 1 agent_not_found, 1 not_alive\n" + Unknown)]
    [InlineData("steer --ids a,nosuch -d west --yes -o name", 7, "a\nnosuch\n",
        "1 of 2 agents told; the others: 1 agent_not_found\n" + Unknown)]
    public async Task WhoIsUnknown_IsNamed_AndKeepsNobodyElseFromIt(string line, int code, string output, string error) =>
        Assert.Equal(new Ran(code, output, error), await RunAsync(line));

    [Theory]
    [InlineData("kill dead dead2 --yes -o name", 0, "agents dead, dead2 were dead already\n")]
    [InlineData("kill --ids dead --yes -o name", 0, "agent dead was dead already\n")]
    [InlineData("kill dead --dry-run -o name", 0, "dry run: nothing was stopped; agent dead is dead already\n")]
    [InlineData("kill dead --dry-run --cascade none -o name", 0, "dry run: nothing was stopped; agent dead is dead already\n")]
    [InlineData("kill dead gone --dry-run -o name", 0,
        "agent dead is dead\nagent gone is dead\ndry run: nothing was stopped; nobody would be\n")]
    public async Task WhoIsDead_IsSaidToBe(string line, int code, string error)
    {
        var ran = await RunAsync(line);
        Assert.Equal((code, error), (ran.Code, ran.Error));
    }

    /// <summary>Nobody will confirm what is over, so that it is not waited for.</summary>
    [Fact]
    public async Task WhoIsDead_AndNobodyConfirmedIt_IsSaidToBe_AndNotWaitedFor()
    {
        await _server.CallAsync(HttpMethod.Delete, "agents?agent_ids=a,b&force=true&expect=2");
        Assert.Equal(
            (7, "agents a, b were dead already; nobody confirmed their ends\n"),
            (await RunAsync("kill a b --yes --wait 1h")) is var ran ? (ran.Code, ran.Error) : default);
    }

    /// <summary>What lives below a dead one goes with it, alone or among others.</summary>
    [Theory]
    [InlineData("kill gone --yes --detach")]
    [InlineData("kill dead gone --yes --detach")]
    public async Task WhatLivesBelowADeadOne_IsStopped(string line)
    {
        var preview = await RunAsync("kill gone --dry-run -o name");
        Assert.Equal(
            new Ran(0, "left\n", "dry run: nothing was stopped; agent gone is dead already, and 1 agent below it would be stopped\n"),
            preview);
        Assert.Equal(0, (await RunAsync(line)).Code);
        Assert.Equal("stopping", await StatusOfAsync("left"));
    }

    [Fact]
    public async Task OnATerminal_WhoIsDeadIsNotAskedAbout()
    {
        Assert.Equal(
            (0, "agent dead was dead already\n"), ((await RunAsync("kill dead", typed: "n")) is var ran ? (ran.Code, ran.Error) : default));
        var several = await RunAsync("kill a dead nosuch", typed: "n");
        Assert.Equal((1, Unknown + "Stop 1 agent named a and their descendants? 10 s to finish. [y/N] nothing was stopped\n"),
            (several.Code, several.Error));
    }

    /// <summary>It said that nobody had confirmed its end, as if something had run.</summary>
    [Fact]
    public async Task WhoWasNeverAlive_HasNothingToConfirm()
    {
        Assert.Equal(
            new Ran(0, """
                AGENT  STATUS  CONFIRMED  EXIT  SIGNAL  REASON  DEADLINE
                plan   dead    -          -     -       -       -
                part   dead    -          -     -       -       -

                """, "agents plan, part were never alive: there was nothing to stop\n"),
            await RunAsync("kill plan --yes"));
        Assert.Contains("last exit      ", (await RunAsync("show plan")).Out, StringComparison.Ordinal);
        Assert.Contains(" never alive", (await RunAsync("show plan")).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kill lead --cascade none --yes --detach -o name", "lead\none\n")]
    [InlineData("kill lead b --cascade none --yes --detach -o name", "b\nlead\none\n")]
    public async Task WithoutACascade_ItSaysWhoLivesOn(string line, string output)
    {
        Assert.Equal(
            new Ran(0, output, "1 agent below lives on, under the stopped agent's parent, or at the top if it had none\n"),
            await RunAsync(line));
        Assert.Equal("alive", await StatusOfAsync("one"));
    }

    /// <summary>Whichever command it is of, a dry run has these members.</summary>
    [Theory]
    [InlineData("kill a --dry-run", "a")]
    [InlineData("kill a b --dry-run", "a,b")]
    [InlineData("kill a --cascade none --dry-run", "a")]
    [InlineData("kill --subtree lead --dry-run", "lead,one")]
    [InlineData("kill dead --dry-run", "")]
    [InlineData("kill dead --cascade none --dry-run", "")]
    [InlineData("steer a -d west --dry-run", "a")]
    [InlineData("steer a b -d west --dry-run", "a,b")]
    [InlineData("pause a --dry-run", "a")]
    [InlineData("pause --subtree lead --dry-run", "lead,one")]
    [InlineData("resume a b --dry-run", "a,b")]
    [InlineData("reap --orphans --dry-run", "left")]
    [InlineData("prune --older 0 --dry-run", "dead,dead2,gone")]
    [InlineData("forget dead --dry-run", "dead")]
    [InlineData("forget dead gone --dry-run", "dead,gone")]
    public async Task DryRuns_HaveTheSameMembers(string line, string ids)
    {
        var ran = await RunAsync(line + " -o json");
        Assert.Equal(0, ran.Code);
        var json = System.Text.Json.Nodes.JsonNode.Parse(ran.Out)!;
        var expected = ids.Split(',', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(json["dry_run"]!.GetValue<bool>());
        Assert.Equal(expected.Length, json["matched"]!.GetValue<int>());
        Assert.Equal(expected, json["results"]!.AsArray().Select(one => one!["agent_id"]!.GetValue<string>()));
        Assert.Null(json["left_out"]);
    }

    [Fact]
    public async Task DryRun_SaysInJsonWhoIsLeftOut()
    {
        var ran = await RunAsync("kill a dead nosuch --dry-run -o jsonl");
        Assert.Equal("{\"agent_id\":\"a\"}\n", ran.Out);
        var json = System.Text.Json.Nodes.JsonNode.Parse((await RunAsync("kill a dead nosuch --dry-run -o json")).Out)!;
        Assert.Equal(
            """[{"agent_id":"dead","code":"not_alive"},{"agent_id":"nosuch","code":"agent_not_found"}]""",
            json["left_out"]!.ToJsonString());
    }

    [Theory]
    [InlineData("pause dead", "session-mesh steer dead --verb pause --hold, to keep it until the agent is back")]
    [InlineData("resume dead", "session-mesh steer dead --verb resume --hold, to keep it until the agent is back")]
    [InlineData("steer dead -d west", "add --hold to keep the directive until the agent is back")]
    [InlineData("steer dead --verb pause", "add --hold to keep the directive until the agent is back")]
    public async Task OneThatIsDead_IsRefused_WithWhatTheCommandHas(string line, string next)
    {
        var ran = await RunAsync(line);
        Assert.Equal(5, ran.Code);
        Assert.Contains($"  why: Agent 'dead' is dead. (409 not_alive)\n  try: {next}\n", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_UnderAnIdThatIsTaken_NamesWhatRunHas()
    {
        var ran = await RunAsync("run --agent-id a -- true");
        Assert.Equal(5, ran.Code);
        Assert.Contains(
            "  why: Agent 'a' is alive in incarnation 1. (409 already_alive)\n"
            + "  try: another --agent-id, or none: then one is chosen; session-mesh kill ID, if the one that is alive should end first\n",
            ran.Error,
            StringComparison.Ordinal);
    }

    private async Task<string> StatusOfAsync(string id) =>
        (await _server.CallAsync(HttpMethod.Get, "agents/" + id))!["status"]!.GetValue<string>();

    private async Task<Ran> RunAsync(string line, string? typed = null)
    {
        using var tool = new Tool { Typed = typed, Clock = TimeProvider.System };
        tool.Env["SESSION_MESH_URL"] = _server.Url.ToString();
        tool.Env["NO_COLOR"] = "1";
        tool.Env["SESSION_API_KEY"] = _server.RootKey;
        using var handler = new SocketsHttpHandler();
        return await tool.RunAsync(line, handler);
    }
}
