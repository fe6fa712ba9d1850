using System.Text.Json.Nodes;
using SessionMesh.Cli.Tests.Run;

namespace SessionMesh.Cli.Tests.Topology;

/// <summary>The text of each picture; that its own tool takes it is in the end-to-end tests.</summary>
public sealed class TopologyCommandTests : IAsyncLifetime
{
    private readonly HostedServer _server = new();
    private readonly SocketsHttpHandler _http = new();
    private readonly Tool _tool = new() { Clock = TimeProvider.System };

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
    public async Task Mermaid_HasStatusLoadLineageAndLinks()
    {
        await SeedAsync();
        Assert.Equal(
            new Ran(0, """
                flowchart TD
                  n0["lead<br/>alive · working · load 0.42"]:::alive
                  n1["w1<br/>alive"]:::alive
                  n2["end<br/>declared"]:::declared
                  n0 --> n1
                  n1 -.->|"#34;x#34; #8238; 2.5"| n2
                  n2 -.->|"link"| n0
                  classDef alive fill:#d3f9d8,stroke:#2b8a3e,color:#212529
                  classDef declared fill:#ffffff,stroke:#868e96,color:#212529,stroke-dasharray:2 2

                """, ""),
            await RunAsync("topology"));
    }

    [Fact]
    public async Task Dot_HasFramesForClusters_WhereThereAreSeveral()
    {
        await SeedAsync();
        await _server.CallAsync(HttpMethod.Post, "agents", """{"agent_id":"far","cluster":"eu \"2\"","parent_id":"lead","declare":true}""");
        Assert.Equal(
            new Ran(0, """
                digraph mesh {
                  graph [fontname="sans-serif", fontsize=10];
                  node [shape=box, style="filled,rounded", fontname="sans-serif", fontsize=10];
                  edge [fontname="sans-serif", fontsize=9];
                  subgraph cluster0 {
                    label="default";
                    "lead" [label="lead\nalive · working · load 0.42", fillcolor="#d3f9d8", color="#2b8a3e", status="alive", load=0.42];
                    "w1" [label="w1\nalive", fillcolor="#d3f9d8", color="#2b8a3e", status="alive"];
                    "end" [label="end\ndeclared", fillcolor="#ffffff", color="#868e96", style="filled,rounded,dotted", status="declared"];
                  }
                  subgraph cluster1 {
                    label="eu &#34;2&#34;";
                    "far" [label="far\ndeclared", fillcolor="#ffffff", color="#868e96", style="filled,rounded,dotted", status="declared"];
                  }
                  "lead" -> "w1";
                  "lead" -> "far";
                  "w1" -> "end" [style=dashed, constraint=false, label="&#34;x&#34; &#8238; 2.5", kind="\"x\" &#8238;", link_weight=2.5];
                  "end" -> "lead" [style=dashed, constraint=false, label="link", kind="link", link_weight=1];
                }

                """, ""),
            await RunAsync("topology --format dot"));
    }

    [Fact]
    public async Task Graphml_HasWhatIsKnownAsData()
    {
        await SeedAsync();
        var ran = await RunAsync("topology --format graphml");
        Assert.Equal((0, ""), (ran.Code, ran.Error));
        Assert.StartsWith(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n", ran.Out,
            StringComparison.Ordinal);
        Assert.EndsWith(
            """
              <edge id="e0" source="lead" target="w1">
               <data key="relation">parent</data>
              </edge>
              <edge id="e1" source="w1" target="end">
               <data key="relation">link</data>
               <data key="kind">"x" &#x202E;</data>
               <data key="weight">2.5</data>
              </edge>
              <edge id="e2" source="end" target="lead">
               <data key="relation">link</data>
               <data key="kind">link</data>
               <data key="weight">1</data>
              </edge>
             </graph>
            </graphml>

            """,
            ran.Out,
            StringComparison.Ordinal);
        Assert.Contains(
            """
              <node id="lead">
               <data key="label">lead</data>
               <data key="status">alive</data>
               <data key="activity">working</data>
               <data key="load">0.42</data>
               <data key="paused">false</data>
               <data key="cluster">default</data>
               <data key="user">ann &amp; &lt;bob&gt;</data>
               <data key="specializations">ocr, sql</data>
              </node>
            """,
            ran.Out,
            StringComparison.Ordinal);
    }

    /// <summary>The same as the call, with all its pages in one.</summary>
    [Fact]
    public async Task Json_IsTheWholeAnswer()
    {
        await SeedAsync();
        for (var i = 0; i < 1100; i++)
        {
            await _server.CallAsync(HttpMethod.Post, "agents", $$"""{"agent_id":"more-{{i}}","parent_id":"w1","declare":true}""");
        }

        var ran = await RunAsync("topology --format json");
        Assert.Equal((0, ""), (ran.Code, ran.Error));
        var whole = JsonNode.Parse(ran.Out)!;
        Assert.Equal(1103, (int)whole["count"]!);
        Assert.Equal(1103, whole["agents"]!.AsArray().Select(row => (string)row!["agent_id"]!).Distinct().Count());
        var page = (await _server.CallAsync(HttpMethod.Get, "topology?limit=1000"))!;
        Assert.Equal(page["links"]!.ToJsonString(), whole["links"]!.ToJsonString());
        Assert.Equal(
            page["agents"]!.AsArray().Skip(3).Select(row => row!.ToJsonString()),
            whole["agents"]!.AsArray().Skip(3).Take(997).Select(row => row!.ToJsonString()));
        Assert.Equal((string)page["as_of"]!, (string)whole["as_of"]!);
    }

    [Theory]
    [InlineData("mermaid", "flowchart TD\n")]
    [InlineData("json", "{\"agents\": [], \"links\": [], \"count\": 0, \"as_of\": \"1\"}\n")]
    public async Task Nobody_IsAnEmptyPicture(string format, string text) =>
        Assert.Equal(new Ran(0, text, ""), await RunAsync("topology --format " + format));

    [Fact]
    public async Task LinkThatLeadsOut_IsLeftOut_AndSaid()
    {
        await SeedAsync();
        var ran = await RunAsync("topology w1");
        Assert.Equal((0, "1 link leads out of the picture, and is not in it\n"), (ran.Code, ran.Error));
        Assert.Equal(
            """
            flowchart TD
              n0["w1<br/>alive"]:::alive
              classDef alive fill:#d3f9d8,stroke:#2b8a3e,color:#212529

            """,
            ran.Out);
    }

    [Fact]
    public async Task MoreThanMermaidDraws_IsSaid()
    {
        await SeedAsync();
        for (var i = 0; i < 500; i++)
        {
            await _server.CallAsync(HttpMethod.Post, "agents", $$"""{"agent_id":"m{{i}}","parent_id":"w1","declare":true}""");
        }

        Assert.Equal(
            "Mermaid draws at most 500 arrows and 50,000 characters unless its page allows more; AGENT, --depth or --cluster make it less, "
            + "and dot and graphml have no such limit\n",
            (await RunAsync("topology")).Error);
        Assert.Equal("", (await RunAsync("topology --format dot")).Error);
    }

    [Fact]
    public async Task UnknownAgentOrFormat_IsAnError()
    {
        Assert.Equal(3, (await RunAsync("topology nobody")).Code);
        Assert.Equal(2, (await RunAsync("topology --format png")).Code);
    }

    /// <summary>One that is at work, one that is alive, and one whose id is a word of Mermaid.</summary>
    private async Task SeedAsync()
    {
        foreach (var (path, body) in new[]
        {
            ("agents", """{"agent_id":"lead","user":"ann & <bob>","specializations":["ocr","sql"]}"""),
            ("agents", """{"agent_id":"w1","parent_id":"lead"}"""),
            ("agents", """{"agent_id":"end","declare":true}"""),
            ("agents/lead/heartbeat", """{"activity":"working","load":0.42}"""),
        })
        {
            await _server.CallAsync(HttpMethod.Post, path, body);
        }

        await _server.CallAsync(HttpMethod.Put, "links", """{"from":"w1","to":"end","kind":"\"x\" \u202e","weight":2.5}""");
        await _server.CallAsync(HttpMethod.Put, "links", """{"from":"end","to":"lead"}""");
    }

    private Task<Ran> RunAsync(string line) => _tool.RunAsync(line, _http);
}
