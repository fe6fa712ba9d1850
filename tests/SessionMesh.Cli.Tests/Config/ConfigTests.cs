using System.Text;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Config;

public sealed class ConfigTests
{
    private static readonly Func<CancellationToken, Task<HttpResponseMessage>> s_absent = Problem(404, "agent_not_found");
    private static readonly Func<CancellationToken, Task<HttpResponseMessage>> s_noSession = Problem(404, "session_not_found");
    private static readonly Func<CancellationToken, Task<HttpResponseMessage>> s_declared =
        Json(201, """{"agent_id":"123","status":"declared"}""");

    [Fact]
    public async Task LoadConfig_DeclaresWhatIsAbsent_AndReportsEachAgainstItsFilter()
    {
        using var tool = new Tool(
            s_absent,
            s_noSession,
            s_declared,
            Json(200, """{"agent_id":"b","status":"alive"}"""),
            Json(200, """{"agent_id":"c","status":"lost"}"""));
        var file = tool.WriteFile("fleet.yaml", "sessions: [{id: 123, filter: alive}, {id: b, filter: ACTIVE}, {id: c}]\n");

        Assert.Equal(
            new Ran(0, """
                ID   FILTER  STATUS    MATCHES  DECLARED  ERROR
                123  alive   declared  no       yes       -
                b    active  alive     yes      no        -
                c    alive   lost      no       no        -

                """, ""),
            await tool.RunAsync("load-config " + file));
        Assert.Equal(

            [
                "GET /agents/123",
                "GET /sessions/123",
                """POST /agents {"agent_id":"123","declare":true}""",
                "GET /agents/b",
                "GET /agents/c",
            ],
            tool.Calls);
    }

    [Theory]
    [InlineData("load-config -", "sessions: [{id: 123}]", "GET /agents/123")]
    [InlineData(
        "register --config - -o name",
        "{\"spec\": \"ocr\", \"id\": 789}",
        "POST /registry {\"specialization\":\"ocr\",\"agent_id\":\"789\"}")]
    public async Task Dash_IsStandardInput(string line, string config, string call)
    {
        using var tool = new Tool(Json(200, """{"agent_id":"123","status":"alive"}""")) { PipedBytes = Encoding.UTF8.GetBytes(config) };
        Assert.Equal(0, (await tool.RunAsync(line)).Code);
        Assert.Equal(call, tool.Calls.First());
    }

    [Theory]
    [InlineData("load-config -", "a: b: c", "stdin, line 1, column ")]
    [InlineData("load-config -", "[]", "stdin is a list, and should be a map")]
    [InlineData("register --config -", "{\"specs\": 1, \"x\": 2}", "stdin")]
    public async Task Dash_IsNamedInErrors(string line, string config, string words)
    {
        using var tool = new Tool(Json(200, "{}")) { PipedBytes = Encoding.UTF8.GetBytes(config) };
        var ran = await tool.RunAsync(line);
        Assert.Equal(2, ran.Code);
        Assert.Contains(words, ran.Error, StringComparison.Ordinal);
        Assert.Empty(tool.Calls);
    }

    [Fact]
    public async Task LoadConfig_TakesTheSeedsIndentedForm_WithTheFilterOnAnEntryOfItsOwn()
    {
        using var tool = new Tool(Json(200, """{"agent_id":"0123","status":"dead"}"""));
        var file = tool.WriteFile("fleet.yaml", "sessions:\n  - id: 0123\n  - filter: dead\n");

        Assert.Equal(
            new Ran(0, """{"id":"0123","filter":"dead","status":"dead","matches":true,"declared":false,"""
                + "\"error\":null,\"change\":\"none\",\"changes\":[]}\n", ""),
            await tool.RunAsync("load-config -o jsonl " + file));
    }

    [Theory]
    [InlineData("active", "alive", true)]
    [InlineData("active", "active", true)]
    [InlineData("active", "all", true)]
    [InlineData("active", "dead", false)]
    [InlineData("expired", "alive", false)]
    [InlineData("expired", "all", true)]
    public async Task LoadConfig_PlainSession_IsNoAgentToDeclare_AndIsReportedAgainstItsFilter(string status, string filter, bool matches)
    {
        using var tool = new Tool(s_absent, Json(200, $$"""
            {"id":"123","user":"u","status":"{{status}}","ttl":null,"meta":{},"created_at":"2026-01-02T03:04:05Z",
             "last_access":"2026-01-02T03:04:05Z","version":1}
            """));
        var file = tool.WriteFile("fleet.yaml", $"sessions: [{{id: 123, filter: {filter}}}]");
        var json = matches ? "true" : "false";

        Assert.Equal(
            new Ran(
                0,
                $$"""{"id":"123","filter":"{{filter}}","status":"{{status}}","matches":{{json}},"declared":false,"error":null,"""
                + "\"change\":\"none\",\"changes\":[]}\n",
                ""),
            await tool.RunAsync("load-config -o jsonl " + file));
        Assert.Equal(["GET /agents/123", "GET /sessions/123"], tool.Calls);
    }

    [Theory]
    [InlineData(404, "not_found")]
    [InlineData(403, "missing_scope")]
    [InlineData(403, "not_your_agent")]
    public async Task LoadConfig_WhereSessionsCannotBeSeen_DeclaresTheAgent(int status, string code)
    {
        using var tool = new Tool(s_absent, Problem(status, code), s_declared);
        var file = tool.WriteFile("fleet.yaml", "sessions: [{id: 123, filter: declared}]");

        Assert.Equal(
            new Ran(0, """{"id":"123","filter":"declared","status":"declared","matches":true,"declared":true,"""
                + "\"error\":null,\"change\":\"declare\",\"changes\":[]}\n", ""),
            await tool.RunAsync("load-config -o jsonl " + file));
    }

    [Fact]
    public async Task LoadConfig_Cluster_IsWhereTheFileDeclares_AndChangesNoContext()
    {
        using var tool = new Tool(s_absent, s_noSession, s_declared);
        var skills = tool.WriteFile("skills.json", """{"skills": ["session-mesh"], "cluster": "distributed-comms"}""");
        var fleet = tool.WriteFile("fleet.json", """{"sessions": [{"id": 123}], "cluster": "distributed-comms"}""");

        Assert.Equal(
            new Ran(
                0,
                "",
                "the file declares nothing; 'session-mesh context add NAME --cluster distributed-comms --select' makes its cluster the "
                + "default\n"),
            await tool.RunAsync("load-config " + skills));
        Assert.False(File.Exists(Path.Combine(tool.Home, ".config/session-mesh/contexts.json")));
        Assert.Equal(0, (await tool.RunAsync("load-config " + fleet)).Code);
        Assert.Equal(
            ["GET /agents/123", "GET /sessions/123", """POST /agents {"agent_id":"123","cluster":"distributed-comms","declare":true}"""],
            tool.Calls);
    }

    [Theory]
    [InlineData("sessions: []")]
    [InlineData("sessions:\nskills: [a]")]
    [InlineData("{\"sessions\": []}")]
    public async Task LoadConfig_OfNoSessions_IsDone_AndSaysSo(string content)
    {
        using var tool = new Tool(s_absent);
        Assert.Equal(
            new Ran(0, "", "the file declares nothing: there is nothing to do\n"),
            await tool.RunAsync("load-config " + tool.WriteFile("empty.yaml", content)));
        Assert.Empty(tool.Calls);
    }

    [Fact]
    public async Task LoadConfig_SomeFailed_IsCode7_AndTheOthersAreLoaded()
    {
        using var tool = new Tool(Problem(403, "missing_scope", "needs mesh:read"), Json(200, """{"agent_id":"b","status":"alive"}"""));
        var file = tool.WriteFile("fleet.yaml", "sessions: [{id: a}, {id: b}]");

        Assert.Equal(
            new Ran(7, """
                ID  FILTER  STATUS  MATCHES  DECLARED  ERROR
                a   alive   -       no       no        needs mesh:read (missing_scope)
                b   alive   alive   yes      no        -

                """, "1 of 2 sessions could not be loaded\n"),
            await tool.RunAsync("load-config " + file));
    }

    [Theory]
    [InlineData("", "{0} is empty")]
    [InlineData("# nothing\n", "{0} is empty")]
    [InlineData("just text", "{0} is one value, and should be a map: name: value")]
    [InlineData(
        "skills: []",
        "{0}, line 1, column 1: no 'sessions', no 'agents', no 'links', no 'cluster' and no 'rules': there is nothing to load")]
    [InlineData("sessions: 3", "{0}, line 1, column 11: 'sessions' is one value, and should be a list of {{id, filter}}")]
    [InlineData("sessions: [3]", "{0}, line 1, column 12: an entry of 'sessions' is one value, and should be {{id, filter}}")]
    [InlineData("sessions:\n  - filter: alive", "{0}, line 2, column 5: an entry of 'sessions' has no id")]
    [InlineData(
        "sessions:\n  - id: 1\n    filter: awake",
        "{0}, line 3, column 13: 'awake' is not a filter; allowed: active, alive, suspect, stalled, idle, working, waiting, paused, lost, "
            + "stopping, dead, declared, orphaned, all")]
    [InlineData(
        "sessions:\n  - id: ../x",
        "{0}, line 2, column 9: '../x' is not an id; an id has 1 to 128 characters, letters, digits or . _ : -, and starts with a letter "
            + "or digit")]
    [InlineData("sessions:\n  - {id: 1}\n  - {id: 1}", "{0}, line 3, column 5: '1' appears twice, first at line 2")]
    [InlineData(
        "sessions:\n  - id: 1\nsesions: []",
        "{0}, line 3, column 10: 'sesions' is not a known member; allowed: sessions, agents, links, skills, cluster, rules")]
    [InlineData("cluster: a\ncluster: b", "{0}, line 2, column 1: 'cluster' appears twice")]
    [InlineData("a: &x [1]\nsessions: *x", "{0}, line 1, column 4: anchors are not taken; write the value out")]
    [InlineData("sessions: *x", "{0}, line 1, column 11: aliases are not taken; write the value out")]
    [InlineData("cluster: !!python/object x", "{0}, line 1, column 10: tags are not taken; values are read as text")]
    [InlineData("cluster: a\n---\ncluster: b", "{0}, line 2, column 1: a second document begins here; only one is read")]
    [InlineData("[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]", "{0}, line 1, column 17: nested deeper than 16 levels")]
    [InlineData("a: [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]", "{0}, line 1, column 19: nested deeper than 16 levels")]
    [InlineData("{\"cluster\": \"é\", \"cluster\": \"b\"}", "{0}, line 1, column 18: 'cluster' appears twice")]
    [InlineData("{\"cluster\":\n oops}", "{0}, line 2, column 2: not JSON: 'o' is not expected here")]
    [InlineData("{\"cluster\": \"a\"", "{0}, line 1, column 16: not JSON: the text ends too early")]
    [InlineData("{\"cluster\": \"a\"} x", "{0}, line 1, column 18: not JSON: 'x' is not expected here")]
    [InlineData("{\"cluster\": \"\\ud800\"}", "{0}, line 1, column 13: a text with half of a surrogate pair")]
    [InlineData("sessions:\n\t- id: 1", "{0}, line 2, column 1: not YAML: a tab is no indentation; write spaces")]
    [InlineData("cluster: a\n  b: c", "{0}, line 2, column 4: not YAML: while scanning a plain scalar value, found invalid mapping")]
    public async Task LoadConfig_BadFile_IsAUsageErrorThatNamesThePlace(string content, string why)
    {
        using var tool = new Tool(s_absent);
        var file = tool.WriteFile("bad.yaml", content);

        Assert.Equal(
            new Ran(2, "", $"error: cannot load the config\n  why: {string.Format(why, file)}\n"),
            await tool.RunAsync("load-config " + file));
        Assert.Empty(tool.Server.Requests);
    }

    [Fact]
    public async Task LoadConfig_TooLarge_NotText_OrAbsent_IsAUsageError()
    {
        using var tool = new Tool(s_absent);
        var large = tool.WriteFile("large.yaml", "cluster: " + new string('x', 8 * 1024 * 1024));
        var binary = Path.Combine(tool.Home, "binary.yaml");
        await File.WriteAllBytesAsync(binary, [0x61, 0xFF, 0xFE]);

        Assert.Equal(
            new Ran(2, "", $"error: cannot load the config\n  why: {large} has more than 8 MiB; split it\n"),
            await tool.RunAsync("load-config " + large));
        Assert.Equal(
            new Ran(2, "", $"error: cannot load the config\n  why: {binary} is not UTF-8 text\n"),
            await tool.RunAsync("load-config " + binary));
        Assert.Equal(2, (await tool.RunAsync("load-config /nowhere/fleet.yaml")).Code);
        Assert.Equal(2, (await tool.RunAsync("load-config " + tool.Home)).Code);
    }

    [Theory]
    [InlineData("spec: data-analysis", "", """POST /agents {"specializations":["data-analysis"]}""")]
    [InlineData("spec: data-analysis\nid: 789", "", """POST /registry {"specialization":"data-analysis","agent_id":"789"}""")]
    [InlineData("spec: x\nid: 789", "--agent-id 5 --spec y", """POST /registry {"specialization":"y","agent_id":"5"}""")]
    [InlineData(
        "specs: [a, b]\nagent_id: 7\nparent_id: p\ncluster: c\nuser: u\nlabels: {zone: 1}\nttl: 2m", "",
        """POST /registry {"specialization":"a","agent_id":"7","parent_id":"p","cluster":"c","specializations":["b"],"labels":"""
        + """{"zone":"1"},"user":"u","ttl":120}""")]
    [InlineData("agent_id: 7", "--takeover", """POST /agents {"agent_id":"7","takeover":true}""")]
    public async Task Register_ReadsItsConfig(string content, string options, string call)
    {
        using var tool = new Tool(Json(201, """{"agent_id":"789","status":"alive"}"""));
        var file = tool.WriteFile("agent.yaml", content);

        Assert.Equal(new Ran(0, "789\n", ""), await tool.RunAsync($"register --config {file} {options} -o name"));
        Assert.Equal(call, Assert.Single(tool.Calls));
    }

    [Fact]
    public async Task Register_MisspeltMember_IsRefused()
    {
        using var tool = new Tool(s_absent);
        var file = tool.WriteFile("agent.yaml", "spek: x");

        Assert.Equal(2, (await tool.RunAsync("register --config " + file)).Code);
        Assert.Empty(tool.Server.Requests);
    }
}
