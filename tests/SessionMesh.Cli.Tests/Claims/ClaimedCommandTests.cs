using SessionMesh.Cli.Tests.Run;
using SessionMesh.Server.Tests.Support;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Claims;

/// <summary><c>claim … -- CMD</c>, with a real CMD.</summary>
public sealed class ClaimedCommandTests : IDisposable
{
    private const string Row = """
        {"claim_id":"c-7","agent_id":"w1","specialization":"image/ocr","key_id":"k1","ttl":60,"claimed_at":"2026-01-02T03:04:05Z",
         "expires_at":"2026-01-02T03:05:05Z"}
        """;

    private const string Taken = "session-mesh: claim c-7, agent w1, image/ocr\n";
    private const string ClaimCall = "POST /registry/claim {\"specialization\":\"image\"}";
    private const string RenewCall = "POST /registry/claims/c-7/renew {}";
    private const string ReleaseCall = "DELETE /registry/claims/c-7";
    private static readonly Func<CancellationToken, Task<HttpResponseMessage>> s_claimed = Json(201, Row);
    private static readonly Func<CancellationToken, Task<HttpResponseMessage>> s_done =
        Json(200, Row.Replace("}", ",\"more\":1}", StringComparison.Ordinal));

    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Command_IsToldWhatWasClaimed_AndItIsReleased()
    {
        using var tool = new Tool(s_claimed, s_done);
        var seen = _scratch.File("seen");

        Assert.Equal(
            new Ran(7, "", Taken),
            await RunAsync(tool, $"echo $SESSION_MESH_CLAIM_ID $SESSION_MESH_CLAIM_AGENT $SESSION_MESH_CLAIM_SPEC > {seen}; exit 7"));
        Assert.Equal("c-7 w1 image/ocr", await Eventually.Line(seen));
        Assert.Equal([ClaimCall, ReleaseCall], tool.Calls);
    }

    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("kill -9 $$", 137)]
    public async Task End_OfTheCommand_IsOurs_HoweverItEnded(string script, int code)
    {
        using var tool = new Tool(s_claimed, s_done);

        Assert.Equal(new Ran(code, "", ""), await RunAsync(tool, script, "-q"));
        Assert.Equal([ClaimCall, ReleaseCall], tool.Calls);
    }

    [Theory]
    [InlineData("/no/such/file", 127)]
    [InlineData("/etc/passwd", 126)]
    public async Task Command_ThatCannotBeStarted_HasTheShellsCode_AndTheClaimIsReleased(string file, int code)
    {
        using var tool = new Tool(s_claimed, s_done);

        var ran = await tool.RunAsync(["claim", "--spec", "image", "-q", "--", file]);

        Assert.Equal((code, ""), (ran.Code, ran.Out));
        Assert.StartsWith($"session-mesh: {file}: ", ran.Error, StringComparison.Ordinal);
        Assert.Equal([ClaimCall, ReleaseCall], tool.Calls);
    }

    [Theory]
    [InlineData(409, "no_capacity", 5)]
    [InlineData(403, "missing_scope", 125)]
    public async Task Nothing_IsStartedWithoutAClaim(int status, string code, int exit)
    {
        using var tool = new Tool(Problem(status, code));
        var seen = _scratch.File("seen");

        var ran = await RunAsync(tool, $"echo > {seen}");

        Assert.Equal((exit, ""), (ran.Code, ran.Out));
        Assert.StartsWith(
            $"error: cannot claim an agent for image\n  why: because ({status} {code})\n", ran.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(seen));
        Assert.Equal([ClaimCall], tool.Calls);
    }

    [Fact]
    public async Task Claim_IsRenewedAtAThirdOfItsLease()
    {
        var time = new FakeTime();
        using var tool = new Tool(s_claimed, s_done) { Clock = time };
        var running = RunAsync(tool, Until("go"));
        foreach (var renewals in new[] { 1, 2 })
        {
            await time.ArmedAsync(TimeSpan.FromSeconds(20));
            time.Advance(TimeSpan.FromSeconds(20));
            await Eventually.True(() => CallsOf(tool).Count == 1 + renewals, () => "a renewal");
        }

        await time.ArmedAsync(TimeSpan.FromSeconds(20));
        Go("go");

        Assert.Equal(new Ran(0, "", Taken), await running.WaitAsync(Eventually.Bound));
        Assert.Equal([ClaimCall, RenewCall, RenewCall, ReleaseCall], tool.Calls);
    }

    [Fact]
    public async Task Claim_ThatIsLost_IsSaidOnce_AndTheCommandGoesOn()
    {
        var time = new FakeTime();
        using var tool = new Tool(s_claimed, Problem(404, "claim_not_found")) { Clock = time };
        var running = RunAsync(tool, Until("go") + "; exit 3", "-q");
        await time.ArmedAsync(TimeSpan.FromSeconds(20));
        time.Advance(TimeSpan.FromSeconds(20));
        await Eventually.True(() => CallsOf(tool).Count == 2, () => "a renewal");
        Go("go");

        Assert.Equal(
            new Ran(
                3, "",
                "session-mesh: claim c-7 is lost: it lapsed, agent w1 ended, or somebody released it; another may have the slot by now\n"),
            await running.WaitAsync(Eventually.Bound));
        Assert.Equal([ClaimCall, RenewCall], tool.Calls);
    }

    [Fact]
    public async Task Key_ThatMayNotRenew_IsSaidOnce_AndTheCommandGoesOn()
    {
        var time = new FakeTime();
        using var tool = new Tool(s_claimed, Problem(403, "missing_scope"), s_done) { Clock = time };
        var running = RunAsync(tool, Until("go"), "-q");
        await time.ArmedAsync(TimeSpan.FromSeconds(20));
        time.Advance(TimeSpan.FromSeconds(20));
        await Eventually.True(() => CallsOf(tool).Count == 2, () => "a renewal");
        Go("go");

        Assert.Equal(
            new Ran(
                0, "",
                "session-mesh: claim c-7 cannot be renewed: because (missing_scope); it lapses in 60 s at most, and the command goes on\n"),
            await running.WaitAsync(Eventually.Bound));
        Assert.Equal([ClaimCall, RenewCall, ReleaseCall], tool.Calls);
    }

    [Fact]
    public async Task Server_ThatIsAway_IsAskedAgain_AndSaidOnce()
    {
        // On this clock a third of nine seconds is over at once.
        using var tool = new Tool(
            Json(201, Row.Replace("\"ttl\":60", "\"ttl\":9", StringComparison.Ordinal)),
            Broken(), Broken(), Broken(), Broken(), Broken(), Broken(), s_done);
        var running = RunAsync(tool, Until("go"), "-q");
        await Eventually.True(() => CallsOf(tool).Count > 8, () => "a renewal that is answered");
        Go("go");

        Assert.Equal(
            new Ran(0, "", "session-mesh: claim c-7 is not renewed yet: connection refused\n"), await running.WaitAsync(Eventually.Bound));
        Assert.Equal(ReleaseCall, tool.Calls.Last());
    }

    [Fact]
    public async Task Claim_ThatCannotBeReleased_IsSaid_AndTheCodeIsTheCommands()
    {
        using var tool = new Tool(s_claimed, Broken());

        Assert.Equal(
            new Ran(7, "", "session-mesh: claim c-7 is not released: connection refused; it lapses in 60 s at most\n"),
            await RunAsync(tool, "exit 7", "-q"));
    }

    private static Task<Ran> RunAsync(Tool tool, string script, params string[] options) =>
        Task.Run(() => tool.RunAsync(["claim", "--spec", "image", .. options, "--", "/bin/sh", "-c", script]));

    private static List<string> CallsOf(Tool tool)
    {
        lock (tool.Server.Requests)
        {
            return [.. tool.Calls];
        }
    }

    /// <summary>A script that waits for a file.</summary>
    private string Until(string file) => $"while [ ! -e {_scratch.File(file)} ]; do sleep 0.02; done";

    private void Go(string file) => File.WriteAllText(_scratch.File(file), "");
}
