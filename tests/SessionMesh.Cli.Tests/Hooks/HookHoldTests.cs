using System.Net;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Cli.Tests.Hooks;

/// <summary><c>hook PROGRAM</c> of an agent that is paused: its tool is held, for as long as the program lets a hook wait.</summary>
public sealed class HookHoldTests(HookServer server) : IClassFixture<HookServer>
{
    /// <summary>Before opencode's plugin ends the tool, and well before the hooks' time-out.</summary>
    private static readonly TimeSpan s_most = TimeSpan.FromSeconds(585);

    [Fact]
    public async Task Pause_IsHeldCallByCall_UntilResumed()
    {
        using var session = new HookedSession(server);
        var running = await PausedAsync(session);
        for (var i = 0; i < 3; i++)
        {
            await session.HoldAsync(50);
        }

        await server.Time.ArmedAsync(TimeSpan.FromSeconds(50));
        Assert.False(running.IsCompleted);
        await session.SteerAsync(""" "verb":"resume" """);
        Assert.Equal(new Ran(0, "", ""), await running);
        Assert.Equal(["0", "50", "50", "50", "50"], Holds(session));
        Assert.Equal(("ok", null, "2 0 0 0"), session.Ledger());
    }

    [Fact]
    public async Task Pause_StaysHeld_OverAServerThatIsAwayForHalfAMinute()
    {
        using var session = new HookedSession(server);
        var running = await PausedAsync(session);
        await AwayAsync(session, HookedSession.Away);
        await session.AskInVainAsync(running, 14);
        session.Instead = HookedSession.Answer(HttpStatusCode.TooManyRequests, "");
        await session.AskInVainAsync(running, 14);
        Assert.False(running.IsCompleted);
        session.Instead = null;
        await session.AskInVainAsync(running, 1);
        await server.Time.ArmedAsync(TimeSpan.FromSeconds(50));
        Assert.Equal(["0", "50", "50", .. Enumerable.Repeat("0", 29), "50"], Holds(session));

        // Half a minute counts from when it was last away.
        await AwayAsync(session, HookedSession.Away);
        await session.AskInVainAsync(running, 20);
        session.Instead = null;
        await session.AskInVainAsync(running, 1);
        await session.SteerAsync(""" "verb":"resume" """);
        Assert.Equal(new Ran(0, "", ""), await running);
    }

    [Fact]
    public async Task Pause_OverAServerThatIsAwayForLonger_HoldsNobody()
    {
        using var session = new HookedSession(server);
        var running = await PausedAsync(session);
        await AwayAsync(session, HookedSession.Away);
        await session.AskInVainAsync(running, 30);
        Assert.False(running.IsCompleted);
        await session.AskInVainAsync(running, 1);
        var why = $"{server.Url} refuses the connection, or cannot be reached";
        Assert.Equal(new Ran(0, HookedSession.Notice(why), ""), await running);
        Assert.Equal(("unreachable", why, "2 1 0 0"), session.Ledger());
    }

    public static TheoryData<string, string, string> Denials() => new()
    {
        { "claude-code", "PreToolUse", Specific },
        { "codex", "PreToolUse", Specific },
        { "gemini", "BeforeTool", """{"decision":"deny","reason":"$"}""" },
        { "opencode", "tool.before", """{"deny":"$"}""" },
    };

    private const string Specific =
        """{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny","permissionDecisionReason":"$"}}""";

    [Theory]
    [MemberData(nameof(Denials))]
    public async Task Pause_ThatIsNotTakenBackInTime_DeniesTheTool(string program, string name, string answer)
    {
        using var session = new HookedSession(server, program);
        var running = await PausedAsync(session, name);
        await HoldToTheEndAsync(session);
        var reason = $"Session Mesh: an operator has paused this agent, {session.Agent}, and has not resumed it in time. "
            + "This tool was not run. It may be tried again.";
        Assert.Equal(new Ran(0, answer.Replace("$", reason, StringComparison.Ordinal), ""), await running);
        Assert.Equal(session.Query + "&hold=0&deny=true", session.Calls.Last().Query);
    }

    [Fact]
    public async Task Stop_OfAnAgentThatIsHeld_DeniesTheTool()
    {
        using var session = new HookedSession(server);
        var running = await PausedAsync(session);
        await session.HoldAsync(50);
        await server.Time.ArmedAsync(TimeSpan.FromSeconds(50));
        await server.CallAsync(HttpMethod.Delete, $"agents/{session.Agent}?grace=30");
        var reason = $"Session Mesh: an operator has stopped this agent, {session.Agent}. No tool runs any more.";
        var answer = """{"continue":false,"stopReason":"$",""" + Specific[1..];
        Assert.Equal(new Ran(0, answer.Replace("$", reason, StringComparison.Ordinal), ""), await running);
    }

    public static TheoryData<bool> Ways() => [true, false];

    /// <summary>Past its time-out the program ends the hook, and what it would have said is lost.</summary>
    [Theory]
    [MemberData(nameof(Ways))]
    public async Task DenialThatFindsTheServerAway_IsAskedForNoLongerThanTheHookMayTake(bool isSilent)
    {
        using var session = new HookedSession(server);
        var running = await PausedAsync(session);
        await HoldToTheEndAsync(session, () => session.Instead = isSilent ? HookedSession.Silent : HookedSession.Away);
        while (!running.IsCompleted)
        {
            session.Time.Advance(TimeSpan.FromSeconds(isSilent ? 1 : 0));
            await session.AskInVainAsync(running, 1);
        }

        Assert.InRange(session.Time.GetElapsedTime(0), s_most - TimeSpan.FromSeconds(2), s_most);
        var ran = await running;
        Assert.Equal((0, ""), (ran.Code, ran.Error));
        Assert.StartsWith("""{"systemMessage":"Session Mesh does not hear this session: """, ran.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DenialThatFindsTheServerBack_IsGiven()
    {
        using var session = new HookedSession(server);
        var running = await PausedAsync(session);
        await HoldToTheEndAsync(session, () => session.Instead = HookedSession.Away);
        await session.AskInVainAsync(running, 10);
        session.Instead = null;
        await session.AskInVainAsync(running, 1);
        Assert.Contains("\"deny\"", (await running).Out, StringComparison.Ordinal);
    }

    /// <summary>A key that ends resumes nobody. The mesh is there, so it is not taken for a restart that is over in a moment.</summary>
    [Theory]
    [MemberData(nameof(Denials))]
    public async Task Pause_OverAKeyThatEnds_IsHeldToTheEnd_AndDenied(string program, string name, string answer)
    {
        using var session = new HookedSession(server, program);
        var running = await PausedAsync(session, name);
        await AwayAsync(session, HookedSession.Answer(HttpStatusCode.Unauthorized, ""));
        while (!running.IsCompleted)
        {
            Assert.InRange(session.Time.GetElapsedTime(0), TimeSpan.Zero, s_most);
            await session.AskInVainAsync(running, 1, seconds: 5);
        }

        var reason = $"Session Mesh: an operator has paused this agent, {session.Agent}, and the mesh no longer takes its events. "
            + "This tool was not run. It may be tried again.";
        Assert.Equal(new Ran(0, answer.Replace("$", reason, StringComparison.Ordinal), ""), await running);
        Assert.InRange(session.Time.GetElapsedTime(0), TimeSpan.FromSeconds(570), s_most);
        Assert.Equal(("refused", "the server answers with status 401", "2 1 0 0"), session.Ledger());
    }

    [Fact]
    public async Task Pause_OverAKeyThatIsRefusedForAWhile_IsHeldOn()
    {
        using var session = new HookedSession(server);
        var running = await PausedAsync(session);
        await AwayAsync(session, HookedSession.Answer(HttpStatusCode.Unauthorized, ""));
        await session.AskInVainAsync(running, 10, seconds: 5);
        session.Instead = null;
        await session.AskInVainAsync(running, 1, seconds: 5);
        await server.Time.ArmedAsync(TimeSpan.FromSeconds(50));
        await session.SteerAsync(""" "verb":"resume" """);
        Assert.Equal(new Ran(0, "", ""), await running);
    }

    /// <summary>A server that is broken is not asked as fast as it answers.</summary>
    [Fact]
    public async Task ServerThatAnswersAtOnce_IsAskedOnceASecond()
    {
        using var session = new HookedSession(server) { Instead = HookedSession.AskAgain };
        var running = session.TakeAsync("PreToolUse");
        await Eventually.True(() => session.Calls.Count == 2, () => "it asks to be held");
        await session.AskInVainAsync(running, 5);
        Assert.Equal(["0", "50", "50", "50", "50", "50", "50"], Holds(session));
        session.Instead = HookedSession.Answer(HttpStatusCode.OK, "{}");
        await session.AskInVainAsync(running, 2);
        Assert.Equal(new Ran(0, "", ""), await running);
    }

    /// <summary>A paused agent whose next tool is held by now.</summary>
    private async Task<Task<Ran>> PausedAsync(HookedSession session, string name = "PreToolUse")
    {
        await session.PassAsync(name == "tool.before" ? "session.start" : "SessionStart");
        session.Calls.Clear();
        await session.SteerAsync(""" "verb":"pause" """);
        var running = session.TakeAsync(name, """ "tool_name":"Bash" """);
        await server.Time.ArmedAsync(TimeSpan.FromSeconds(50));
        return running;
    }

    /// <summary>The call that is held ends, and the next finds nobody.</summary>
    private static async Task AwayAsync(HookedSession session, Func<CancellationToken, Task<HttpResponseMessage>> instead)
    {
        var calls = session.Calls.Count;
        session.Instead = instead;
        await session.HoldAsync(50);
        await Eventually.True(() => session.Calls.Count > calls, () => "the tool asks again");
    }

    private static async Task HoldToTheEndAsync(HookedSession session, Action? before = null)
    {
        for (var i = 0; i < 11; i++)
        {
            await session.HoldAsync(50);
        }

        var calls = session.Calls.Count;
        await session.HoldAsync(20, before);
        await Eventually.True(() => session.Calls.Count > calls, () => "the tool asks for a denial");
    }

    private static IEnumerable<string> Holds(HookedSession session) =>
        session.Calls.Select(call => call.Query[(call.Query.IndexOf("&hold=", StringComparison.Ordinal) + 6)..]);
}
