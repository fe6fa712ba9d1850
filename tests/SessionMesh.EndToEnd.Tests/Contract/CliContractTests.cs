using System.Text.RegularExpressions;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Contract;

/// <summary>The lines of the contract's second section as they stand there, under bash, with the tool on the PATH.</summary>
public sealed class CliContractTests(Mesh mesh) : IClassFixture<Mesh>
{
    private const string ListHead = "AGENT|STATUS|ACTIVITY|LOAD|PROGRESS|SPECIALIZATIONS|DIRECTION|HEARTBEAT|EXPIRES\n";

    /// <summary>Everything, in order, as one script; only the key is filled in.</summary>
    private const string Block = """
        export SESSION_API_KEY=your_key
        session-mesh list --filter alive --output json
        session-mesh list --filter alive --verbose
        session-mesh steer --agent-id 123 --direction west
        session-mesh kill --agent-id 456 --force          # at once, and without asking
        session-mesh register --spec "data-analysis" --agent-id 789
        session-mesh register --config agent.yaml         # spec: data-analysis
        session-mesh load-config path/to/config.yaml      # sessions: [{id: 123, filter: alive}]
        """;

    [Fact]
    public async Task Block_AsOneScript_EveryLineSucceeds()
    {
        using var other = new Scratch();
        using var server = new ServerProcess(other);
        await server.StartAsync();
        using var http = new MeshHttp(server.Url, server.RootKey);
        await http.PostAsync("registry", """{"specialization":"s","agent_id":"123"}""");
        await http.PostAsync("registry", """{"specialization":"s","agent_id":"456"}""");
        mesh.Scratch.Write("agent.yaml", "spec: data-analysis\n");
        Directory.CreateDirectory(mesh.Scratch.File("path/to"));
        mesh.Scratch.Write("path/to/config.yaml", "sessions: [{id: 123, filter: alive}]\n");

        var ran = await mesh.DoneAsync(
            "set -e\n" + Block.Replace("=your_key", $"=$(cat {server.Data}/root.key)", StringComparison.Ordinal),
            ("SESSION_MESH_URL", server.Url));
        Assert.DoesNotContain(server.RootKey, ran.Out + ran.Error, StringComparison.Ordinal);
        Assert.Equal("dead", (await http.GetAsync("agents/456")).Text("status"));
        Assert.Equal("alive", (await http.GetAsync("agents/789")).Text("status"));
        var pending = await http.GetAsync("agents/123/directives");
        Assert.Equal("west", Assert.Single(pending.Json.GetProperty("directives").EnumerateArray()).Text("direction"));
    }

    [Fact]
    public async Task List_OutputJson_IsThePageOfTheApi()
    {
        await Register("listed");
        var ran = await mesh.DoneAsync("session-mesh list --filter alive --output json");
        Assert.Equal(["as_of", "count", "next_cursor", "sessions"], ran.Json.EnumerateObject().Select(m => m.Name).Order());
        var row = ran.Json.GetProperty("sessions").EnumerateArray().Single(row => row.Text("agent_id") == "listed");
        Members.Equal($$"""{{{HttpContractTests.RowMembers("listed", """["s"]""")}}}""", row);
        Assert.Equal("", ran.Error);
    }

    [Fact]
    public async Task List_Verbose_ShowsEachAttemptOnStderrAndNeverTheKey()
    {
        await Register("shown");
        var ran = await mesh.DoneAsync("session-mesh list --filter alive --verbose");
        Assert.StartsWith(ListHead, Cells(ran.Out), StringComparison.Ordinal);
        Assert.Matches(@"(?m)^shown\|alive\|-\|-\|-\|s\|-\|\w+ ago\|in \w+$", Cells(ran.Out));
        Assert.Matches(
            $@"^attempt 1: GET {Regex.Escape(mesh.Server.Url)}/api/session-mesh/alive\?filter=alive&limit=1000 -> 200 "
            + @"after \d+ ms.*\n$",
            ran.Error);
    }

    [Fact]
    public async Task Steer_AgentAndDirection_IsDurable()
    {
        await Register("123");
        var ran = await mesh.DoneAsync("session-mesh steer --agent-id 123 --direction west");
        Assert.Matches(
            @"^AGENT\|SEQ\|VERB\|DIRECTION\|STATE\|ISSUED\|EXPIRES\|MESSAGE\|NOTE\n123\|\d+\|steer\|west\|queued\|\w+ ago\|in \w+\|-\|-\n$",
            Cells(ran.Out));
        ran = await mesh.DoneAsync("session-mesh steer --agent-id 123 --direction west --output json");
        Members.Equal(HttpContractTests.Directive("123", "west"), ran.Json);
    }

    [Fact]
    public async Task Kill_Force_IsAtOnceAndWithoutAsking()
    {
        await Register("456");
        var ran = await mesh.DoneAsync("session-mesh kill --agent-id 456 --force");
        Assert.Equal("AGENT|STATUS|CONFIRMED|EXIT|SIGNAL|REASON|DEADLINE\n456|dead|no|-|-|-|-\n", Cells(ran.Out));
        ran = await mesh.DoneAsync("session-mesh kill --agent-id 456 --force -o json");
        Members.Equal(
            """
            {"agent_id":"456","incarnation":1,"status":"dead","confirmed":false,"exit_code":null,"signal":null,"reason":null,
             "deadline":null,"descendants":[]}
            """,
            ran.Json);
    }

    [Fact]
    public async Task Register_SpecAndId_IsAliveForAnHour()
    {
        var ran = await mesh.DoneAsync("session-mesh register --spec \"data-analysis\" --agent-id 789");
        Assert.Matches(
            @"^AGENT\|STATUS\|INCARNATION\|SPECIALIZATIONS\|CLUSTER\|TTL\|NEXT BEAT\|EXPIRES\n"
            + @"789\|alive\|1\|data-analysis\|default\|3600\|\d+\|in \w+\n$",
            Cells(ran.Out));
    }

    [Theory]
    [InlineData("agent.yaml", "spec: data-analysis\n")]
    [InlineData("agent.json", "{\"spec\": \"data-analysis\"}")]
    public async Task Register_Config_GivesAnIdWhereTheFileHasNone(string file, string content)
    {
        mesh.Scratch.Write(file, content);
        var ran = await mesh.DoneAsync($"session-mesh register --config {file} -o json");
        Members.Equal(
            $$"""
            {{{HttpContractTests.RowMembers(ran.Json.Text("agent_id")!, """["data-analysis"]""")}},"ttl":60,"next_heartbeat_in":"<number>"}
            """,
            ran.Json);
    }

    [Fact]
    public async Task Register_ConfigWithANumberForId_TakesItsText()
    {
        mesh.Scratch.Write("number.yaml", "spec: data-analysis\nagent_id: 1789\n");
        var ran = await mesh.DoneAsync("session-mesh register --config number.yaml -o name");
        Assert.Equal("1789\n", ran.Out);
    }

    private Task<Answer> Register(string agent) => mesh.Http.PostAsync("registry", $$"""{"specialization":"s","agent_id":"{{agent}}"}""");

    /// <summary>A table with one bar between two cells: widths depend on what else is there.</summary>
    private static string Cells(string table) =>
        Regex.Replace(table, " {2,}", "|", RegexOptions.None, Eventually.Bound).Replace("|\n", "\n", StringComparison.Ordinal);
}
