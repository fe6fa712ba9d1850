using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Agents;

/// <summary><c>list</c>, <c>show</c> and <c>heartbeat</c>: what they print.</summary>
public sealed class AgentCommandTests
{
    [Fact]
    public async Task Show_IsALineAMember()
    {
        using var tool = new Tool(Json(200, """
            {"agent_id":"1","status":"dead","incarnation":2,"descendants":0,"pending":3,
             "last_exit":{"confirmed":true,"exit_code":9,"signal":null,"reason":"old","at":"2026-01-02T03:00:05Z"}}
            """));

        var ran = await tool.RunAsync("show 1");

        Assert.Equal(
            new Ran(0, """
                agent        1
                status       dead
                incarnation  2
                descendants  0
                pending      3
                last exit    4m ago confirmed, exit code 9, old

                """, ""),
            ran);
        Assert.Equal("""{"agent_id":"1","pending":3}""" + "\n", (await tool.RunAsync("show 1 -o jsonl --fields agent_id,pending")).Out);
    }

    [Fact]
    public async Task Show_HasWhatHappenedOfLate_NewestLast()
    {
        const string Agent = """
            {"agent_id":"1","status":"alive","incarnation":2,"last_exit":null,"events":[
             {"revision":8,"at":"2026-01-02T03:03:05Z","actor":"k1","kind":"agent.registered","subject":"1","incarnation":2,"user":null},
             {"revision":21,"at":"2026-01-02T03:04:00Z","actor":"k1","kind":"directive.issued","subject":"1","seq":1,"direction":"west"}]}
            """;
        using var tool = new Tool(Json(200, Agent));

        Assert.Equal(
            new Ran(0, """
                agent        1
                status       alive
                incarnation  2
                last exit    -

                REVISION  AT      KIND              ACTOR  DETAILS
                       8  1m ago  agent.registered  k1     incarnation=2
                      21  5s ago  directive.issued  k1     seq=1 direction=west

                """, ""),
            await tool.RunAsync("show 1"));
        Assert.Equal(
            Agent.Replace("\n", "", StringComparison.Ordinal).Replace(" {", "{", StringComparison.Ordinal).Trim() + "\n",
            (await tool.RunAsync("show 1 -o jsonl")).Out);
        Assert.Equal("1\n", (await tool.RunAsync("show 1 -o name")).Out);
        Assert.Equal("""{"status":"alive"}""" + "\n", (await tool.RunAsync("show 1 -o jsonl --fields status")).Out);
        Assert.Equal(["GET /agents/1?events=10", "GET /agents/1?events=10", "GET /agents/1", "GET /agents/1"], tool.Calls);
    }

    [Theory]
    [InlineData("show 1 2 3", "GET /agents/", "agent", "agent_id", "shown")]
    [InlineData("revive 1 2 3", "POST /agents/", "agent", "agent_id", "revived")]
    [InlineData("cancel 1 2 3", "DELETE /directives/", "directive", "directive_id", "cancelled")]
    [InlineData("forget 1 2 3 --yes", "DELETE /agents/", "agent", "agent_id", "forgotten")]
    public async Task Several_OneThatIsRefused_DoesNotKeepTheOthers(string line, string call, string noun, string member, string done)
    {
        using var tool = new Tool(
            Json(200, $$"""{"{{member}}":"1"}"""),
            Problem(404, "agent_not_found", "No such. Send GET /x."),
            Json(200, $$"""{"{{member}}":"3"}"""));

        Assert.Equal(
            new Ran(
                7,
                $$"""{"{{member}}":"1"}""" + "\n" + $$"""{"{{member}}":"2","code":"agent_not_found"}""" + "\n"
                    + $$"""{"{{member}}":"3"}""" + "\n",
                $"{noun} 2: No such. (agent_not_found)\n2 of 3 {noun}s {done}\n"),
            await tool.RunAsync(line + " -o jsonl"));
        Assert.All(tool.Calls, sent => Assert.StartsWith(call, sent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Show_NamesItsOwnAgentWhereNoneIsNamed()
    {
        using var tool = new Tool(Json(200, """{"agent_id":"me"}"""));
        tool.Env["SESSION_MESH_AGENT_ID"] = "me";
        Assert.Equal(0, (await tool.RunAsync("show -o name")).Code);
        Assert.Equal(0, (await tool.RunAsync("show other -o name")).Code);
        Assert.Equal(["GET /agents/me", "GET /agents/other"], tool.Calls);
    }

    [Fact]
    public async Task List_WithoutRows_SaysWhy()
    {
        using var tool = new Tool(Json(200, """{"sessions":[],"count":0,"next_cursor":null,"as_of":"1"}"""));
        tool.WriteFile(".config/session-mesh/contexts.json", """{"selected":"x","contexts":[{"name":"x","cluster":"blue"}]}""");

        Assert.Equal(
            new Ran(0, "", """
                no agent that matches is lost; 'session-mesh list --filter all' shows those that are not
                only cluster blue, as the selected context says; --all-clusters shows the others

                """),
            await tool.RunAsync("list --filter lost"));
        Assert.Equal(new Ran(0, "", "no agent is known\n"), await tool.RunAsync("list --filter all --all-clusters"));
    }

    [Fact]
    public async Task List_DeadAgents_SayHowTheyEndedWhereTheRowTells()
    {
        using var tool = new Tool(Json(200, """
            {"sessions":[{"agent_id":"a","status":"dead","last_exit":{"confirmed":true,"exit_code":0,"signal":null}},
                         {"agent_id":"b","status":"dead","last_exit":{"confirmed":false}},
                         {"agent_id":"c","status":"dead"},
                         {"agent_id":"d","status":"alive","last_exit":{"confirmed":true,"exit_code":0}}],"count":4,"next_cursor":null,
                          "as_of":"1"}
            """));

        var lines = (await tool.RunAsync("list --filter all")).Out.Split('\n')[1..5];

        Assert.Equal(
            ["a      dead (confirmed, exit code 0)", "b      dead (not confirmed)", "c      dead", "d      alive"],
            lines.Select(line => line[..40].TrimEnd(' ', '-')));
    }

    [Theory]
    [InlineData("alive", """{"agent_id":"1","status":"suspect"}""", """{"agent_id":"1","status":"alive"}""")]
    [InlineData("dead", """{"agent_id":"1","status":"lost"}""", """{"agent_id":"1","status":"dead"}""")]
    [InlineData(
        "idle", """{"agent_id":"1","status":"lost","activity":"idle"}""", """{"agent_id":"1","status":"alive","activity":"idle"}""")]
    [InlineData("paused", """{"agent_id":"1","status":"dead","paused":true}""", """{"agent_id":"1","status":"alive","paused":true}""")]
    public async Task Wait_LooksUntilItIsSo(string wanted, string before, string then)
    {
        using var tool = new Tool(Json(200, before), Json(200, before), Json(200, then));
        Assert.Equal(new Ran(0, then + "\n", ""), await tool.RunAsync($"wait 1 --for {wanted} -o jsonl"));
        Assert.Equal(["GET /agents/1", "GET /agents/1", "GET /agents/1"], tool.Calls);
    }

    [Fact]
    public async Task Wait_ForAlive_WaitsForOneThatIsNotKnownYet_AndForNoOther()
    {
        using var tool = new Tool(
            Problem(404, "agent_not_found"), Json(200, """{"agent_id":"1","status":"alive"}"""), Problem(404, "agent_not_found"));
        Assert.Equal(new Ran(0, "1\n", ""), await tool.RunAsync("wait 1 --for alive -o name"));
        Assert.Equal(3, (await tool.RunAsync("wait 1 --for dead")).Code);
        Assert.Equal(2, (await tool.RunAsync("wait 1")).Code);
        Assert.Equal(2, (await tool.RunAsync("wait 1 --for asleep")).Code);
    }

    [Fact]
    public async Task Wait_TimeIsUp_IsCode10_AndSaysHowItIs()
    {
        using var tool = new Tool(Json(200, """{"agent_id":"1","status":"suspect"}"""));
        Assert.Equal(
            new Ran(10, "", "agent 1 was not dead after 3 s; it is suspect\n"), await tool.RunAsync("wait 1 --for dead --wait-seconds 3"));
        Assert.InRange(tool.Calls.Count(), 3, 5);
    }

    [Fact]
    public async Task Wait_ServerGoesAway_IsWaitedFor()
    {
        using var tool = new Tool(
            Json(200, """{"agent_id":"1","status":"alive"}"""), Broken(), Broken(), Broken(), Json(503, "{}"), Json(503, "{}"),
            Json(503, "{}"), Json(200, """{"agent_id":"1","status":"dead"}"""));
        var ran = await tool.RunAsync("wait 1 --for dead --fields status --no-headers");
        Assert.Equal((0, "the server has gone; reconnecting\nconnected again\n"), (ran.Code, ran.Error));
        Assert.Contains("dead", ran.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wait_ServerIsAwayWhenTheTimeIsUp_OrWasNeverThere_CannotBeReached()
    {
        using var gone = new Tool(Json(200, """{"agent_id":"1","status":"alive"}"""), Broken());
        Assert.Equal(6, (await gone.RunAsync("wait 1 --for dead --wait-seconds 20 -o name")).Code);
        Assert.True(gone.Server.Requests.Count > 4);
        using var never = new Tool(Broken());
        Assert.Equal(6, (await never.RunAsync("wait 1 --for dead")).Code);
        Assert.Equal(3, never.Server.Requests.Count);
    }

    [Fact]
    public async Task Heartbeat_SaysWhenToBeatAgain_AndWhatIsPending()
    {
        using var tool = new Tool(
            Json(200, """{"agent_id":"1","incarnation":1,"ttl":60,"next_heartbeat_in":19,"directives":[]}"""),
            Json(
                200,
                """{"agent_id":"1","incarnation":1,"ttl":60,"next_heartbeat_in":19,"directives":[{"seq":"""
                + """4,"verb":"steer","direction":"west","state":"delivered"}]}"""));

        Assert.Equal(new Ran(0, "", "alive for 60 s; beat again in 19 s\n"), await tool.RunAsync("heartbeat 1"));
        Assert.Equal(
            """
            SEQ  VERB   DIRECTION  STATE      ISSUED  EXPIRES  MESSAGE
              4  steer  west       delivered  -       -        -

            """,
            (await tool.RunAsync("heartbeat 1")).Out);
        Assert.Equal("4\n", (await tool.RunAsync("heartbeat 1 -o name")).Out);
    }
}
