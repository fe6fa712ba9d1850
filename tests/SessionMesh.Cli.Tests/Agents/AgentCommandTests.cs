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
