using SessionMesh.Cli.Tests.Commands;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Steering;

public sealed class SteerTests
{
    private const string Two = """
        {"matched":2,"results":[{"agent_id":"a","directive_id":"d-5","seq":4,"state":"queued"},{"agent_id":"b","code":"inbox_full",
         "detail":"Wait."}]}
        """;

    private const string Both = """
        {"matched":2,"results":[{"agent_id":"a","directive_id":"d-5","seq":4,"state":"queued"},{"agent_id":"b","directive_id":"d-6",
         "seq":9,"state":"queued"}]}
        """;

    private const string Matched = """{"matched":2,"results":[{"agent_id":"a"},{"agent_id":"b"}]}""";

    [Theory]
    [InlineData("acknowledged", 0, "")]
    [InlineData("accepted", 0, "")]
    [InlineData("delivered", 10, "the directive is delivered, and not accepted after 20 s; it stays in the inbox of agent 1\n")]
    [InlineData("rejected", 8, "agent 1 rejected it: no way west\n")]
    [InlineData("expired", 9, "the directive is expired, and was never acknowledged: no way west\n")]
    [InlineData("cancelled", 9, "the directive is cancelled, and was never acknowledged: no way west\n")]
    [InlineData("undeliverable", 9, "the directive is undeliverable, and was never acknowledged: no way west\n")]
    public async Task Wait_SaysHowFarItCame(string state, int code, string error)
    {
        using var tool = new Tool(Json(200, $$"""{"directive_id":"d1","agent_id":"1","state":"{{state}}","note":"no way west"}"""));

        Assert.Equal(new Ran(code, "d1\n", error), await tool.RunAsync("steer 1 -d west --wait ACCEPTED --wait-seconds 20 -o name"));
        Assert.Equal(["""POST /steer {"agent_id":"1","direction":"west","wait":"accepted","wait_seconds":20}"""], tool.Calls);
    }

    /// <summary>A handler that can only accept says so at once, and that is why nothing more came.</summary>
    [Fact]
    public async Task Wait_ForWhatAHandlerCannotSay_NamesTheReason()
    {
        using var tool = new Tool(Json(200, """{"directive_id":"d1","agent_id":"1","state":"accepted","note":"in the steer file"}"""));
        Assert.Equal(
            new Ran(
                10, "d1\n",
                "agent 1 has accepted it: in the steer file; waiting for it to be acknowledged\n"
                + "the directive is accepted, and not acknowledged after 30 s: in the steer file\n"),
            await tool.RunAsync("steer 1 -d west --wait -o name"));
        Assert.Equal(
            [
                """POST /steer {"agent_id":"1","direction":"west","wait":"accepted","wait_seconds":30}""",
                "GET /directives/d1?wait=acknowledged&wait_seconds=30",
            ],
            tool.Calls);
    }

    /// <summary>The server holds an answer for a minute; what is longer are rounds of one and the same call.</summary>
    [Fact]
    public async Task Wait_LongerThanAnAnswerIsHeld_AsksAgainWithoutSteeringTwice()
    {
        using var tool = new Tool(
            Json(200, """{"directive_id":"d1","agent_id":"1","state":"delivered"}"""),
            Json(200, """{"directive_id":"d1","agent_id":"1","state":"acknowledged"}"""));

        Assert.Equal(new Ran(0, "d1\n", ""), await tool.RunAsync("steer 1 -d west --wait --wait-seconds 90 -o name"));
        Assert.All(
            tool.Calls,
            call => Assert.Equal("""POST /steer {"agent_id":"1","direction":"west","wait":"accepted","wait_seconds":45}""", call));
        Assert.Equal(2, tool.Server.Requests.Count);
        Assert.Single(tool.Server.Requests.Select(request => request.Headers["Idempotency-Key"]).Distinct());
    }

    [Fact]
    public async Task Many_OnATerminal_CountsFirst_AndSendsWhatItCounted()
    {
        using var tool = new Tool(Json(200, Matched), Json(200, Two)) { Typed = "yes" };

        Assert.Equal(
            new Ran(7, """
                AGENT  SEQ  STATE   CODE        NOTE
                a        4  queued  -           -
                b        -  -       inbox_full  -

                """,
                "Tell 2 agents with specialization ocr in cluster blue: steer west? [y/N] "
                + "1 of 2 agents told; the others: 1 inbox_full\n"),
            await tool.RunAsync("steer --spec ocr --cluster blue -d west"));
        Assert.Equal(
            [
                """POST /steer {"selector":{"specialization":"ocr","cluster":"blue"},"dry_run":true,"direction":"west"}""",
                """POST /steer {"selector":{"specialization":"ocr","cluster":"blue"},"expect":2,"direction":"west"}""",
            ],
            tool.Calls);
    }

    [Fact]
    public async Task Many_AnythingButYes_SendsNothing()
    {
        using var tool = new Tool(Json(200, Matched)) { Typed = "" };

        Assert.Equal(
            new Ran(1, "", "Tell 2 agents at or below p: pause? [y/N] nothing was sent\n"),
            await tool.RunAsync("steer --subtree p --verb pause"));
        Assert.Single(tool.Calls);
    }

    [Fact]
    public async Task Many_DryRun_ShowsWhom()
    {
        using var tool = new Tool(Json(200, Matched));

        Assert.Equal(
            new Ran(0, "a\nb\n", "dry run: nothing was sent; 2 agents would be reached\n"),
            await tool.RunAsync("steer --ids a,b -d west --dry-run -o name"));
        Assert.Equal(
            """{"agent_id":"a"}""" + "\n" + """{"agent_id":"b"}""" + "\n",
            (await tool.RunAsync("steer --ids a,b -d west --dry-run -o jsonl")).Out);
    }

    [Fact]
    public async Task Many_NobodyMatches_IsNoSuccess()
    {
        using var tool = new Tool(Json(200, """{"matched":0,"results":[]}"""));

        foreach (var how in new[] { "--dry-run", "--yes" })
        {
            Assert.Equal(
                new Ran(3, "", """
                    error: cannot steer the agents with label zone=eu
                      why: no agent with label zone=eu can be reached
                      try: session-mesh list --filter all, to see who is there and how they are

                    """),
                await tool.RunAsync("steer --label zone=eu -d west " + how));
        }
    }

    [Fact]
    public async Task Many_AnotherCountThanExpected_IsAConflict()
    {
        using var tool = new Tool(Problem(409, "expectation_failed", "The selector matches 3 agents, not 2."));

        Assert.Equal(
            new Ran(5, "", """
                error: cannot steer the agents named a, b
                  why: The selector matches 3 agents, not 2. (409 expectation_failed)
                  try: look again with --dry-run
                  request: r1

                """),
            await tool.RunAsync("steer --ids a,b -d west --expect 2"));
    }

    [Fact]
    public async Task Many_SelectedContext_NarrowsASpecialization_ButNotThoseWhoAreNamed()
    {
        using var tool = new Tool(Json(200, Two));
        tool.WriteFile(".config/session-mesh/contexts.json", """{"selected":"x","contexts":[{"name":"x","cluster":"blue"}]}""");

        await tool.RunAsync("steer --spec ocr -d west --expect 2");
        await tool.RunAsync("steer --ids a,b -d west --expect 2");

        Assert.Equal(
            [
                """POST /steer {"selector":{"specialization":"ocr","cluster":"blue"},"expect":2,"direction":"west"}""",
                """POST /steer {"selector":{"agent_ids":["a","b"]},"expect":2,"direction":"west"}""",
            ],
            tool.Calls);
    }

    [Fact]
    public async Task Many_Wait_FollowsTheLogThatWasOpenBefore()
    {
        using var tool = new Tool(
            OpenStream(
                Moved(7, "c", 4, "acknowledged") + Moved(8, "a", 3, "rejected") + Moved(9, "a", 4, "delivered") + Moved(
                    10, "b", 9, "rejected", "no way") + Moved(11, "a", 4, "acknowledged")),
            Json(200, Both));

        var ran = await tool.RunAsync("steer --ids a,b -d west --expect 2 --wait acknowledged -o json");

        Assert.Equal((7, "1 of 2 agents acknowledged; the others: 1 rejected\n"), (ran.Code, ran.Error));
        Assert.Equal(
            """
            {
              "matched": 2,
              "results": [
                {
                  "agent_id": "a",
                  "directive_id": "d-5",
                  "seq": 4,
                  "state": "acknowledged"
                },
                {
                  "agent_id": "b",
                  "directive_id": "d-6",
                  "seq": 9,
                  "state": "rejected",
                  "note": "no way"
                }
              ],
              "wait": "acknowledged",
              "reached": 1
            }

            """,
            ran.Out);
        Assert.Equal("GET /events", tool.Calls.First());
    }

    [Fact]
    public async Task Many_Wait_TimeIsUp_SaysWhoIsWhere()
    {
        using var tool = new Tool(OpenStream(Moved(9, "a", 4, "delivered")), Json(200, Both));

        Assert.Equal(
            new Ran(7, """
                AGENT  SEQ  STATE      CODE  NOTE
                a        4  delivered  -     -
                b        9  queued     -     -

                """, "0 of 2 agents acknowledged after 1 s; the others: 1 delivered, 1 queued\n"),
            await tool.RunAsync("steer --ids a,b -d west --expect 2 --wait acknowledged --wait-seconds 1"));
    }

    /// <summary>A stream that broke before it had said anything has no place to resume at: what moved meanwhile is looked up.</summary>
    [Fact]
    public async Task Many_Wait_StreamThatBreaksBeforeItsFirstEntry_LooksWhatBecameOfThem()
    {
        var broken = new TaskCompletionSource();
        using var tool = new Tool(
            OpenStream(": hello\n\n", broken.Task),
            cancellation =>
            {
                broken.SetResult();
                return Json(200, Two)(cancellation);
            },
            OpenStream(": hello again\n\n"),
            Json(200, """{"directive_id":"d-5","agent_id":"a","seq":4,"state":"acknowledged"}"""));

        var ran = await tool.RunAsync("steer --ids a,b -d west --expect 2 --wait acknowledged -o jsonl");

        Assert.Equal(
            (
                7,
                """{"agent_id":"a","directive_id":"d-5","seq":4,"state":"acknowledged"}"""
                    + "\n" + """{"agent_id":"b","code":"inbox_full","detail":"Wait."}""" + "\n"),
            (ran.Code, ran.Out));
        Assert.Contains("GET /directives/d-5", tool.Calls);
    }

    [Fact]
    public async Task History_IsNewestFirst_AndSaysWhenThereIsMore()
    {
        using var tool = new Tool(
            Json(
                200,
                """{"directives":[{"directive_id":"d-9","seq":"""
                + """2,"verb":"steer","direction":"west","state":"rejected","ended_at":"2026-01-02T03:04:"""
                + """00Z","note":"no"}],"next_cursor":"5"}"""),
            Json(200, """{"directives":[],"next_cursor":null}"""));

        Assert.Equal(
            new Ran(0, """
                DIRECTIVE  SEQ  VERB   DIRECTION  STATE     ISSUED  ENDED   MESSAGE  NOTE
                d-9          2  steer  west       rejected  -       5s ago  -        no

                """, "1 row, and there are more: without --limit the list is whole\n"),
            await tool.RunAsync("history 1 --limit 1"));
        Assert.Equal(new Ran(0, "", "agent 1 was never told anything\n"), await tool.RunAsync("history 1"));
    }

    [Fact]
    public async Task Cancel_WhatIsDelivered_IsAConflict()
    {
        using var tool = new Tool(Problem(409, "already_delivered", "This directive is delivered already."));

        Assert.Equal(
            new Ran(5, "", """
                error: cannot cancel directive d-5
                  why: This directive is delivered already. (409 already_delivered)
                  try: session-mesh steer ID, to correct what it was told
                  request: r1

                """),
            await tool.RunAsync("cancel d-5"));
    }

    private static string Moved(long revision, string agent, long seq, string state, string? note = null) =>
        $"event: directive.{state}\nid: {revision}\n"
        + $"data: {{\"revision\":{revision},\"at\":\"2026-01-02T03:04:05Z\",\"actor\":\"k1\","
        + $"\"kind\":\"directive.{state}\",\"subject\":\"{agent}\",\"seq\":{seq}{(note is null ? "" : $",\"note\":\"{note}\"")}}}\n\n";
}
