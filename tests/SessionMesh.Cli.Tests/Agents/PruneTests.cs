using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Agents;

public sealed class PruneTests
{
    /// <summary>The server's; the tool's clock begins at that, too.</summary>
    private const string Now = "2026-01-02T03:04:05Z";

    private const string Livez = "GET http://127.0.0.1:7420/livez";

    private const string Lost = """
        {"sessions":[
          {"agent_id":"l1","status":"lost","gone_at":"2025-12-26T03:04:05.000Z","cluster":"default","parent_id":null},
          {"agent_id":"l2","status":"lost","gone_at":"2025-12-26T03:04:05.001Z","cluster":"default","parent_id":null}],
         "count":2,"next_cursor":null,"as_of":"9"}
        """;

    private const string Dead = """
        {"sessions":[{"agent_id":"d1","status":"dead","gone_at":"2025-12-01T00:00:00.000Z","cluster":"default","parent_id":"l1"}],
         "count":1,"next_cursor":null,"as_of":"9"}
        """;

    private const string None = """{"sessions":[],"count":0,"next_cursor":null,"as_of":"9"}""";
    private const string Fields = "&fields=agent_id%2Cstatus%2Cgone_at%2Ccluster%2Cparent_id";

    private const string Tombstoned = """
        {"type":"urn:session-mesh:error:tombstoned","title":"Conflict","status":409,
         "detail":"The end of agent 'd1' is not confirmed.","code":"tombstoned"}
        """;

    [Fact]
    public async Task OnATerminal_ItAsks_AndForgetsThoseThatAreGoneForSoLong()
    {
        using var tool = new Tool(
            Clock(Now), Json(200, Lost), Json(200, Dead), Json(200, Forgotten("d1", "dead")), Json(200, Forgotten("l1", "lost")))
        { Typed = "y" };

        var ran = await tool.RunAsync("prune -o jsonl");

        Assert.Equal(
            (0, "Forget 2 agents (d1, l1), dead or lost for 7d, with their keys and what they were told? [y/N] "), (ran.Code, ran.Error));
        Assert.Equal(
            [
                Livez, $"GET /alive?filter=lost&limit=1000{Fields}", $"GET /alive?filter=dead&limit=1000{Fields}",
                "DELETE /agents/d1?forget=true", "DELETE /agents/l1?forget=true",
            ],
            tool.Calls.Take(3).Concat(tool.Calls.Skip(3).Order()));
    }

    [Fact]
    public async Task No_ForgetsNothing()
    {
        using var tool = new Tool(Clock(Now), Json(200, None), Json(200, Dead)) { Typed = "n" };

        Assert.Equal(
            new Ran(
                1,
                "",
                "Forget agent d1, dead or lost for 1h, with its keys and what it was told? [y/N] nothing was forgotten\n"),
            await tool.RunAsync("prune --older 1h -o json"));
        Assert.Equal(3, tool.Calls.Count());
    }

    [Fact]
    public async Task WithoutATerminal_ItRefuses_BeforeItAsksTheServer()
    {
        using var tool = new Tool();

        Assert.Equal(
            new Ran(
                2,
                "",
                "error: cannot forget agents that are gone\n  why: this cannot be undone, and there is no terminal to ask on\n"
                + "  try: say --expect N for exactly N, --yes for however many there are, or --dry-run to see which\n"),
            await tool.RunAsync("prune"));
        Assert.Empty(tool.Calls);
    }

    [Theory]
    [InlineData(2, "2 agents would be forgotten, not 3; nothing was", 3)]
    [InlineData(2, "2 agents would be forgotten, not 0; nothing was", 0)]
    public async Task Expect_AnotherNumber_ForgetsNothing(int lists, string why, int expected)
    {
        using var tool = new Tool(Clock(Now), Json(200, Lost), Json(200, Dead));

        Assert.Equal(
            new Ran(5, "", $"error: cannot forget agents that are gone\n  why: {why}\n  try: look again with --dry-run\n"),
            await tool.RunAsync($"prune --expect {expected}"));
        Assert.Equal(1 + lists, tool.Calls.Count());
    }

    [Fact]
    public async Task DryRun_ShowsThem_AndForgetsNothing()
    {
        using var tool = new Tool(Clock(Now), Json(200, Lost), Json(200, Dead));

        Assert.Equal(
            new Ran(0, "d1\nl1\n", "dry run: nothing was forgotten; 2 agents have been dead or lost for 7d\n"),
            await tool.RunAsync("prune --dry-run -o name"));
    }

    [Fact]
    public async Task NoneIsGoneForSoLong_IsDone()
    {
        using var tool = new Tool(Clock(Now), Json(200, None), Json(200, None));

        Assert.Equal(new Ran(0, "", "no agent has been dead or lost for 90s\n"), await tool.RunAsync("prune --older 90 --yes"));
    }

    /// <summary>Nothing of it is gone yet by the tool's clock, which is behind.</summary>
    [Theory]
    [InlineData("2026-02-02T03:04:05Z", "--older 7d", "dead or lost for 7d")]
    [InlineData(null, "--older 0", "dead or lost")]
    public async Task Age_IsByTheServersClock_AndNoneIsAllThatIsGone(string? clock, string older, string words)
    {
        const string Future = """
            {"sessions":[{"agent_id":"d1","status":"dead","gone_at":"2026-01-20T00:00:00.000Z","cluster":"default","parent_id":"l1"}],
             "count":1,"next_cursor":null,"as_of":"9"}
            """;
        using var tool = clock is null
            ? new Tool(Json(200, None), Json(200, Future))
            : new Tool(Clock(clock), Json(200, None), Json(200, Future));

        Assert.Equal(
            new Ran(0, "d1\n", $"dry run: nothing was forgotten; 1 agent has been {words}\n"),
            await tool.RunAsync($"prune {older} --dry-run -o name"));
    }

    [Fact]
    public async Task RefusedOnes_AreNamedAndLeft()
    {
        using var tool = new Tool(Clock(Now), Json(200, None), Json(200, Dead), Json(409, Tombstoned));

        var ran = await tool.RunAsync("prune --yes -o jsonl");

        Assert.Equal(
            new Ran(
                7,
                """{"agent_id":"d1","code":"tombstoned"}""" + "\n",
                "agent d1: The end of agent 'd1' is not confirmed. (tombstoned)\n0 of 1 agents forgotten\n"),
            ran);
    }

    [Fact]
    public async Task Narrowed_TheServerSelects()
    {
        using var tool = new Tool(Clock(Now), Json(200, None), Json(200, None));

        await tool.RunAsync("prune --yes -l env=test --subtree top --cluster blue");

        Assert.Equal(
            [
                Livez,
                $"GET /alive?filter=lost&cluster=blue&label=env%3Dtest&subtree=top&limit=1000{Fields}",
                $"GET /alive?filter=dead&cluster=blue&label=env%3Dtest&subtree=top&limit=1000{Fields}",
            ],
            tool.Calls);
    }

    private static string Forgotten(string id, string status) =>
        $$"""{"agent_id":"{{id}}","incarnation":1,"status":"{{status}}","orphans":0}""";
}
