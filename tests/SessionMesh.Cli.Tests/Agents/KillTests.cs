using SessionMesh.Cli.Tests.Commands;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Agents;

public sealed class KillTests
{
    private const string Stopping = """
        {"agent_id":"456","incarnation":1,"status":"stopping","confirmed":false,"exit_code":null,"signal":null,"reason":null,
         "deadline":"2026-01-02T03:04:15Z","descendants":[{"agent_id":"c1","status":"stopping","confirmed":false}]}
        """;

    private const string Confirmed = """
        {"agent_id":"456","incarnation":1,"status":"dead","confirmed":true,"exit_code":143,"signal":"TERM","reason":"old","deadline":null,
         "descendants":[{"agent_id":"long-gone","status":"dead","confirmed":false},{"agent_id":"c1","status":"dead","confirmed":true}]}
        """;

    private const string Unconfirmed = """
        {"agent_id":"456","incarnation":1,"status":"dead","confirmed":false,"exit_code":null,"signal":null,"reason":null,"deadline":null,
         "descendants":[]}
        """;

    private const string Table = """
        AGENT  STATUS  CONFIRMED  EXIT  SIGNAL  REASON  DEADLINE
        456    dead    yes         143  TERM    old     -
        c1     dead    yes           -  -       -       -

        """;

    [Fact]
    public async Task OnATerminal_ItAsks_AndNamesWhatWillHappen()
    {
        using var tool = new Tool(
            Json(200, """{"agent_id":"456","status":"alive","activity":"working","note":"page 3\u001b[2J","descendants":2}"""),
            Json(200, """{"agent_id":"456","incarnation":1,"status":"dead","confirmed":true,"descendants":[]}"""))
        { Typed = "y" };
        tool.Env["TERM"] = "dumb";

        var ran = await tool.RunAsync("kill 456");

        Assert.Equal(
            (0, "Stop agent 456 (alive, working, \"page 3\\u001b[2J\") and its 2 descendants? 10 s to finish. [y/N] "),
            (ran.Code, ran.Error));
        Assert.Equal(["GET /agents/456", "DELETE /agents/456?cascade=descendants&wait=2"], tool.Calls);
    }

    [Theory]
    [InlineData("")]
    [InlineData("n")]
    [InlineData("yep")]
    public async Task AnythingButYes_StopsNothing(string typed)
    {
        using var tool = new Tool(Json(200, """{"agent_id":"456","status":"alive","descendants":1}""")) { Typed = typed };

        Assert.Equal(
            new Ran(1, "", "Stop agent 456 (alive); its 1 descendant stays, under its parent? 5 s to finish. [y/N] nothing was stopped\n"),
            await tool.RunAsync("kill 456 --cascade none --grace 5"));
        Assert.Equal(["GET /agents/456"], tool.Calls);
    }

    [Fact]
    public async Task NoInput_DoesNotAskOnATerminalEither()
    {
        using var tool = new Tool(Json(200, "{}")) { Typed = "y" };

        Assert.Equal(2, (await tool.RunAsync("kill 456 --no-input")).Code);
        Assert.Empty(tool.Server.Requests);
    }

    [Fact]
    public async Task DryRun_NamesTheAgentAndWhatGoesWithIt()
    {
        using var tool = new Tool(
            Json(200, """{"agent_id":"456","status":"alive","descendants":1,"pending":0}"""),
            Json(
                200,
                """{"sessions":[{"agent_id":"c1","status":"alive"},{"agent_id":"456","status":"alive"},"""
                + """{"agent_id":"old","status":"dead"}],"count":3,"next_cursor":null,"as_of":"1"}"""));

        Assert.Equal(
            new Ran(0, "456\nc1\n", "dry run: nothing was stopped; 2 agents would be stopped\n"),
            await tool.RunAsync("kill 456 --dry-run -o name"));
        Assert.Equal(
            ["GET /agents/456", "GET /alive?filter=all&subtree=456&limit=1000&fields=agent_id%2Cstatus%2Cparent_id"], tool.Calls);
    }

    [Theory]
    [InlineData("kill a b", "Stop 2 agents named a, b and their descendants? 10 s to finish. [y/N] nothing was stopped\n")]
    [InlineData(
        "kill a b c d e f --cascade none", "Stop 2 agents named a, b? 10 s to finish. [y/N] nothing was stopped\n")]
    public async Task Several_AreNamedInTheQuestion(string line, string question)
    {
        using var tool = new Tool(Json(200, """{"matched":2,"results":[{"agent_id":"a"},{"agent_id":"b"}]}""")) { Typed = "n" };
        Assert.Equal(new Ran(1, "", question), await tool.RunAsync(line));
    }

    [Fact]
    public async Task DryRun_WithoutCascade_ShowsTheAgentAlone()
    {
        using var tool = new Tool(Json(200, """{"agent_id":"456","status":"alive"}"""));
        Assert.Equal(
            new Ran(0, "456\n", "dry run: nothing was stopped\n"), await tool.RunAsync("kill 456 --cascade none --dry-run -o name"));
        Assert.Equal(["GET /agents/456"], tool.Calls);
    }

    [Theory]
    [InlineData("kill --all", 2, "this stops every agent, and there is no terminal to ask on")]
    [InlineData("kill --all --expect 3", 5, "2 agents are alive, not 3; nothing was stopped")]
    [InlineData("kill --all 456 --yes", 2, "--all cannot be combined with an agent or a selector")]
    [InlineData("kill --all --spec ocr --yes", 2, "--all cannot be combined with an agent or a selector")]
    public async Task All_WithoutConsent_StopsNobody(string line, int code, string why)
    {
        using var tool = new Tool(Json(200, All("a", "b")), Json(200, All()));
        var ran = await tool.RunAsync(line);
        Assert.Equal((code, ""), (ran.Code, ran.Out));
        Assert.Contains(why, ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(tool.Calls, call => call.StartsWith("DELETE", StringComparison.Ordinal));
    }

    [Fact]
    public async Task All_AsksOnce_AndNamesEachOne_AndWhoIsGoneKeepsNobodyAlive()
    {
        using var tool = new Tool(
            Json(200, All("a", "b", "c")), Json(200, All("c")),
            Problem(409, "expectation_failed"),
            Json(200, """{"matched":2,"results":[{"agent_id":"a"},{"agent_id":"b"}]}"""),
            Json(200, Two))
        { Typed = "y" };
        tool.Env["TERM"] = "dumb";

        var ran = await tool.RunAsync("kill --all --detach -o jsonl");
        Assert.Equal(
            (0, "Stop 3 agents: everyone that is alive, in every cluster? 10 s to finish. [y/N] "), (ran.Code, ran.Error));
        Assert.EndsWith("""{"agent_id":"c","code":"not_alive"}""" + "\n", ran.Out, StringComparison.Ordinal);
        Assert.Equal(
            [
                "GET /alive?filter=alive&limit=1000&fields=agent_id",
                "GET /alive?filter=suspect&limit=1000&fields=agent_id",
                "DELETE /agents?cascade=descendants&agent_ids=a%2Cb%2Cc&expect=3",
                "DELETE /agents?cascade=descendants&agent_ids=a%2Cb%2Cc&dry_run=true",
                "DELETE /agents?cascade=descendants&agent_ids=a%2Cb&expect=2",
            ],
            tool.Calls);
    }

    [Fact]
    public async Task All_OfALargeFleet_GoesInPaths_ThatEveryServerTakes()
    {
        var ids = Enumerable.Range(1, 300).Select(i => new string('x', 120) + i).ToArray();
        using var tool = new Tool(Json(200, All(ids)), Json(200, All()), Json(200, """{"matched":0,"results":[]}"""));
        Assert.Equal(0, (await tool.RunAsync("kill --all --force --detach")).Code);
        Assert.All(tool.Server.Requests, request => Assert.InRange(request.Url.Length, 1, 8000));
        var told = tool.Calls.Where(call => call.StartsWith("DELETE", StringComparison.Ordinal));
        Assert.Equal(300, told.Sum(call => call.Split("%2C").Length));
    }

    private static string All(params string[] ids)
    {
        var rows = string.Join(',', ids.Select(id => $$"""{"agent_id":"{{id}}"}"""));
        return $$"""{"sessions":[{{rows}}],"count":{{ids.Length}},"next_cursor":null,"as_of":"1"}""";
    }

    /// <summary>Every round is the same call under the same key, or the second could stop a life that began after the first.</summary>
    [Fact]
    public async Task Follows_AsOneCall_UntilAllThatWasToldIsConfirmed()
    {
        using var tool = new Tool(
            Json(200, Stopping),
            Json(
                200,
                Stopping.Replace("\"status\":\"stopping\",\"confirmed\":false,\"exit", "\"status\":\"dead\",\"confirmed\":true,\"exit")),
            Json(200, Confirmed));

        Assert.Equal(new Ran(0, Table, ""), await tool.RunAsync("kill 456 --yes"));
        Assert.Equal(3, tool.Server.Requests.Count);
        Assert.All(tool.Calls, call => Assert.Equal("DELETE /agents/456?cascade=descendants&wait=2", call));
        Assert.Single(tool.Server.Requests.Select(request => request.Headers["Idempotency-Key"]).Distinct());
    }

    [Fact]
    public async Task GraceIsOver_AndNobodyConfirmed_IsSaidInOneLine()
    {
        using var tool = new Tool(Json(200, Stopping), Json(200, Unconfirmed));

        Assert.Equal(
            new Ran(1, "456\nc1\n", "agents 456, c1 were told to stop; nobody has confirmed yet that they did\n"),
            await tool.RunAsync("kill 456 --yes --wait 4 -o name"));

        using var alone = new Tool(Json(200, Unconfirmed));
        Assert.Equal(
            new Ran(1, "456\n", "agent 456 was told to stop; nobody confirmed that it did\n"),
            await alone.RunAsync("kill 456 --grace 0 --yes -o name"));
        Assert.Equal(2, alone.Server.Requests.Count); // dead, and a round later still nobody's word for it
    }

    /// <summary>Within its grace nobody forces an agent: one that is dead at once, and not by a reported exit, was dead before.</summary>
    [Fact]
    public async Task DeadAtOnce_ThoughItHasTimeToFinish_WasDeadBefore()
    {
        using var tool = new Tool(Json(200, Unconfirmed));
        Assert.Equal(
            new Ran(1, "456\n", "agent 456 was dead already; nobody confirmed its end\n"), await tool.RunAsync("kill 456 --yes -o name"));
        Assert.Single(tool.Server.Requests);
        Assert.Equal(
            (0, "agent 456 was dead already; nobody confirmed its end\n"),
            (await tool.RunAsync("kill 456 --yes --detach")) is var detached ? (detached.Code, detached.Error) : default);
    }

    [Fact]
    public async Task TimeIsUp_WhileItStillStops_IsAFailure()
    {
        using var tool = new Tool(Json(200, Stopping.Replace("""{"agent_id":"c1","status":"stopping","confirmed":false}""", "")));

        Assert.Equal(
            new Ran(
                1, "456\n", "agent 456 was told to stop; nobody has confirmed yet that it did: 'session-mesh show 456' says how it ends\n"),
            await tool.RunAsync("kill 456 --yes -o name"));
        Assert.Equal(7, tool.Server.Requests.Count); // the grace of ten seconds and three more, two at a time
    }

    [Fact]
    public async Task Force_AsksForNoProof_UnlessItIsToWaitForIt()
    {
        using var tool = new Tool(Json(200, Unconfirmed));

        Assert.Equal(
            new Ran(0, "456\n", "agent 456 was told to stop; nobody confirmed that it did\n"),
            await tool.RunAsync("kill 456 --force -o name"));
        Assert.Equal(1, (await tool.RunAsync("kill 456 --force --wait 2 -o name")).Code);
        Assert.All(tool.Calls, call => Assert.Equal("DELETE /agents/456?cascade=descendants&force=true&wait=2", call));
    }

    [Fact]
    public async Task CascadeNone_AsksNoProofOfThoseThatStay()
    {
        using var tool = new Tool(
            Json(
                200,
                Confirmed.Replace("\"c1\",\"status\":\"dead\",\"confirmed\":true", "\"c1\",\"status\":\"alive\",\"confirmed\":false")));

        Assert.Equal(0, (await tool.RunAsync("kill 456 --grace 1m --cascade NONE --reason old --wait 2 --yes -o json")).Code);
        Assert.Equal(["DELETE /agents/456?grace=60&cascade=none&wait=2&reason=old"], tool.Calls);
    }

    [Fact]
    public async Task AgentThatLivesAgain_IsJudgedByHowTheLifeThatWasStoppedEnded()
    {
        using var tool = new Tool(
            Json(200, Stopping),
            Json(
                200,
                """{"agent_id":"456","incarnation":2,"status":"alive","confirmed":false,"descendants":["""
                + """{"agent_id":"c1","status":"dead","confirmed":true}]}"""),
            Json(
                200,
                """{"agent_id":"456","incarnation":2,"status":"alive","last_exit":{"confirmed":true,"exit_code":"""
                + """143,"signal":"TERM","reason":"old","at":"2026-01-02T03:04:05Z"}}"""));

        Assert.Equal(new Ran(0, Table, ""), await tool.RunAsync("kill 456 --yes"));
        Assert.Equal("GET /agents/456", tool.Calls.Last());
    }

    [Fact]
    public async Task NeverLived_HasNothingToProve()
    {
        using var tool = new Tool(Json(200, Unconfirmed.Replace("\"incarnation\":1", "\"incarnation\":0")));

        Assert.Equal(
            new Ran(0, "456\n", "agent 456 was never alive: there was nothing to stop\n"), await tool.RunAsync("kill 456 --yes -o name"));
    }

    [Fact]
    public async Task Detach_IsToldAndNoMore()
    {
        using var tool = new Tool(Json(200, Stopping));

        var ran = await tool.RunAsync("kill 456 --yes --detach");

        Assert.Equal((0, "agent 456 was told to stop; 'session-mesh show 456' says how it ended\n"), (ran.Code, ran.Error));
    }

    private const string Two = """
        {"matched":2,"results":[
         {"agent_id":"a","report":{"agent_id":"a","incarnation":1,"status":"stopping","confirmed":false,"exit_code":null,"signal":null,
          "reason":null,"deadline":"2026-01-02T03:04:15Z",
          "descendants":[{"agent_id":"b","status":"stopping","confirmed":false}]}},
         {"agent_id":"b","report":{"agent_id":"b","incarnation":3,"status":"stopping","confirmed":false,"exit_code":null,"signal":null,
          "reason":null,"deadline":"2026-01-02T03:04:15Z","descendants":[]}}]}
        """;

    [Fact]
    public async Task Many_AreCounted_Agreed_AndFollowedInTheLog()
    {
        using var tool = new Tool(
            Json(200, """{"matched":2,"results":[{"agent_id":"a","report":null},{"agent_id":"b","report":null}]}"""),
            OpenStream(Dead(7, "other", "true") + Dead(8, "b", "true") + Dead(9, "a", "true")),
            Json(200, Two))
        { Typed = "y" };
        tool.Env["TERM"] = "dumb";

        Assert.Equal(
            new Ran(0, """
                AGENT  STATUS  CONFIRMED  EXIT  SIGNAL  REASON  DEADLINE
                a      dead    yes           0  -       old     -
                b      dead    yes           0  -       old     -

                """, "Stop 2 agents with specialization ocr and their descendants? 10 s to finish. [y/N] "),
            await tool.RunAsync("kill --spec ocr"));
        Assert.Equal(

            [
                "DELETE /agents?cascade=descendants&specialization=ocr&dry_run=true",
                "GET /events",
                "DELETE /agents?cascade=descendants&specialization=ocr&expect=2",
            ],
            tool.Calls);
    }

    [Fact]
    public async Task Many_SomeUnconfirmed_IsCode7()
    {
        using var tool = new Tool(OpenStream(Dead(8, "b", "false") + Dead(9, "a", "true")), Json(200, Two));

        Assert.Equal(
            new Ran(7, "a\nb\n", "agent b was told to stop; nobody confirmed that it did\n"),
            await tool.RunAsync("kill --ids a,b --expect 2 --wait 1 -o name"));
    }

    [Fact]
    public async Task Many_WhoMayNotReadTheLog_LearnsItBeforeAnythingIsDone()
    {
        using var tool = new Tool(Problem(403, "missing_scope", "This key lacks mesh:read."));

        Assert.Equal(4, (await tool.RunAsync("kill --spec ocr --expect 2")).Code);
        Assert.Equal(["GET /events"], tool.Calls);
    }

    [Fact]
    public async Task Many_NobodyMatches_IsNoSuccess()
    {
        using var tool = new Tool(Json(200, """{"matched":0,"results":[]}"""));

        foreach (var how in new[] { "--dry-run", "--yes", "--force" })
        {
            Assert.Equal(
                new Ran(3, "", """
                    error: cannot kill the agents at or below p
                      why: no agent at or below p can be reached
                      try: session-mesh list --filter all, to see who is there and how they are

                    """),
                await tool.RunAsync("kill --subtree p " + how));
        }

        Assert.All(tool.Calls, call => Assert.EndsWith("dry_run=true", call, StringComparison.Ordinal));
    }

    private static string Dead(long revision, string agent, string confirmed) =>
        $"event: agent.dead\nid: {revision}\n"
        + $"data: {{\"revision\":{revision},\"at\":\"2026-01-02T03:04:05Z\",\"actor\":\"k1\","
        + $"\"kind\":\"agent.dead\",\"subject\":\"{agent}\",\"incarnation\":1,"
        + $"\"confirmed\":{confirmed},\"exit_code\":0,\"reason\":\"old\"}}\n\n";
}
