using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Commands;

public sealed class CommandTests
{
    [Theory]
    [InlineData("list", "GET /alive")]
    [InlineData("list --filter alive --output json", "GET /alive?filter=alive")]
    [InlineData("list --filter alive --verbose", "GET /alive?filter=alive")]
    [InlineData("steer --agent-id 123 --direction west", """POST /steer {"agent_id":"123","direction":"west"}""")]
    [InlineData("kill --agent-id 456 --force", "DELETE /agents/456?cascade=descendants&force=true")]
    [InlineData("register --spec \"data-analysis\" --agent-id 789", """POST /registry {"specialization":"data-analysis","agent_id":"789"}""")]
    [InlineData("kill 456 --grace 1m --cascade NONE --reason old --wait 5 --yes", "DELETE /agents/456?grace=60&cascade=none&wait=5&reason=old")]
    [InlineData("steer 1 --verb pause", """POST /steer {"agent_id":"1","verb":"pause"}""")]
    [InlineData(
        "steer 1 -d drain -m wait --data [1] --ttl 1h30m --hold",
        """POST /steer {"agent_id":"1","direction":"drain","message":"wait","data":[1],"ttl":5400,"hold":true}""")]
    [InlineData("heartbeat --agent-id 1", "POST /agents/1/heartbeat {}")]
    [InlineData(
        "heartbeat 1 --activity WORKING --load 0.7 --progress 42 --progress-interval 5m --note hi",
        """POST /agents/1/heartbeat {"activity":"working","load":0.7,"progress":42,"progress_interval":300,"note":"hi"}""")]
    [InlineData("inbox 1 --after 3 --wait 20s", "GET /agents/1/directives?after=3&wait=20")]
    [InlineData("ack --agent-id 1 --seq 4 --state rejected --note no", """POST /agents/1/directives/4/ack {"state":"rejected","note":"no"}""")]
    [InlineData("ack --agent-id 1 --seq 4", """POST /agents/1/directives/4/ack {"state":"acknowledged"}""")]
    [InlineData(
        "register --agent-id 1 --spec a --spec b --parent p --cluster c --label x=1 --label y=a=b --user u --ttl 30",
        """POST /registry {"specialization":"a","agent_id":"1","parent_id":"p","cluster":"c","specializations":["b"],"labels":{"x":"1","y":"a=b"},"user":"u","ttl":30}""")]
    [InlineData("keys create --name ci --ttl 8h --scope mesh:read --scope steer --refresh", """POST /keys {"session_key":"ci","ttl":28800,"scopes":["mesh:read","steer"],"refresh":true}""")]
    [InlineData("keys revoke abcdefghijkl --yes", "DELETE /keys/abcdefghijkl")]
    [InlineData("keys revoke smk_abcdefghijkl_THESECRET_check1 --yes", "DELETE /keys/abcdefghijkl")]
    public async Task Command_SendsWhatTheContractSays(string line, string call)
    {
        using var tool = new Tool(Json(200, "{}"));

        Assert.Equal(0, (await tool.RunAsync(line)).Code);
        Assert.Equal(call, Assert.Single(tool.Calls));
    }

    [Theory]
    [InlineData("show", "GET /agents/me")]
    [InlineData("heartbeat", """POST /agents/me/heartbeat {"incarnation":3}""")]
    [InlineData("heartbeat --agent-id other", "POST /agents/other/heartbeat {}")]
    [InlineData("inbox", "GET /agents/me/directives")]
    [InlineData("ack --seq 1", """POST /agents/me/directives/1/ack {"state":"acknowledged","incarnation":3}""")]
    [InlineData("register --spec x", """POST /registry {"specialization":"x","agent_id":"me"}""")]
    public async Task InsideAnAgent_TheAgentIsItself(string line, string call)
    {
        using var tool = new Tool(Json(200, "{}"));
        tool.Env["SESSION_MESH_AGENT_ID"] = "me";
        tool.Env["SESSION_MESH_INCARNATION"] = "3";

        Assert.Equal(0, (await tool.RunAsync(line)).Code);
        Assert.Equal(call, Assert.Single(tool.Calls));
    }

    [Theory]
    [InlineData("show", "no agent is named")]
    [InlineData("steer 1", "steering needs a direction")]
    [InlineData("steer 1 --verb pause -d west", "--verb pause takes no direction")]
    [InlineData("steer 1 -d west --wait-seconds 3", "--wait-seconds bounds --wait, which is not given")]
    [InlineData("steer 1 -d west --data {oops", "--data is not JSON")]
    [InlineData("steer 1 --agent-id 2 -d west", "two agents are named: 2 and 1")]
    [InlineData("kill 1 --force --grace 3", "--force leaves no grace, and --grace asks for one")]
    [InlineData("kill 1", "this cannot be undone, and there is no terminal to ask on")]
    [InlineData("kill 1 --no-input", "this cannot be undone, and there is no terminal to ask on")]
    [InlineData("keys revoke abc", "this cannot be undone, and there is no terminal to ask on")]
    [InlineData("keys revoke a/b --yes", "'a/b' is not the id of a key")]
    [InlineData("inbox 1 --follow --wait 3", "--follow waits for ever, and --wait does not")]
    [InlineData("register --label oops", "--label takes KEY=VALUE, not 'oops'")]
    [InlineData("completion tcsh", "'tcsh' is not known; allowed: bash, zsh, fish, pwsh")]
    public async Task NonsenseIsRefused_BeforeAnythingIsSent(string line, string why)
    {
        using var tool = new Tool(Json(200, "{}"));

        var ran = await tool.RunAsync(line);

        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Contains("  why: " + why, ran.Error, StringComparison.Ordinal);
        Assert.Empty(tool.Server.Requests);
    }

    [Fact]
    public async Task Kill_AsksOnATerminal_AndNamesWhatWillHappen()
    {
        using var tool = new Tool(
            Json(200, """{"agent_id":"456","status":"alive","activity":"working","note":"page 3\u001b[2J","descendants":2}"""),
            Json(200, """{"agent_id":"456","incarnation":1,"status":"stopping","confirmed":false,"descendants":[]}"""))
        { Typed = "y" };

        var ran = await tool.RunAsync("kill 456");

        Assert.Equal(0, ran.Code);
        Assert.Equal(
            "Stop agent 456 (alive, working, \"page 3\\u001b[2J\") and its 2 descendants? It has 10 s to finish. [y/N] "
            + "agent 456 was asked to stop; 'session-mesh show 456' says how it ended\n",
            ran.Error);
        Assert.Equal(["GET /agents/456", "DELETE /agents/456?cascade=descendants"], tool.Calls);
    }

    [Theory]
    [InlineData("")]
    [InlineData("n")]
    [InlineData("yep")]
    public async Task Kill_AnythingButYes_StopsNothing(string typed)
    {
        using var tool = new Tool(Json(200, """{"agent_id":"456","status":"alive","descendants":1}""")) { Typed = typed };

        Assert.Equal(
            new Ran(1, "", "Stop agent 456 (alive); its 1 descendant stay, under its parent? It has 5 s to finish. [y/N] nothing was stopped\n"),
            await tool.RunAsync("kill 456 --cascade none --grace 5"));
        Assert.Equal(["GET /agents/456"], tool.Calls);
    }

    [Fact]
    public async Task Kill_NoInput_DoesNotAskOnATerminalEither()
    {
        using var tool = new Tool(Json(200, "{}")) { Typed = "y" };

        Assert.Equal(2, (await tool.RunAsync("kill 456 --no-input")).Code);
        Assert.Empty(tool.Server.Requests);
    }

    [Fact]
    public async Task Kill_ReportsTheAgentAndItsDescendants()
    {
        using var tool = new Tool(Json(200, """
            {"agent_id":"456","incarnation":1,"status":"dead","confirmed":true,"exit_code":143,"signal":"TERM","reason":"old","deadline":null,
             "descendants":[{"agent_id":"c1","status":"dead","confirmed":false}]}
            """));

        Assert.Equal(
            new Ran(0, """
                AGENT  STATUS  CONFIRMED  EXIT  SIGNAL  REASON  DEADLINE
                456    dead    yes        143   TERM    old     -
                c1     dead    no         -     -       -       -

                """, ""),
            await tool.RunAsync("kill 456 --yes --wait 5"));
    }

    [Fact]
    public async Task Kill_WaitThatIsOver_IsAFailure()
    {
        using var tool = new Tool(Json(200, """{"agent_id":"456","incarnation":1,"status":"stopping","confirmed":false,"descendants":[]}"""));

        var ran = await tool.RunAsync("kill 456 --yes --wait 5 -o name");

        Assert.Equal(new Ran(1, "456\n", "agent 456 had not exited after 5 s; it is forced when its grace is over\n"), ran);
    }

    [Fact]
    public async Task Kill_DryRun_StopsNothing()
    {
        using var tool = new Tool(Json(200, """{"agent_id":"456","status":"alive"}"""));

        Assert.Equal(new Ran(0, "456\n", "a dry run: nothing was stopped\n"), await tool.RunAsync("kill 456 --dry-run -o name"));
        Assert.Equal(["GET /agents/456"], tool.Calls);
    }

    [Theory]
    [InlineData("acknowledged", 0, "")]
    [InlineData("accepted", 0, "")]
    [InlineData("delivered", 1, "the directive is delivered, and not accepted after 20 s; it stays in the inbox of agent 1\n")]
    [InlineData("rejected", 1, "the directive is rejected\n")]
    [InlineData("expired", 1, "the directive is expired\n")]
    public async Task Steer_Wait_SaysHowFarItCame(string state, int code, string error)
    {
        using var tool = new Tool(Json(200, $$"""{"directive_id":"d1","agent_id":"1","state":"{{state}}"}"""));

        Assert.Equal(new Ran(code, "d1\n", error), await tool.RunAsync("steer 1 -d west --wait ACCEPTED --wait-seconds 20 -o name"));
        Assert.Equal(["""POST /steer {"agent_id":"1","direction":"west","wait":"accepted","wait_seconds":20}"""], tool.Calls);
    }

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
                no agent is lost; 'session-mesh list --filter all' shows every one that is known
                only cluster blue, as the selected context says; --all-clusters shows the others

                """),
            await tool.RunAsync("list --filter lost"));
        Assert.Equal(new Ran(0, "", "no agent is known\n"), await tool.RunAsync("list --filter all --all-clusters"));
    }

    [Fact]
    public async Task Heartbeat_SaysWhenToBeatAgain_AndWhatIsPending()
    {
        using var tool = new Tool(
            Json(200, """{"agent_id":"1","incarnation":1,"ttl":60,"next_heartbeat_in":19,"directives":[]}"""),
            Json(200, """{"agent_id":"1","incarnation":1,"ttl":60,"next_heartbeat_in":19,"directives":[{"seq":4,"verb":"steer","direction":"west","state":"delivered"}]}"""));

        Assert.Equal(new Ran(0, "", "alive for 60 s; beat again in 19 s\n"), await tool.RunAsync("heartbeat 1"));
        Assert.Equal(
            """
            SEQ  VERB   DIRECTION  STATE      ISSUED  EXPIRES  MESSAGE
            4    steer  west       delivered  -       -        -

            """,
            (await tool.RunAsync("heartbeat 1")).Out);
        Assert.Equal("4\n", (await tool.RunAsync("heartbeat 1 -o name")).Out);
    }

    [Fact]
    public async Task KeysCreate_ShowsTheTokenOnce_OrWritesIt()
    {
        const string created = """{"key_id":"mnopqrstuvwx","session_key":"ci","token":"smk_mnopqrstuvwx_FRESH_check2","scopes":["steer"],"generation":1}""";
        using var tool = new Tool(Json(201, created));

        Assert.Contains("smk_mnopqrstuvwx_FRESH_check2", (await tool.RunAsync("keys create")).Out, StringComparison.Ordinal);

        var file = Path.Combine(tool.Home, "keys/ci.key");
        var ran = await tool.RunAsync($"keys create --key-out {file} -o jsonl");
        Assert.Equal(
            new Ran(0, """{"key_id":"mnopqrstuvwx","session_key":"ci","scopes":["steer"],"generation":1}""" + "\n", $"the key is in {file}: use it with --key-file\n"),
            ran);
        Assert.Equal("smk_mnopqrstuvwx_FRESH_check2\n", await File.ReadAllTextAsync(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, Tool.ModeOf(file));
    }

    [Fact]
    public async Task KeysCreate_SecretLostOnTheWay_SaysWhatToRevoke()
    {
        using var tool = new Tool(Broken(), Json(409, """{"type":"t","title":"t","status":409,"detail":"already answered","code":"secret_not_repeatable","key_id":"mnopqrstuvwx"}"""));

        Assert.Equal(
            new Ran(5, "", """
                error: cannot create a key
                  why: already answered (409 secret_not_repeatable)
                  try: the key was made but its secret was lost on the way: session-mesh keys revoke mnopqrstuvwx, then create again

                """),
            await tool.RunAsync("keys create"));
    }
}
