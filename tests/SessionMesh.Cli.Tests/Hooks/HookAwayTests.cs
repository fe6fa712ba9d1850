using System.Net;

namespace SessionMesh.Cli.Tests.Hooks;

/// <summary><c>hook PROGRAM</c> where the mesh does not hear it: the agent goes on, and its person is told once.</summary>
public sealed class HookAwayTests(HookServer server) : IClassFixture<HookServer>
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    public static TheoryData<string> Programs() => ["claude-code", "codex", "gemini", "opencode"];

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task ServerAway_IsToldOnceInASession(string program)
    {
        using var session = new HookedSession(server, program);
        using var other = new HookedSession(server, program);
        session.Instead = HookedSession.Away;
        var why = $"{server.Url} refuses the connection, or cannot be reached";

        Assert.Equal(new Ran(0, HookedSession.Notice(why), ""), await session.TakeAsync("PreToolUse"));
        Assert.Equal(("unreachable", why, "1 1 0 0"), session.Ledger());
        Assert.Equal(new Ran(0, "", ""), await session.TakeAsync("PreToolUse"));
        Assert.Equal(("unreachable", why, "2 2 0 0"), session.Ledger());
        Assert.Equal(new Ran(0, HookedSession.Notice(why), ""), await session.RunAsync(
            $$"""{"session_id":"{{other.Id}}","hook_event_name":"PreToolUse"}"""));
        session.Instead = null;
        await session.PassAsync("PreToolUse");
        Assert.Equal(("ok", null, "4 3 0 0"), session.Ledger());
    }

    [Theory]
    [InlineData("SessionEnd")]
    [InlineData("StopFailure")]
    [InlineData("Notification")]
    public async Task ServerAway_IsNotTold_WhereNobodySeesIt(string name)
    {
        using var session = new HookedSession(server) { Instead = HookedSession.Away };
        await session.PassAsync(name);
        Assert.NotEqual("", (await session.TakeAsync("Stop")).Out);
    }

    [Fact]
    public async Task ServerThatSaysNothing_HoldsTheAgentForASecond()
    {
        using var session = new HookedSession(server) { Instead = HookedSession.Silent };
        var running = session.TakeAsync("PreToolUse");
        await session.Time.ArmedAsync(s_second);
        session.Time.Advance(s_second - TimeSpan.FromTicks(1));
        Assert.False(running.IsCompleted);
        session.Time.Advance(TimeSpan.FromTicks(1));
        var why = $"no answer from {server.Url} in time";
        Assert.Equal(new Ran(0, HookedSession.Notice(why), ""), await running);
        Assert.Equal(("slow", why, "1 1 0 0"), session.Ledger());
    }

    public static TheoryData<string, string, string> Refusals() => new()
    {
        { "smk_abcdefghijkl_THESECRET_check1", "refused", "the key is not valid: unknown, expired or revoked" },
        { "", "refused", "no key was found" },
        { "mesh:read", "refused", "This key lacks the scope registry:write. Use a key that has it." },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task KeyThatIsRefused_IsTold(string key, string outcome, string why)
    {
        using var session = new HookedSession(server);
        session.Tool.Env["SESSION_API_KEY"] = key == "mesh:read"
            ? (await server.CallAsync(HttpMethod.Post, "keys", """{"scopes":["mesh:read"],"ttl":3600}"""))["token"]!.GetValue<string>()
            : key;
        if (key.Length == 0)
        {
            session.Tool.Env.Remove("SESSION_API_KEY");
        }

        Assert.Equal(new Ran(0, HookedSession.Notice(why.TrimEnd('.')), ""), await session.TakeAsync("PreToolUse"));
        Assert.Equal((outcome, why, "1 1 0 0"), session.Ledger());
        await session.PassAsync("PreToolUse");
    }

    public static TheoryData<HttpStatusCode, string, string, string> Answers() => new()
    {
        { HttpStatusCode.NotFound, "gone", "refused", "the server is of a version that takes no hooks" },
        { HttpStatusCode.InternalServerError, "<html>broken</html>", "unreachable", "the server answers with status 500" },
        { HttpStatusCode.InternalServerError, """{"detail":7}""", "unreachable", "the server answers with status 500" },
        { HttpStatusCode.ServiceUnavailable, Problem("stopping", "It is stopping."), "unreachable", "It is stopping" },
        { HttpStatusCode.TooManyRequests, Problem("rate_limited", "Too much."), "unreachable", "Too much" },
        { HttpStatusCode.Forbidden, Problem("forbidden", "Not smk_abcdefghijkl_THESECRET_check1."), "refused", "Not smk_abcdefghijkl_…" },
        { HttpStatusCode.Redirect, "", "refused", "the server answers with status 302" },
        { HttpStatusCode.OK, "<html>Sign in.</html>", "refused", "what answers at $ is no Session Mesh server" },
        { HttpStatusCode.OK, "[1]", "refused", "what answers at $ is no Session Mesh server" },
        { HttpStatusCode.OK, "", "refused", "what answers at $ is no Session Mesh server" },
    };

    private static string Problem(string code, string detail) =>
        $$"""{"type":"urn:x","title":"t","status":400,"detail":"{{detail}}","code":"{{code}}"}""";

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task AnswerThatIsNone_IsTold(HttpStatusCode status, string body, string outcome, string why)
    {
        using var session = new HookedSession(server) { Instead = HookedSession.Answer(status, body) };
        why = why.Replace("$", server.Url.AbsoluteUri, StringComparison.Ordinal);
        Assert.Equal(
            new Ran(0, HookedSession.Notice(why), ""), await session.TakeAsync("PreToolUse"));
        Assert.Equal(outcome, session.Ledger().Outcome);
        await session.PassAsync("PreToolUse");
    }

    [Fact]
    public async Task AnswerThatIsTooLarge_IsNotReadToItsEnd_AndTold()
    {
        using var session = new HookedSession(server)
        {
            Instead = HookedSession.Answer(HttpStatusCode.OK, $$"""{"x":"{{new string('x', 1024 * 1024)}}"}"""),
        };
        var why = $"{server.Url} answers with more than 1 MiB";
        Assert.Equal(new Ran(0, HookedSession.Notice(why), ""), await session.TakeAsync("PreToolUse"));
        Assert.Equal(("unreachable", why, "1 1 0 0"), session.Ledger());
    }

    /// <summary>A person's terminal shows it.</summary>
    [Fact]
    public async Task WhatAServerSays_IsShownWithoutWhatATerminalObeys()
    {
        using var session = new HookedSession(server)
        {
            Instead = HookedSession.Answer(HttpStatusCode.Forbidden, Problem("forbidden", "No\\u001b[2J\\u202e\\nway.")),
        };
        const string why = "No\\u001b[2J\\u202e\\u000away.";
        Assert.Equal(
            new Ran(0, HookedSession.Notice(why.TrimEnd('.').Replace("\\", "\\\\", StringComparison.Ordinal)), ""),
            await session.TakeAsync("PreToolUse"));
        Assert.Equal(("refused", why, "1 1 0 0"), session.Ledger());
    }

    /// <summary>The words are written by then, and come once more: the agent is not kept waiting for that.</summary>
    [Fact]
    public async Task ReceiptThatIsLost_KeepsNobodyWaiting()
    {
        using var session = new HookedSession(server);
        await session.PassAsync("SessionStart");
        var steer = await session.SteerAsync();
        session.Before = call =>
        {
            session.Instead = call.Body.Contains("written", StringComparison.Ordinal) ? HookedSession.Silent : null;
            return Task.CompletedTask;
        };
        var running = session.TakeAsync("PostToolUse");
        await Eventually.True(() => session.Instead is not null, () => "the receipt");
        await session.Time.ArmedAsync(s_second);
        session.Time.Advance(s_second);
        Assert.Contains("go there", (await running).Out, StringComparison.Ordinal);
        Assert.Equal("queued", await session.StateAsync(steer));
    }

    [Theory]
    [InlineData("context", "is damaged at line 1")]
    [InlineData("url", "SESSION_MESH_URL is not the URL of a server, which is http://HOST:PORT or https://HOST")]
    [InlineData("key", "SESSION_API_KEY does not hold a key")]
    [InlineData("key file", "key-file cannot be read")]
    [InlineData("no context", "there is no context elsewhere")]
    public async Task SettingsThatCannotBeRead_AreToldOnce(string what, string why)
    {
        using var session = new HookedSession(server);
        var options = "";
        switch (what)
        {
            case "context":
                session.Tool.WriteFile(".config/session-mesh/contexts.json", "{");
                break;
            case "url":
                session.Tool.Env["SESSION_MESH_URL"] = "ftp://nowhere";
                break;
            case "key":
                session.Tool.Env["SESSION_API_KEY"] = "THESECRET with blanks";
                break;
            case "key file":
                options = $"--key-file {session.Tool.Home}/none";
                break;
            default:
                options = "--context elsewhere";
                break;
        }

        var ran = await session.TakeAsync("PreToolUse", options: options);
        Assert.Equal((0, ""), (ran.Code, ran.Error));
        Assert.Contains(why, ran.Out, StringComparison.Ordinal);
        Assert.Equal(("refused", "1 1 0 0"), (session.Ledger().Outcome, session.Ledger().Counts));
        Assert.Equal(HookedSession.Notice(session.Ledger().Detail!), ran.Out);
        Assert.Equal(new Ran(0, "", ""), await session.TakeAsync("PreToolUse", options: options));
        Assert.Empty(session.Calls);
    }

    [Fact]
    public async Task LedgerThatCannotBeKept_KeepsNobodyFromGoingOn()
    {
        using var session = new HookedSession(server);
        session.Tool.WriteFile(".local/state/session-mesh", "a file where a directory is due");
        await session.PassAsync("SessionStart");
        var steer = await session.SteerAsync();
        Assert.Contains("go there", (await session.TakeAsync("PostToolUse")).Out, StringComparison.Ordinal);
        await session.IsAsync(steer, "delivered");
        session.Instead = HookedSession.Away;
        Assert.Equal(new Ran(0, "", ""), await session.TakeAsync("PostToolUse"));
        Assert.Equal(new Ran(0, "", ""), await session.RunAsync("{"));
    }

    /// <summary>What is there may wait for a reader, or have no end.</summary>
    [Theory]
    [InlineData("pipe")]
    [InlineData("link")]
    [InlineData("link to a device")]
    public async Task LedgerThatIsNoFile_IsReplaced_AndNotFollowed(string what)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var session = new HookedSession(server);
        var other = session.Tool.WriteFile("other", "{\"events\":7}");
        Directory.CreateDirectory(Path.GetDirectoryName(session.LedgerPath)!);
        if (what == "pipe")
        {
            MakePipe(session.LedgerPath);
        }
        else
        {
            File.CreateSymbolicLink(session.LedgerPath, what == "link" ? other : "/dev/full");
        }

        await session.PassAsync("SessionStart");
        Assert.Equal(("ok", null, "1 0 0 0"), session.Ledger());
        Assert.Equal("{\"events\":7}", await File.ReadAllTextAsync(other));
    }

    [Fact]
    public async Task LedgerThatIsADirectory_KeepsNobodyFromGoingOn()
    {
        using var session = new HookedSession(server);
        Directory.CreateDirectory(session.LedgerPath);
        await session.PassAsync("SessionStart");
    }

    [Fact]
    public async Task HooksThatRunAtOnce_AreCountedEach()
    {
        using var session = new HookedSession(server);
        var running = Enumerable.Range(0, 60).Select(_ => Task.Run(() => session.TakeAsync("PreToolUse"))).ToList();
        var all = Task.WhenAll(running);
        await Eventually.True(
            () =>
            {
                session.Time.Advance(TimeSpan.FromMilliseconds(1));
                return all.IsCompleted;
            },
            () => "they end");
        Assert.All(await all, ran => Assert.Equal(new Ran(0, "", ""), ran));
        Assert.Equal(("ok", null, "60 0 0 0"), session.Ledger());
    }

    [Fact]
    public async Task Ledger_CountsNoFurtherThanItCan_AndCutsANameBetweenCharacters()
    {
        using var session = new HookedSession(server);
        session.Tool.WriteFile(
            ".local/state/session-mesh/hooks/claude-code.json", $$"""{"events":{{long.MaxValue}},"unheard":-5}""");
        var name = new string('x', 63);
        await session.PassAsync(name + "\ud83d\ude00");
        Assert.Equal(("ok", null, $"{long.MaxValue} 0 0 0"), session.Ledger());
        Assert.Contains($"\"event\":\"{name}\"", await File.ReadAllTextAsync(session.LedgerPath), StringComparison.Ordinal);
    }

    internal static void MakePipe(string path)
    {
        using var made = System.Diagnostics.Process.Start("mkfifo", [path]);
        made.WaitForExit();
        Assert.Equal(0, made.ExitCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"events\":")]
    [InlineData("[]")]
    [InlineData("{\"events\":\"many\",\"unheard\":1.5,\"too_large\":9999999999999999999999}")]
    public async Task LedgerThatIsDamaged_BeginsAnew(string text)
    {
        using var session = new HookedSession(server);
        session.Tool.WriteFile(".local/state/session-mesh/hooks/claude-code.json", text);
        await session.PassAsync("SessionStart");
        Assert.Equal(("ok", null, "1 0 0 0"), session.Ledger());
    }
}
