using System.Globalization;
using System.Text;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Topology;

/// <summary>A graph as a Mermaid flowchart: solid arrows from parent to child, dotted ones for links.</summary>
internal static class MermaidPicture
{
    /// <summary>Mermaid draws no more unless whoever embeds it says so (<c>maxEdges</c>, which a picture cannot set).</summary>
    public const int MostEdges = 500;

    /// <summary>The same of the characters of its text (<c>maxTextSize</c>).</summary>
    public const int MostCharacters = 50_000;

    private static readonly CompositeFormat s_entity = CompositeFormat.Parse("#{0};");

    public static string Of(MeshGraph graph)
    {
        var text = new StringBuilder("flowchart TD\n");
        if (graph.Clusters.Count == 0)
        {
            WriteNodes(text, graph, graph.Nodes, "  ");
        }

        foreach (var (i, cluster) in graph.Clusters.Index())
        {
            text.Append(CultureInfo.InvariantCulture, $"  subgraph c{i}[\"{Encode(cluster.Key)}\"]\n");
            WriteNodes(text, graph, cluster, "    ");
            text.Append("  end\n");
        }

        foreach (var (parent, child) in graph.Lineage)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {NameOf(graph, parent.AgentId!)} --> {NameOf(graph, child.AgentId!)}\n");
        }

        foreach (var link in graph.Links)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"  {NameOf(graph, link.From)} -.->|\"{Encode(PictureText.Of(link))}\"| {NameOf(graph, link.To)}\n");
        }

        foreach (var (status, fill, border) in PictureText.Looks.Where(look => graph.Nodes.Any(node => node.Status == look.Status)))
        {
            var dashes = DashesOf(status) is { } given ? ",stroke-dasharray:" + given : "";
            text.Append(CultureInfo.InvariantCulture, $"  classDef {status} fill:{fill},stroke:{border},color:#212529{dashes}\n");
        }

        return text.ToString();
    }

    private static void WriteNodes(StringBuilder text, MeshGraph graph, IEnumerable<TopologyRow> nodes, string indent)
    {
        foreach (var node in nodes)
        {
            var label = $"{Encode(node.AgentId!)}<br/>{Encode(PictureText.Of(node))}";
            text.Append(CultureInfo.InvariantCulture, $"{indent}{NameOf(graph, node.AgentId!)}[\"{label}\"]:::{node.Status}\n");
        }
    }

    /// <summary>A word of Mermaid's own, such as <c>end</c>, may not be a name.</summary>
    private static string NameOf(MeshGraph graph, string agentId) =>
        string.Create(CultureInfo.InvariantCulture, $"n{graph.NumberOf(agentId)}");

    private static string? DashesOf(string status) => status switch
    {
        AgentStatus.Suspect or AgentStatus.Declared => "2 2",
        AgentStatus.Lost or AgentStatus.Dead => "6 3",
        AgentStatus.Stopping => "10 2",
        _ => null,
    };

    private static string Encode(string text) => PictureText.Encode(text, s_entity);
}
