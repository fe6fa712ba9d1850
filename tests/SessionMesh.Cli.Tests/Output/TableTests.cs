using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Output;

/// <summary>Tables on terminals of several widths: ids are never cut, and what is left out is said.</summary>
public sealed class TableTests
{
    private static readonly string s_longId = new('a', 128);

    [Theory]
    [InlineData(
        80,
        """
        AGENT  STATUS  ACTIVITY  LOAD  PROGRESS  SPECIALIZATIONS      HEARTBEAT  EXPIRES
        a1     alive   working    0.5        12  summaries/long-doc…  3s ago     in 57s
        """,
        "(no room for direction: a wider terminal, --fields or -o json shows them)")]
    [InlineData(
        120,
        """
        AGENT  STATUS  ACTIVITY  LOAD  PROGRESS  SPECIALIZATIONS                       DIRECTION    HEARTBEAT  EXPIRES
        a1     alive   working    0.5        12  summaries/long-documents,ocr/printed  north-north  3s ago     in 57s
        """,
        null)]
    public async Task Table_CutsTextsFirst_AndThenLeavesOutWholeColumns(int width, string lines, string? leftOut)
    {
        using var tool = new Tool(Json(200, Page("a1"))) { Width = width };
        tool.Env["NO_COLOR"] = "1";
        Assert.Equal(new Ran(0, lines + "\n" + (leftOut is null ? "" : leftOut + "\n"), ""), await tool.RunAsync("list"));
    }

    [Theory]
    [InlineData(80, "AGENT", "status, activity, load, progress, specializations, direction, heartbeat, expires")]
    [InlineData(
        200, "AGENT STATUS ACTIVITY LOAD PROGRESS SPECIALIZATIONS HEARTBEAT EXPIRES", "direction")]
    [InlineData(400, "AGENT STATUS ACTIVITY LOAD PROGRESS SPECIALIZATIONS DIRECTION HEARTBEAT EXPIRES", null)]
    public async Task Table_AnIdOf128Characters_IsWhole(int width, string headers, string? leftOut)
    {
        using var tool = new Tool(Json(200, Page(s_longId))) { Width = width };
        tool.Env["NO_COLOR"] = "1";
        var lines = (await tool.RunAsync("list")).Out.TrimEnd('\n').Split('\n');
        Assert.Equal(headers, string.Join(' ', lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        Assert.StartsWith(s_longId, lines[1], StringComparison.Ordinal);
        Assert.All(width > 128 ? lines : [], line => Assert.InRange(line.Length, 1, width));
        Assert.Equal(leftOut is null ? 2 : 3, lines.Length);
        if (leftOut is not null)
        {
            Assert.Equal($"(no room for {leftOut}: a wider terminal, --fields or -o json shows them)", lines[2]);
        }
    }

    [Fact]
    public async Task Show_CutsNothing()
    {
        var note = string.Join(' ', Enumerable.Repeat("long", 100));
        using var tool = new Tool(Json(200, $$"""{"agent_id":"{{s_longId}}","status":"alive","note":"{{note}}"}""")) { Width = 80 };
        tool.Env["NO_COLOR"] = "1";
        Assert.Equal(
            new Ran(0, $"agent   {s_longId}\nstatus  alive\nnote    {note}\n", ""), await tool.RunAsync($"show {s_longId}"));
    }

    /// <summary>An empty value looked like none.</summary>
    [Fact]
    public async Task EmptyText_IsNotShownAsNothing()
    {
        using var tool = new Tool(Json(
            200, """{"agent_id":"a","note":"","user":null,"labels":{"zone":"","tier":"x","n":1},"specializations":["",""],"meta":{}}"""));
        Assert.Equal(
            new Ran(0, "note             \"\"\nuser             -\nlabels           zone=,tier=x,n=1\nspecializations  \"\",\"\"\n", ""),
            await tool.RunAsync("show a --fields note,user,labels,specializations"));
    }

    [Fact]
    public async Task NoHeaders_LeavesThemOutOfTablesAndCsv()
    {
        using var tool = new Tool(Json(200, Page("a1")));
        Assert.Equal("a1  0.5\n", (await tool.RunAsync("list --no-headers --fields agent_id,load")).Out);
        Assert.Equal("a1,0.5\r\n", (await tool.RunAsync("list --no-headers --fields agent_id,load -o csv")).Out);
    }

    private static string Page(string id) => $$"""
        {"sessions":[{"agent_id":"{{id}}","status":"alive","activity":"working","load":0.5,"progress":12,
          "specializations":["summaries/long-documents","ocr/printed"],"direction":"north-north",
          "last_heartbeat_at":"2026-01-02T03:04:02Z","expires_at":"2026-01-02T03:05:02Z"}],"count":1,"next_cursor":null,"as_of":"17"}
        """;
}
