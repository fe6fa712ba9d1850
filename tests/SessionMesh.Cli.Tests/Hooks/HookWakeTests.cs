using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Cli.Tests.Hooks;

/// <summary><c>hook PROGRAM --wake</c>: what waits beside a session at rest, to wake it.</summary>
public sealed class HookWakeTests(HookServer server) : IClassFixture<HookServer>
{
    private static readonly TimeSpan s_poll = TimeSpan.FromSeconds(50);

    [Fact]
    public async Task Words_GoToStderr_AndEndItWithTwo()
    {
        using var session = new HookedSession(server);
        var running = await AtRestAsync(session);
        var steer = await session.SteerAsync();
        Assert.Equal(new Ran(2, "", session.Words(steer)), await running);
        Assert.Matches("\"receipt\":\"[0-9]+\"}$", session.Calls.Last().Body);
        await session.IsAsync(steer, "delivered");
    }

    [Fact]
    public async Task Words_AreWaitedFor_CallByCall()
    {
        using var session = new HookedSession(server);
        var running = await AtRestAsync(session);
        await session.HoldAsync(50);
        await session.HoldAsync(50);
        await server.Time.ArmedAsync(s_poll);
        var steer = await session.SteerAsync();
        Assert.Equal(new Ran(2, "", session.Words(steer)), await running);
        var call = new HookCall(
            "/hooks/claude-code", session.Query + "&wake=50",
            $$"""{"hook_event_name":"Stop","session_id":"{{session.Id}}","cwd":"/home/ann/tidy"}""");
        Assert.Equal([call, call, call], session.Calls.SkipLast(1));
    }

    [Fact]
    public async Task SessionThatIsOver_IsWaitedForNoLonger()
    {
        using var session = new HookedSession(server);
        var running = await AtRestAsync(session);
        await session.PassAsync("SessionEnd");
        Assert.Equal(new Ran(0, "", ""), await running);
    }

    /// <summary>It may come to rest without an event that would start another one.</summary>
    [Fact]
    public async Task SessionThatWorks_IsWaitedForOn()
    {
        using var session = new HookedSession(server);
        var running = await AtRestAsync(session);
        await session.PassAsync("UserPromptSubmit");
        var steer = await session.SteerAsync();
        Assert.False(running.IsCompleted);
        await session.PassAsync("session-mesh:interrupted");
        Assert.Equal(new Ran(2, "", session.Words(steer)), await running);
    }

    [Fact]
    public async Task ServerAway_IsAskedAgainAfterAWhile()
    {
        using var session = new HookedSession(server);
        await session.PassAsync("SessionStart");
        await session.PassAsync("Stop");
        session.Instead = HookedSession.Away;
        var running = session.TakeAsync("Stop", options: "--wake");
        for (var i = 0; i < 3; i++)
        {
            await session.Time.ArmedAsync(TimeSpan.FromSeconds(5));
            session.Instead = i < 2 ? HookedSession.Away : null;
            session.Time.Advance(TimeSpan.FromSeconds(5));
        }

        await server.Time.ArmedAsync(s_poll);
        var steer = await session.SteerAsync();
        Assert.Equal(new Ran(2, "", session.Words(steer)), await running);
    }

    /// <summary>While the mesh is away, no prompt ends the one before.</summary>
    [Fact]
    public async Task Session_IsWaitedForByOneAtATime()
    {
        using var session = new HookedSession(server);
        var first = await AtRestAsync(session);
        var second = session.TakeAsync("Stop", options: "--wake");
        await Eventually.True(
            () =>
            {
                session.Time.Advance(TimeSpan.FromMilliseconds(100));
                return second.IsCompleted;
            },
            () => "the second one leaves");
        Assert.Equal(new Ran(0, "", ""), await second);
        Assert.Single(session.Calls);
        var steer = await session.SteerAsync();
        Assert.Equal(new Ran(2, "", session.Words(steer)), await first);

        // And when that has ended, by the next.
        var third = session.TakeAsync("Stop", options: "--wake");
        await server.Time.ArmedAsync(s_poll);
        await session.PassAsync("SessionEnd");
        Assert.Equal(new Ran(0, "", ""), await third);
    }

    [Fact]
    public async Task Words_ThatNobodyTakes_AreNotDelivered()
    {
        using var session = new HookedSession(server);
        session.Tool.FailingError = new IOException("bad file descriptor");
        var running = await AtRestAsync(session);
        var steer = await session.SteerAsync();
        Assert.Equal(new Ran(0, "", ""), await running);
        Assert.Single(session.Calls); // no receipt
        Assert.Equal("queued", await session.StateAsync(steer));
    }

    /// <summary>A server that is broken is not asked as fast as it answers.</summary>
    [Fact]
    public async Task ServerThatAnswersAtOnce_IsAskedOnceASecond()
    {
        using var session = new HookedSession(server) { Instead = HookedSession.AskAgain };
        var running = session.TakeAsync("Stop", options: "--wake");
        await Eventually.True(() => !session.Calls.IsEmpty, () => "it asks");
        await session.AskInVainAsync(running, 5);
        Assert.Equal(6, session.Calls.Count);
        session.Instead = HookedSession.Answer(System.Net.HttpStatusCode.OK, "{}");
        await session.AskInVainAsync(running, 2);
        Assert.Equal(new Ran(0, "", ""), await running);
    }

    [Fact]
    public async Task KeyThatIsRefused_EndsIt()
    {
        using var session = new HookedSession(server);
        session.Tool.Env["SESSION_API_KEY"] = "smk_abcdefghijkl_THESECRET_check1";
        Assert.Equal(new Ran(0, "", ""), await session.TakeAsync("Stop", options: "--wake"));
    }

    /// <summary>Without a person at the terminal, Claude Code would wait for it.</summary>
    [Theory]
    [InlineData("sdk-cli")]
    [InlineData("sdk-py")]
    public async Task ProgramThatWouldWaitForIt_IsNotHeldUp(string entry)
    {
        using var session = new HookedSession(server);
        session.Tool.Env["CLAUDE_CODE_ENTRYPOINT"] = entry;
        Assert.Equal(new Ran(0, "", ""), await session.TakeAsync("Stop", options: "--wake"));
        Assert.Empty(session.Calls);
    }

    [Theory]
    [InlineData("claude-code", "cli")]
    [InlineData("opencode", "sdk-cli")]
    public async Task ProgramThatDoesNotWaitForIt_IsWoken(string program, string entry)
    {
        using var session = new HookedSession(server, program);
        session.Tool.Env["CLAUDE_CODE_ENTRYPOINT"] = entry;
        var running = await AtRestAsync(
            session, program == "opencode" ? "session.start" : "SessionStart", program == "opencode" ? "session.idle" : "Stop");
        var steer = await session.SteerAsync();
        Assert.Equal(new Ran(2, "", session.Words(steer)), await running);
    }

    /// <summary>A session at rest, and what waits for words to it.</summary>
    private async Task<Task<Ran>> AtRestAsync(HookedSession session, string begin = "SessionStart", string stop = "Stop")
    {
        await session.PassAsync(begin);
        await session.PassAsync(stop);
        session.Calls.Clear();
        var running = session.TakeAsync(stop, options: "--wake");
        await server.Time.ArmedAsync(s_poll);
        return running;
    }
}
