using System.Text;
using System.Text.Json.Nodes;
using SessionMesh.Cli.Tests.Run;

namespace SessionMesh.Cli.Tests.Config;

/// <summary>Fleets in files, against the real server.</summary>
public sealed class FleetTests : IAsyncLifetime
{
    private readonly HostedServer _server = new();
    private readonly SocketsHttpHandler _http = new();
    private readonly Tool _tool = new();

    public async Task InitializeAsync()
    {
        await _server.InitializeAsync();
        _tool.Env["SESSION_MESH_URL"] = _server.Url.ToString();
        _tool.Env["SESSION_API_KEY"] = _server.RootKey;
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _http.Dispose();
        _tool.Dispose();
    }

    [Fact]
    public async Task Agents_AreDeclaredParentsFirst_AndASecondLoadChangesNothing()
    {
        const string Fleet = """
            cluster: prod
            agents:
              - id: w1
                parent: lead
                user: ann
                labels: {env: dev, zone: "1"}
                specializations: [sql, {name: Image/OCR, capacity: 4, level: 80, version: 2}]
              - {id: lead, parent: boss, cluster: eu}
              - id: boss
            sessions:
              - {id: watched, filter: declared}
            """;
        Assert.Equal(
            new Ran(0, """
                ID       CHANGE   STATUS    FILTER    MATCHES  DETAIL  ERROR
                watched  declare  declared  declared  yes      -       -
                w1       declare  declared  -         -        -       -
                lead     declare  declared  -         -        -       -
                boss     declare  declared  -         -        -       -

                """, "4 declared, 0 changed, 0 left as they are\n"),
            await LoadAsync(Fleet));
        Assert.Equal(
            """
            boss cluster=prod parent= user= labels={} skills=[]
            lead cluster=eu parent=boss user= labels={} skills=[]
            w1 cluster=prod parent=lead user=ann labels={"env":"dev","zone":"1"} skills=[image/ocr:2:80:4,sql::50:1]
            watched cluster=prod parent= user= labels={} skills=[]
            """,
            await AgentsAsync());

        var revision = await RevisionAsync();
        var again = await LoadAsync(Fleet, "-o json");
        var report = JsonNode.Parse(again.Out)!;
        Assert.Equal((0, "0 declared, 0 changed, 4 left as they are\n"), (again.Code, again.Error));
        Assert.Equal((4, 1, 0, 0), ((int)report["count"]!, (int)report["matching"]!, (int)report["declared"]!, (int)report["updated"]!));
        Assert.All(report["sessions"]!.AsArray(), row => Assert.Equal("none", (string)row!["change"]!));
        Assert.Equal(revision, await RevisionAsync());
        Assert.Equal(0, (await LoadAsync(Fleet, "--check -o name")).Code);
    }

    [Fact]
    public async Task Links_AreDeclaredAfterTheAgents_AndASecondLoadChangesNothing()
    {
        const string Fleet = """
            agents: [{id: a}, {id: b}]
            sessions: [{id: c, filter: declared}]
            links:
              - {from: a, to: b}
              - {from: b, to: a, weight: 2.50}
              - {from: a, to: c, kind: sends to, weight: 0}
            """;
        var dry = await LoadAsync(Fleet, "--dry-run");
        Assert.Equal((0, """
            dry run: 3 would be declared, 0 changed, 0 left as they are
            links: 3 would be declared, 0 changed, 0 left as they are

            """), (dry.Code, dry.Error));
        Assert.Equal("""{"links":[],"next_cursor":null}""", await LinksAsync());
        var loaded = await LoadAsync(Fleet);
        Assert.Equal((0, "3 declared, 0 changed, 0 left as they are\nlinks: 3 declared, 0 changed, 0 left as they are\n"),
            (loaded.Code, loaded.Error));
        Assert.EndsWith("""
            FROM  TO  KIND      WEIGHT  CHANGE   DETAIL  ERROR
            a     b   link           1  declare  -       -
            b     a   link         2.5  declare  -       -
            a     c   sends to       0  declare  -       -

            """, loaded.Out, StringComparison.Ordinal);

        var revision = await RevisionAsync();
        Assert.Equal(0, (await LoadAsync(Fleet, "--check")).Code);
        var again = await LoadAsync(Fleet, "-o json");
        Assert.Equal((0, "0 declared, 0 changed, 3 left as they are\nlinks: 0 declared, 0 changed, 3 left as they are\n"),
            (again.Code, again.Error));
        Assert.Equal(revision, await RevisionAsync());
        Assert.Equal(
            """{"from":"b","to":"a","kind":"link","weight":2.5,"error":null,"change":"none","changes":[]}""",
            JsonNode.Parse(again.Out)!["links"]![1]!.ToJsonString());
    }

    [Fact]
    public async Task LinkThatIsKnown_GetsTheWeightOfTheFile_AndKeepsItsOwnWhereThatSaysNone()
    {
        await LoadAsync("agents: [{id: a}, {id: b}]\nlinks: [{from: a, to: b, weight: 3}, {from: b, to: a, weight: 4}]");
        const string Fleet = "links: [{from: a, to: b, weight: 7}, {from: b, to: a}]";
        var checkedFile = await LoadAsync(Fleet, "--check -o name");
        Assert.Equal(new Ran(1, "", "1 of 2 links are not as the file says\n"), checkedFile);
        Assert.Equal(
            new Ran(0, """
                FROM  TO  KIND  WEIGHT  CHANGE  DETAIL         ERROR
                a     b   link       7  update  weight: 3 → 7  -
                b     a   link       4  none    -              -

                """, "links: 0 declared, 1 changed, 1 left as they are\n"),
            await LoadAsync(Fleet));
        Assert.Equal([7, 4], JsonNode.Parse(await LinksAsync())!["links"]!.AsArray().Select(link => (double)link!["weight"]!));
    }

    /// <summary>What the file does not say stays, and whoever is alive goes on as before.</summary>
    [Fact]
    public async Task AgentThatIsKnown_IsBroughtInLine_AndADryRunShowsWithWhat()
    {
        await RegisterAsync("""
            {"agent_id":"w1","user":"ann","labels":{"env":"dev","tier":"free"},
             "specializations":[{"name":"ocr","capacity":2},{"name":"old"}]}
            """);
        await RegisterAsync("""{"agent_id":"lead"}""");
        var before = await AgentsAsync();
        var heard = await HeardAsync("w1");
        const string Fleet = """
            agents:
              - {id: w1, parent: lead, labels: {env: prod, zone: a}, specializations: [{name: ocr, level: 90}, sql]}
              - {id: new, parent: w1}
            """;
        const string Rows = "ID CHANGE STATUS FILTER MATCHES DETAIL ERROR\nw1 update alive - - "
            + "parent_id: - → lead; labels.env: dev → prod; labels.tier: free → -; labels.zone: - → a; "
            + "skills.ocr: level 50, capacity 2 → level 90, capacity 2; skills.old: level 50, capacity 1 → -; "
            + "skills.sql: - → level 50, capacity 1 -\nnew declare - - - - -\n";
        var dry = await LoadAsync(Fleet, "--dry-run");
        Assert.Equal((0, "dry run: 1 would be declared, 1 changed, 0 left as they are\n"), (dry.Code, dry.Error));
        Assert.Equal(Rows, Squeezed(dry.Out));
        Assert.Equal(before, await AgentsAsync());

        var checkedRun = await LoadAsync(Fleet, "--check -o name");
        Assert.Equal(
            new Ran(1, "w1\nnew\n", "0 of 2 do not match their filter, 2 are not as the file says\n"), checkedRun);
        Assert.Equal(before, await AgentsAsync());

        var loaded = await LoadAsync(Fleet, "-o name");
        Assert.Equal(new Ran(0, "w1\nnew\n", "1 declared, 1 changed, 0 left as they are\n"), loaded);
        Assert.Equal(
            """
            lead cluster=default parent= user= labels={} skills=[]
            new cluster=default parent=w1 user= labels={} skills=[]
            w1 cluster=default parent=lead user=ann labels={"env":"prod","zone":"a"} skills=[ocr::90:2,sql::50:1]
            """,
            await AgentsAsync());
        Assert.Equal("alive", (string)(await RowAsync("w1"))["status"]!);
        Assert.Equal(heard, await HeardAsync("w1"), TimeSpan.FromMilliseconds(10)); // worked out from two clocks at every look
    }

    [Fact]
    public async Task ParentAndChild_ChangePlaces()
    {
        await RegisterAsync("""{"agent_id":"a"}""");
        await RegisterAsync("""{"agent_id":"b","parent_id":"a"}""");
        await RegisterAsync("""{"agent_id":"c","parent_id":"b"}""");
        Assert.Equal(0, (await LoadAsync("agents: [{id: a, parent: c}, {id: b, parent: a}, {id: c, parent: }]")).Code);
        Assert.Equal(
            ("c", "a", (string?)null),
            (await ParentAsync("a"), await ParentAsync("b"), await ParentAsync("c")));
    }

    [Fact]
    public async Task FileThatCannotBe_IsRefusedWhole_WithEveryFault()
    {
        await RegisterAsync("""{"agent_id":"top"}""");
        await RegisterAsync("""{"agent_id":"middle","parent_id":"top"}""");
        var before = await RevisionAsync();
        var ran = await LoadAsync("""
            agents:
              - {id: a, parent: nobody}
              - {id: b, parent: c}
              - {id: c, parent: b}
              - {id: below, parent: c}
              - {id: top, parent: middle}
              - {id: self, parent: self}
              - {id: fine}
            """);
        var file = Path.Combine(_tool.Home, "fleet.yaml");
        Assert.Equal(
            new Ran(2, "", $"""
                error: cannot load the config
                  why: {file} has 5 faults, and nothing of it was done
                       {file}, line 2, column 10: the parent of 'a', 'nobody', is neither in the file nor known
                       {file}, line 3, column 10: 'b' would be below itself: b → c → b
                       {file}, line 4, column 10: 'c' would be below itself: c → b → c
                       {file}, line 6, column 10: 'top' would be below itself: top → middle → top
                       {file}, line 7, column 10: 'self' would be below itself: self → self

                """),
            ran);
        Assert.Equal(before, await RevisionAsync());
    }

    [Fact]
    public async Task FileOfManyFaults_ShowsTwenty_AndCountsTheRest()
    {
        var ran = await LoadAsync("agents:\n" + string.Concat(Enumerable.Range(0, 25).Select(i => $"  - {{id: a{i}, labls: {{}}}}\n")));
        Assert.Equal(2, ran.Code);
        var lines = ran.Error.Split('\n');
        Assert.EndsWith("has 25 faults, and nothing of it was done", lines[1], StringComparison.Ordinal);
        Assert.Equal(20, lines.Count(line => line.Contains("'labls' is not a known member", StringComparison.Ordinal)));
        Assert.Equal("       and 5 more", lines[22]);
    }

    [Theory]
    [InlineData("agents: [3]", "an entry of 'agents' is one value, and should be {id, …}")]
    [InlineData("agents: {}", "'agents' is a map, and should be a list of {id, …}")]
    [InlineData("agents: [{user: ann}]", "an entry of 'agents' has no id")]
    [InlineData("agents: [{id: a}, {id: a}]", "'a' appears twice, first at line 1")]
    [InlineData("agents: [{id: a}]\nsessions: [{id: a}]", "'a' appears twice, first at line 2")]
    [InlineData("agents: [{id: a, specializations: [{name: x, capacity: 0}]}]", "'capacity' should be a whole number from 1 to 10000")]
    [InlineData("agents: [{id: a, specializations: [x], skills: [y]}]", "'specializations' and 'skills' mean the same")]
    [InlineData("agents: [{id: a, labels: [x]}]", "'labels' is a list, and should be a map")]
    [InlineData("agents: [{id: a, labels: {'a b': x}}]", "'a b' is no name of a label")]
    [InlineData("agents: [{id: a, specializations: [' / ']}]", "' / ' is no name of a specialization")]
    [InlineData("agents: [{id: a, specializations: [{name: ''}]}]", "'' is no name of a specialization")]
    [InlineData("agents: [{id: a, parent: no/id}]", "'no/id' is not an id")]
    [InlineData("links: [3]", "an entry of 'links' is one value, and should be {from, to}")]
    [InlineData("links: [{from: a}]", "an entry of 'links' has no 'to'")]
    [InlineData("links: [{from: a, to: }]", "'to' is empty")]
    [InlineData("links: [{from: a, to: a}]", "a link is between two agents, and this one leads from 'a' to itself")]
    [InlineData(
        "links: [{from: a, to: b}, {from: a, to: b, kind: link}]", "the link 'link' from 'a' to 'b' appears twice, first at line 1")]
    [InlineData("links: [{from: a, to: b, weight: -1}]", "'weight' is '-1', and should be a number from 0 to 1000000000")]
    [InlineData("links: [{from: a, to: b, kind: ''}]", "'kind' has 1 to 128 characters, none of them a control character")]
    [InlineData("links: [{from: a, to: nobody}]\nagents: [{id: a}]", "'nobody', at an end of a link, is neither in the file nor known")]
    public async Task BadAgent_IsNamed(string content, string why)
    {
        var ran = await LoadAsync(content);
        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Contains(why, ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MoreEntriesThanAFileMayHave_AreRefused()
    {
        var ran = await LoadAsync("agents:\n" + string.Concat(Enumerable.Range(0, 100_001).Select(i => $"- id: a{i}\n")));
        Assert.Equal(2, ran.Code);
        Assert.Contains("100,001 entries; a file has at most 100,000, so split it", ran.Error, StringComparison.Ordinal);
    }

    /// <summary>What the server refuses is that entry's, and the others are loaded.</summary>
    [Fact]
    public async Task EntryThatTheServerRefuses_IsReported_AndTheOthersGoOn()
    {
        var ran = await LoadAsync("agents: [{id: a, user: '" + new string('u', 300) + "'}, {id: b}]", "-o jsonl --fields id,change,error");
        Assert.Equal(7, ran.Code);
        Assert.Equal("1 of 2 entries could not be loaded\n1 declared, 0 changed, 0 left as they are\n", ran.Error);
        var rows = ran.Out.TrimEnd().Split('\n').Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal(["a", "b"], rows.Select(row => (string)row["id"]!));
        Assert.Contains("(invalid_request)", (string)rows[0]["error"]!, StringComparison.Ordinal);
        Assert.Equal(("declare", null), ((string)rows[1]["change"]!, (string?)rows[1]["error"]));
    }

    [Fact]
    public async Task Filters_AreThoseOfTheServer()
    {
        await RegisterAsync("""{"agent_id":"parent"}""");
        await RegisterAsync("""{"agent_id":"orphan","parent_id":"parent"}""");
        await RegisterAsync("""{"agent_id":"busy"}""");
        await _server.CallAsync(HttpMethod.Post, "agents/busy/heartbeat", """{"activity":"working"}""");
        await _server.CallAsync(HttpMethod.Post, "agents/parent/exit", """{"incarnation":1,"exit_code":0}""");
        var ran = await LoadAsync(
            """
            agents: [{id: orphan, filter: orphaned}, {id: busy, filter: Working}]
            sessions: [{id: parent, filter: dead}, {id: nobody, filter: alive}]
            """,
            "--check -o csv --fields id,filter,status,matches --no-headers");
        Assert.Equal(
            new Ran(
                1,
                "parent,dead,dead,true\r\nnobody,alive,,false\r\norphan,orphaned,alive,true\r\nbusy,working,alive,true\r\n",
                "1 of 4 do not match their filter, 1 are not as the file says\n"),
            ran);
    }

    [Fact]
    public async Task DryRunAndCheck_CannotBeCombined()
    {
        var ran = await LoadAsync("agents: [{id: a}]", "--check --dry-run");
        Assert.Equal(2, ran.Code);
        Assert.Contains("--dry-run and --check cannot be combined", ran.Error, StringComparison.Ordinal);
    }

    /// <summary>Random forests over others that are there: after a load the file is true, and a second load changes nothing.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task RandomForest_IsAsTheFileSays(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 4; round++)
        {
            var ids = Enumerable.Range(0, 40).Select(i => $"a{i}").OrderBy(_ => random.Next()).ToList();
            var fleet = new StringBuilder("agents:\n");
            var wanted = new Dictionary<string, string?>();
            for (var i = 0; i < ids.Count; i++)
            {
                // A parent among those before it in this order, so that there is no circle; the lines come in another order.
                wanted[ids[i]] = i == 0 || random.Next(4) == 0 ? null : ids[random.Next(i)];
            }

            foreach (var id in ids.OrderBy(_ => random.Next()))
            {
                fleet.Append($"- {{id: {id}, parent: {wanted[id]}, labels: {{n: '{random.Next(3)}'}}}}\n");
            }

            var loaded = await LoadAsync(fleet.ToString(), "-o name");
            Assert.Equal((0, 40), (loaded.Code, loaded.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length));
            foreach (var (id, parent) in wanted)
            {
                Assert.Equal(parent, await ParentAsync(id));
            }

            var revision = await RevisionAsync();
            Assert.EndsWith("0 declared, 0 changed, 40 left as they are\n", (await LoadAsync(fleet.ToString(), "-o name")).Error);
            Assert.Equal(revision, await RevisionAsync());
        }
    }

    private static string Squeezed(string table) => string.Join(' ', table.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private Task<Ran> LoadAsync(string content, string options = "") =>
        _tool.RunAsync($"load-config {_tool.WriteFile("fleet.yaml", content)} {options}".TrimEnd(), _http);

    private async Task RegisterAsync(string body) => await _server.CallAsync(HttpMethod.Post, "agents", body);

    private async Task<string?> ParentAsync(string id) => (string?)(await RowAsync(id))["parent_id"];

    private async Task<DateTime> HeardAsync(string id) => (DateTime)(await RowAsync(id))["last_heartbeat_at"]!;

    private async Task<JsonNode> RowAsync(string id) => (await _server.CallAsync(HttpMethod.Get, "agents/" + id))!;

    private async Task<string> RevisionAsync() => (string)(await _server.CallAsync(HttpMethod.Get, "agents?limit=1"))!["as_of"]!;

    private async Task<string> LinksAsync() => (await _server.CallAsync(HttpMethod.Get, "links"))!.ToJsonString();

    private async Task<string> AgentsAsync()
    {
        var page = (await _server.CallAsync(HttpMethod.Get, "agents?sort=id&limit=1000"))!;
        return string.Join('\n', page["sessions"]!.AsArray().Select(row =>
            $"{row!["agent_id"]} cluster={row["cluster"]} parent={row["parent_id"]} user={row["user"]} "
            + $"labels={row["labels"]!.ToJsonString()} skills=["
            + string.Join(',', row["skills"]!.AsArray().Select(skill =>
                $"{skill!["name"]}:{skill["version"]}:{skill["level"]}:{skill["capacity"]}"))
            + "]"));
    }
}
