using System.Net;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Topology;

/// <summary>Each picture of the topology in the tool that it is for: Graphviz, networkx, Mermaid in a browser.</summary>
public sealed class PictureTests(Mesh mesh) : IClassFixture<Mesh>
{
    /// <summary>Characters that mean something to a format, and letters of several scripts.</summary>
    private const string Kind = "a\\\"b\\\" <i>c</i> & #1; \\\\ `d` | [x] {y} 日本 é";

    private const string KindAsText = """a"b" <i>c</i> & #1; \ `d` | [x] {y} 日本 é""";

    /// <summary>Where eng/test.sh puts it.</summary>
    private static string MermaidScript => Path.Combine(Built.Repository, "artifacts", "npm", "mermaid.min.js");

    [Fact]
    public async Task Dot_IsDrawnByGraphviz()
    {
        await SeedAsync();
        var drawn = await mesh.DoneAsync("session-mesh topology --format dot > mesh.dot && dot -Tsvg mesh.dot && dot -Tplain mesh.dot >&2");
        Assert.Contains("<title>lead&#45;&gt;end</title>", drawn.Out, StringComparison.Ordinal);
        Assert.Contains("alive · working · load 0.42", drawn.Out, StringComparison.Ordinal);
        var label = WebUtility.HtmlDecode(drawn.Out);
        Assert.Contains(KindAsText + " 2.5", label, StringComparison.Ordinal);
        Assert.Equal((3, 3), (Count(drawn.Error, "node "), Count(drawn.Error, "edge ")));
    }

    [Fact]
    public async Task Graphml_IsReadByNetworkx()
    {
        await SeedAsync();
        mesh.Scratch.Write("read.py", """
            import json, sys, networkx
            graph = networkx.read_graphml(sys.stdin.buffer)
            print(json.dumps({
                "nodes": {name: graph.nodes[name] for name in sorted(graph.nodes)},
                "edges": sorted(
                    [source, target, {k: v for k, v in data.items() if k != "id"}] for source, target, data in graph.edges(data=True)),
            }))
            """);
        var read = await mesh.DoneAsync("session-mesh topology --format graphml | /usr/bin/python3 read.py");
        Members.Equal($$"""
            {"nodes":{
               "end":{"label":"end","status":"declared","paused":false,"cluster":"default"},
               "lead":{"label":"lead","status":"alive","activity":"working","load":0.42,"paused":false,"cluster":"default",
                 "specializations":"ocr, sql"},
               "w1":{"label":"w1","status":"alive","paused":false,"cluster":"default"} },
             "edges":[
               ["end","w1",{"relation":"link","kind":"link","weight":1.0}],
               ["lead","end",{"relation":"parent"}],
               ["w1","lead",{"relation":"link","kind":"{{Kind}}","weight":2.5}]]}
            """, read.Json);
    }

    [Fact]
    public async Task Mermaid_IsDrawnInABrowser()
    {
        await SeedAsync();
        var text = (await mesh.DoneAsync("session-mesh topology")).Out;
        mesh.Scratch.Write("page.html", $$"""
            <!doctype html><meta charset="utf-8"><title>not yet</title>
            <pre id="source">{{WebUtility.HtmlEncode(text)}}</pre><div id="picture"></div>
            <script src="{{new Uri(MermaidScript).AbsoluteUri}}"></script>
            <script>
            (async () => {
                try {
                    mermaid.initialize({ startOnLoad: false });
                    const { svg } = await mermaid.render("mesh", document.getElementById("source").textContent);
                    document.getElementById("source").remove();
                    document.getElementById("picture").innerHTML = svg;
                    const labels = kind => [...document.querySelectorAll(kind)].map(label => label.innerText).filter(text => text);
                    document.body.textContent = "LABELS" + JSON.stringify({
                        nodes: labels(".nodeLabel"), links: labels(".edgeLabel .edgeLabel"),
                        arrows: document.querySelectorAll("path.flowchart-link").length,
                    }) + "END";
                } catch (error) {
                    document.body.textContent = "LABELS" + JSON.stringify({ error: error.message }) + "END";
                }
            })();
            </script>
            """);
        var drawn = await mesh.DoneAsync(
            "chromium --headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync "
            + $"--user-data-dir={mesh.Scratch.File("profile")} --virtual-time-budget=30000 --dump-dom "
            + $"file://{mesh.Scratch.File("page.html")}");
        var labels = WebUtility.HtmlDecode(drawn.Out.Split("LABELS")[^1].Split("END")[0]);
        Members.Equal($$"""
            {"nodes":["lead\nalive · working · load 0.42","w1\nalive","end\ndeclared"],"links":["{{Kind}} 2.5","link"],"arrows":3}
            """, Members.Parse(labels));
    }

    private static int Count(string text, string start) => text.Split('\n').Count(line => line.StartsWith(start, StringComparison.Ordinal));

    /// <summary>The same however often.</summary>
    private async Task SeedAsync()
    {
        mesh.Scratch.Write("fleet.json", $$"""
            {"agents":[{"id":"end","parent":"lead"}],
             "links":[{"from":"w1","to":"lead","kind":"{{Kind}}","weight":2.5},{"from":"end","to":"w1"}]}
            """);
        await mesh.DoneAsync(
            "session-mesh register --takeover --agent-id lead --spec ocr --spec sql "
            + "&& session-mesh heartbeat lead --activity working --load 0.42 "
            + "&& session-mesh register --takeover --agent-id w1 && session-mesh load-config fleet.json");
    }
}
