using SessionMesh.Server.Tests.Support;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Claims;

/// <summary><c>claim</c> without a command, <c>claim --list</c> and <c>release</c>.</summary>
public sealed class ClaimTests
{
    private const string Row = """
        {"claim_id":"c-7","agent_id":"w1","specialization":"image/ocr","key_id":"k1","ttl":60,"claimed_at":"2026-01-02T03:04:05Z",
         "expires_at":"2026-01-02T03:05:05Z"}
        """;

    private const string Released = """{"claim_id":"c-7","agent_id":"w1"}""";
    private static readonly Func<CancellationToken, Task<HttpResponseMessage>> s_full =
        Problem(409, "no_capacity", "No agent that is alive and not paused has room for 'ocr'.");

    [Fact]
    public async Task Claim_PrintsWhatWasClaimed()
    {
        using var tool = new Tool(Json(201, Row));

        Assert.Equal(
            new Ran(0, """
                CLAIM  AGENT  SPECIALIZATION  CLAIMED  EXPIRES  KEY
                c-7    w1     image/ocr       0s ago   in 1m    k1

                """, ""),
            await tool.RunAsync("claim --spec image"));
        Assert.Equal(["POST /registry/claim {\"specialization\":\"image\"}"], tool.Calls);
    }

    [Theory]
    [InlineData("claim --spec ocr -o name", """{"specialization":"ocr"}""")]
    [InlineData(
        "claim --spec ocr --ttl 2m --wait 30 --strategy spread --cluster blue -l a=b,c=d -o name",
        """{"specialization":"ocr","strategy":"spread","cluster":"blue","label":{"a":"b","c":"d"},"ttl":120,"wait":30}""")]
    public async Task Options_GoIntoTheCall(string line, string body)
    {
        using var tool = new Tool(Json(201, Row));

        Assert.Equal(new Ran(0, "c-7\n", ""), await tool.RunAsync(line));
        Assert.Equal(["POST /registry/claim " + body], tool.Calls);
    }

    [Fact]
    public async Task NoCapacity_IsItsOwnError()
    {
        using var tool = new Tool(
            Problem(
                409, "no_capacity",
                "No agent that is alive and not paused has room for 'ocr'. "
                + "Wait for one with \\\"wait\\\", or see who there is with GET /x."));

        Assert.Equal(
            new Ran(
                5, "",
                "error: cannot claim an agent for ocr\n"
                + "  why: No agent that is alive and not paused has room for 'ocr'. (409 no_capacity)\n"
                + "  try: --wait TIME, to wait for one; session-mesh list --spec NAME --fields agent_id,paused,skills, "
                + "to see who has it and how much of it is taken\n"
                + "  request: r1\n"),
            await tool.RunAsync("claim --spec ocr"));
    }

    [Theory]
    [InlineData(404, "claim_not_found", 3, "session-mesh claim --list, to see what is held")]
    [InlineData(403, "claim_of_another", 4, "the key that claimed, one above it, or one that may do everything")]
    public async Task Refusals_SayWhatNext(int status, string code, int exit, string next)
    {
        using var tool = new Tool(Problem(status, code));

        Assert.Equal(
            new Ran(exit, "", $"error: cannot release claim c-7\n  why: because ({status} {code})\n  try: {next}\n  request: r1\n"),
            await tool.RunAsync("release c-7"));
    }

    [Fact]
    public async Task Quota_SaysWhatNext()
    {
        using var tool = new Tool(Problem(429, "claim_quota"));

        var ran = await tool.RunAsync("claim --spec ocr");

        Assert.Equal(1, ran.Code);
        Assert.Contains(
            "  try: session-mesh claim --list, and session-mesh release CLAIM for what is no longer used\n", ran.Error,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wait_IsLongerThanTheServers_ByAskingAgain()
    {
        var time = new FakeTime();
        using var tool = new Tool(After(time, 60, s_full), After(time, 12, Json(201, Row))) { Clock = time };

        Assert.Equal(new Ran(0, "c-7\n", ""), await tool.RunAsync("claim --spec ocr --wait 90s -o name"));
        Assert.Equal(
            [
                "POST /registry/claim {\"specialization\":\"ocr\",\"wait\":60}",
                "POST /registry/claim {\"specialization\":\"ocr\",\"wait\":30}",
            ],
            tool.Calls);
        Assert.Equal(2, tool.Server.Requests.Select(request => request.Headers["Idempotency-Key"]).Distinct().Count());
    }

    [Fact]
    public async Task Wait_ThatIsOver_IsNoCapacity()
    {
        var time = new FakeTime();
        using var tool = new Tool(After(time, 60, s_full), After(time, 10, s_full)) { Clock = time };

        var ran = await tool.RunAsync("claim --spec ocr --wait 70");

        Assert.Equal((5, ""), (ran.Code, ran.Out));
        Assert.Contains("(409 no_capacity)", ran.Error, StringComparison.Ordinal);
        Assert.Equal(2, tool.Calls.Count());
    }

    [Fact]
    public async Task Server_ThatStopsMeanwhile_IsWaitedFor()
    {
        using var tool = new Tool(s_full, Broken(), Broken(), Broken(), Json(201, Row));

        Assert.Equal(new Ran(0, "c-7\n", ""), await tool.RunAsync("claim --spec ocr --wait 50 -o name"));
        Assert.Equal(5, tool.Calls.Count());
        Assert.Equal(2, tool.Time.Waits.Count(wait => wait >= TimeSpan.FromMilliseconds(500)));
    }

    [Fact]
    public async Task Server_ThatWasNeverThere_IsNotWaitedFor()
    {
        using var tool = new Tool(Broken());

        Assert.Equal(6, (await tool.RunAsync("claim --spec ocr --wait 50")).Code);
        Assert.Equal(3, tool.Calls.Count());
    }

    [Theory]
    [InlineData("claim", "--spec is missing: it says what the agent is to be good at")]
    [InlineData("claim ocr", "'ocr' has no place here: the specialization follows --spec, and a command follows --")]
    [InlineData("claim --spec ocr make -- all", "'make' has no place here: the specialization follows --spec, and a command follows --")]
    [InlineData("claim --spec ocr --", "there is no command behind --")]
    [InlineData("claim --spec ocr -o json -- true", "--output and --fields have nothing to print")]
    [InlineData("claim --spec ocr --limit 3", "--agent-id, --limit and --sort are for --list")]
    [InlineData("claim --spec ocr --agent-id w1", "--agent-id, --limit and --sort are for --list")]
    [InlineData("claim --spec ocr -l tier!=free", "--label takes KEY=VALUE here, not 'tier!=free'")]
    [InlineData("claim --spec ocr -l tier", "--label takes KEY=VALUE here, not 'tier'")]
    [InlineData("claim --spec ocr -l a=b -l a=c", "--label a is given twice, and an agent has it once")]
    [InlineData("claim --spec ocr --ttl 4", "--ttl takes 5 to 86400 seconds, not '4'")]
    [InlineData("claim --list --ttl 10", "--list claims nothing")]
    [InlineData("claim --list --cluster blue", "--list claims nothing")]
    [InlineData("claim --list -- true", "--list claims nothing")]
    [InlineData("release", "no claim is named")]
    [InlineData("release a/b", "'a/b' is not an id")]
    public async Task WhatCannotBe_IsAUsageError(string line, string why)
    {
        using var tool = new Tool(Broken());

        var ran = await tool.RunAsync(line);

        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Contains(why, ran.Error, StringComparison.Ordinal);
        Assert.Empty(tool.Server.Requests);
    }

    [Fact]
    public async Task List_IsWhole_OldestFirst()
    {
        var other = Row.Replace("c-7", "c-30", StringComparison.Ordinal).Replace("\"w1\"", "\"a1\"", StringComparison.Ordinal);
        using var tool = new Tool(
            Json(200, $$"""{"claims":[{{Row}}],"next_cursor":"7"}"""), Json(200, $$"""{"claims":[{{other}}],"next_cursor":null}"""));

        Assert.Equal(
            new Ran(0, """
                CLAIM  AGENT  SPECIALIZATION  CLAIMED  EXPIRES  KEY
                c-7    w1     image/ocr       0s ago   in 1m    k1
                c-30   a1     image/ocr       0s ago   in 1m    k1

                """, ""),
            await tool.RunAsync("claim --list"));
        Assert.Equal(["GET /registry/claims?limit=1000", "GET /registry/claims?limit=1000&cursor=7"], tool.Calls);
    }

    [Fact]
    public async Task List_IsNarrowed()
    {
        using var tool = new Tool(Json(200, $$"""{"claims":[{{Row}}],"next_cursor":"7"}"""));

        Assert.Equal(
            new Ran(0, "c-7\n", "1 row, and there are more: without --limit the list is whole\n"),
            await tool.RunAsync("claim --list --agent-id w1 --spec image --limit 1 -o name"));
        Assert.Equal(["GET /registry/claims?agent_id=w1&specialization=image&limit=1"], tool.Calls);
    }

    [Theory]
    [InlineData("claim --list", "no claim is held\n")]
    [InlineData("claim --list --spec ocr", "no claim that matches is held\n")]
    [InlineData("claim --list -o name", "")]
    public async Task List_OfNothing_SaysSo(string line, string note)
    {
        using var tool = new Tool(Json(200, """{"claims":[],"next_cursor":null}"""));

        Assert.Equal(new Ran(0, "", note), await tool.RunAsync(line));
    }

    [Fact]
    public async Task Release_OfOne_PrintsIt()
    {
        using var tool = new Tool(Json(200, Released));

        Assert.Equal(new Ran(0, "CLAIM  AGENT\nc-7    w1\n", ""), await tool.RunAsync("release c-7 c-7"));
        Assert.Equal(["DELETE /registry/claims/c-7"], tool.Calls);
    }

    [Fact]
    public async Task Release_OfSeveral_GoesOnBehindOneThatIsGone()
    {
        using var tool = new Tool(Problem(404, "claim_not_found"), Json(200, Released));

        Assert.Equal(
            new Ran(7, "c-6\nc-7\n", "claim c-6: because (claim_not_found)\n1 of 2 claims released\n"),
            await tool.RunAsync("release c-6 c-7 -o name"));
        Assert.Equal(["DELETE /registry/claims/c-6", "DELETE /registry/claims/c-7"], tool.Calls);
    }

    /// <summary>An answer that the server held back for so long.</summary>
    private static Func<CancellationToken, Task<HttpResponseMessage>> After(
        FakeTime time, int seconds, Func<CancellationToken, Task<HttpResponseMessage>> answer) => cancellation =>
    {
        time.Suspend(TimeSpan.FromSeconds(seconds));
        return answer(cancellation);
    };
}
