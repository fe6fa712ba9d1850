using System.Globalization;
using System.Text;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Topology;

/// <summary>
/// A graph in the DOT language of Graphviz: solid arrows from parent to child, which make the layers, and dashed ones for links, which do
/// not. Status, load and the rest are attributes, too, for those who read it with something else.
/// </summary>
internal static class DotPicture
{
    private static readonly CompositeFormat s_entity = CompositeFormat.Parse("&#{0};");

    public static string Of(MeshGraph graph)
    {
        var text = new StringBuilder("""
            digraph mesh {
              graph [fontname="sans-serif", fontsize=10];
              node [shape=box, style="filled,rounded", fontname="sans-serif", fontsize=10];
              edge [fontname="sans-serif", fontsize=9];

            """);
        if (graph.Clusters.Count == 0)
        {
            WriteNodes(text, graph.Nodes, "  ");
        }

        foreach (var (i, cluster) in graph.Clusters.Index())
        {
            // A subgraph whose name begins with "cluster" has a frame.
            text.Append(CultureInfo.InvariantCulture, $"  subgraph cluster{i} {{\n    label=\"{Encode(cluster.Key)}\";\n");
            WriteNodes(text, cluster, "    ");
            text.Append("  }\n");
        }

        foreach (var (parent, child) in graph.Lineage)
        {
            text.Append(CultureInfo.InvariantCulture, $"  \"{parent.AgentId}\" -> \"{child.AgentId}\";\n");
        }

        foreach (var link in graph.Links)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"  \"{link.From}\" -> \"{link.To}\" [style=dashed, constraint=false, label=\"{Encode(PictureText.Of(link))}\", "
                + $"kind=\"{Quote(link.Kind)}\", link_weight={link.Weight:0.####################}];\n");
        }

        return text.Append("}\n").ToString();
    }

    private static void WriteNodes(StringBuilder text, IEnumerable<TopologyRow> nodes, string indent)
    {
        foreach (var node in nodes)
        {
            var look = PictureText.Looks.FirstOrDefault(
                look => look.Status == node.Status, (Status: node.Status, Fill: "#ffffff", Border: "#212529"));
            text.Append(
                CultureInfo.InvariantCulture,
                $"{indent}\"{node.AgentId}\" [label=\"{node.AgentId}\\n{PictureText.Of(node)}\", fillcolor=\"{look.Fill}\", "
                + $"color=\"{look.Border}\"{StyleOf(node.Status)}, status=\"{node.Status}\"");
            if (node.Load is { } load)
            {
                text.Append(CultureInfo.InvariantCulture, $", load={load:0.####}");
            }

            text.Append("];\n");
        }
    }

    private static string StyleOf(string status) => status switch
    {
        AgentStatus.Suspect or AgentStatus.Declared => ", style=\"filled,rounded,dotted\"",
        AgentStatus.Lost or AgentStatus.Dead => ", style=\"filled,rounded,dashed\"",
        AgentStatus.Stopping => ", style=\"filled,rounded,bold\"",
        _ => "",
    };

    /// <summary>For what is no label, and keeps its characters but those that no one sees.</summary>
    private static string Quote(string text)
    {
        var quoted = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            quoted.Append(rune.Value is '"' or '\\' ? "\\" : "").Append(
                PictureText.IsVisible(rune) ? rune.ToString() : string.Format(CultureInfo.InvariantCulture, s_entity, rune.Value));
        }

        return quoted.ToString();
    }

    /// <summary>
    /// For a label. Graphviz looks for escapes once it has put characters in the place of numbers: a backslash takes two.
    /// </summary>
    private static string Encode(string text) => PictureText.Encode(text.Replace("\\", "\\\\", StringComparison.Ordinal), s_entity);
}
