using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Targets;
using SessionMesh.Client;
using SessionMesh.Contracts;

namespace SessionMesh.Cli.Topology;

/// <summary><c>topology</c>: who started whom and what is linked with what, for tools that draw.</summary>
internal sealed class TopologyCommand : MeshCommand
{
    private const string Mermaid = "mermaid";
    private const string Dot = "dot";
    private const string Graphml = "graphml";
    private const string JsonFormat = "json";

    private readonly AgentIdOption _agent;
    private readonly Option<string?> _format = Opt.Choice(
        "--format", "The format, mermaid by default", [Mermaid, Dot, Graphml, JsonFormat]);
    private readonly Option<int?> _depth = Opt.Number("--depth", "Only so many levels", 0, int.MaxValue);
    private readonly Option<bool> _dead = new("--dead") { Description = "All of the dead, too, not only those that others live below" };

    private readonly Option<string?> _cluster = new("--cluster")
    {
        Description = "Only this cluster (default: the selected context's)",
        HelpName = "NAME",
    };

    private readonly Option<bool> _allClusters = new("--all-clusters") { Description = "Every cluster, whatever the context says" };

    public TopologyCommand(CliHost host)
        : base(host, "topology", "Write who started whom, and the links between them, for tools that draw.", output: false)
    {
        _agent = new AgentIdOption(this, host);
        foreach (var option in new Option[] { _format, _depth, _dead, _cluster, _allClusters })
        {
            Add(option);
        }

        Usage = "[AGENT] [options]";
        Examples =
        [
            "session-mesh topology",
            "session-mesh topology lead --depth 2",
            "session-mesh topology --format dot --dead",
            "session-mesh topology --format graphml --cluster prod",
        ];
        ExitNotes = ["3  no such agent"];
    }

    protected override bool TakesPrefixes(CommandContext context) => true;

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "draw the topology";
        var format = context.Get(_format) ?? Mermaid;
        var query = new TopologyQuery
        {
            Root = _agent.Find(context),
            Depth = context.Get(_depth),
            WithDead = context.Get(_dead),
            Cluster = context.Get(_allClusters) ? null : context.Get(_cluster) ?? context.Settings.Cluster,
            Limit = Limits.MaxPage,
        };
        if (format is JsonFormat)
        {
            await WriteJsonAsync(context, query, cancellation);
        }
        else
        {
            var graph = await ReadAsync(context, query, cancellation);
            var text = format is Mermaid ? MermaidPicture.Of(graph) : format is Dot ? DotPicture.Of(graph) : GraphmlPicture.Of(graph);
            await context.Host.Out.WriteAsync(text.AsMemory(), cancellation);
            Say(context, graph, format, text.Length);
        }

        if (query.Cluster is not null && context.Get(_cluster) is null)
        {
            context.Note($"only cluster {query.Cluster}, as the selected context says; --all-clusters shows the others");
        }

        return ExitCodes.Done;
    }

    private static void Say(CommandContext context, MeshGraph graph, string format, int characters)
    {
        if (graph.LinksLeftOut is var leftOut and > 0)
        {
            context.Note(leftOut == 1
                ? "1 link leads out of the picture, and is not in it"
                : $"{leftOut} links lead out of the picture, and are not in it");
        }

        if (format is Mermaid && (graph.Lineage.Count() + graph.Links.Count() > MermaidPicture.MostEdges
            || characters > MermaidPicture.MostCharacters))
        {
            context.Note(string.Create(
                CultureInfo.InvariantCulture,
                $"Mermaid draws at most {MermaidPicture.MostEdges:N0} arrows and {MermaidPicture.MostCharacters:N0} characters unless its "
                + $"page allows more; AGENT, --depth or --cluster make it less, and {Dot} and {Graphml} have no such limit"));
        }
    }

    private static async Task<MeshGraph> ReadAsync(CommandContext context, TopologyQuery query, CancellationToken cancellation)
    {
        var graph = new MeshGraph();
        query = query with
        {
            Fields = ["agent_id", "parent_id", "status", "paused", "activity", "load", "cluster", "user", "specializations"],
        };
        using (context.ShowProgress(() => $"{graph.Nodes.Count} agents read"))
        {
            do
            {
                var page = await context.Client.TopologyAsync(query, cancellation);
                graph.Add(page);
                query = query with { Cursor = page.NextCursor };
            }
            while (query.Cursor is not null);
        }

        return graph;
    }

    /// <summary>The server's answer with all its pages in one, an agent a line, written as they come.</summary>
    private static async Task WriteJsonAsync(CommandContext context, TopologyQuery query, CancellationToken cancellation)
    {
        var output = context.Host.Out;
        var links = new List<JsonElement>();
        var count = 0;
        string? asOf = null;
        do
        {
            var page = await context.Client.SendAsync(MeshCall.Topology(query), cancellation);
            foreach (var agent in page.GetProperty("agents").EnumerateArray())
            {
                await output.WriteAsync((count++ == 0 ? "{\"agents\": [\n" : ",\n") + Line(agent));
            }

            links.AddRange(page.GetProperty("links").EnumerateArray());
            asOf ??= Json.Text(page, "as_of");
            query = query with { Cursor = Json.Text(page, "next_cursor") };
        }
        while (query.Cursor is not null);
        await output.WriteAsync(
            (count == 0 ? "{\"agents\": []" : "\n]")
            + ", \"links\": [" + (links.Count == 0 ? "" : "\n" + string.Join(",\n", links.Select(Line)) + "\n") + "], "
            + string.Create(CultureInfo.InvariantCulture, $"\"count\": {count}, \"as_of\": {Json.Compact(Json.Value(asOf ?? "0"))}}}\n"));
    }

    private static string Line(JsonElement row) => TerminalText.EscapeJson(Json.Compact(row));
}
