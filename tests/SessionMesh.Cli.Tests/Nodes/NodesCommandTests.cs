using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Nodes;

/// <summary><c>nodes</c>: the servers that run on the mesh.</summary>
public sealed class NodesCommandTests
{
    private const string Two = """
        {"nodes":[
          {"node_id":"north","version":"0.1.0","judge":true,"revision":18,"lag":0,"agents":40,"streams":12,
           "seen_at":"2026-01-02T03:04:05Z"},
          {"node_id":"south","version":"0.1.0","judge":false,"revision":16,"lag":2,"agents":7,"streams":0,
           "seen_at":"2026-01-02T03:04:04Z"}]}
        """;

    [Fact]
    public async Task Nodes_AsATable_SaysWhoIsTheJudge_AndHowFarEachIsBehind()
    {
        using var tool = new Tool(Json(200, Two));
        var ran = await tool.RunAsync("nodes");
        Assert.Equal(
            new Ran(0, """
                NODE   VERSION  JUDGE  REVISION  LAG  AGENTS  STREAMS  SEEN
                north  0.1.0    yes          18    0      40       12  0s ago
                south  0.1.0    no           16    2       7        0  1s ago

                """, ""),
            ran);
        Assert.Equal("http://127.0.0.1:7420/api/session-mesh/nodes", Assert.Single(tool.Server.Requests).Url);
    }

    [Theory]
    [InlineData("nodes -o name", "north\nsouth\n")]
    [InlineData("nodes -o name --sort -lag", "south\nnorth\n")]
    [InlineData("nodes -o csv --fields node_id,lag", "node_id,lag\r\nnorth,0\r\nsouth,2\r\n")]
    [InlineData(
        "nodes -o jsonl --fields node_id,judge", "{\"node_id\":\"north\",\"judge\":true}\n{\"node_id\":\"south\",\"judge\":false}\n")]
    public async Task Nodes_InEveryFormat(string line, string printed)
    {
        using var tool = new Tool(Json(200, Two));
        Assert.Equal(new Ran(0, printed, ""), await tool.RunAsync(line));
    }

    [Fact]
    public async Task Nodes_Bounded_SaysOfHowMany()
    {
        using var tool = new Tool(Json(200, Two));
        Assert.Equal(
            new Ran(0, "north\n", "1 of 2: without --limit the list is whole\n"), await tool.RunAsync("nodes -o name --limit 1"));
    }

    /// <summary>A key that is limited to some agents hears no counts.</summary>
    [Fact]
    public async Task Nodes_WithoutCounts_ShowsThatTheyAreNotKnown()
    {
        using var tool = new Tool(Json(200, """
            {"nodes":[{"node_id":"n","version":"0.1.0","judge":true,"revision":1,"lag":0,"agents":null,"streams":null,
             "seen_at":"2026-01-02T03:04:05Z"}]}
            """));
        Assert.Equal(
            new Ran(0, "NODE ID  AGENTS  STREAMS\nn        -       -\n", ""),
            await tool.RunAsync("nodes --fields node_id,agents,streams -o table"));
    }
}
