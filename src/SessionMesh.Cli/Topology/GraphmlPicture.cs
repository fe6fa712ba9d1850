using System.Globalization;
using System.Text;
using System.Xml;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Topology;

/// <summary>
/// A graph as GraphML, which yEd, Gephi, Cytoscape and networkx read: a node has what is known of its agent as data, an edge its
/// <c>relation</c> (<c>parent</c> or <c>link</c>), its <c>kind</c> and its <c>weight</c>.
/// </summary>
internal static class GraphmlPicture
{
    private const string Namespace = "http://graphml.graphdrawing.org/xmlns";

    /// <summary>Name, what it is of, type.</summary>
    private static readonly (string Name, string Of, string Type)[] s_keys =
    [
        ("label", "node", "string"), ("status", "node", "string"), ("activity", "node", "string"), ("load", "node", "double"),
        ("paused", "node", "boolean"), ("cluster", "node", "string"), ("user", "node", "string"), ("specializations", "node", "string"),
        ("relation", "edge", "string"), ("kind", "edge", "string"), ("weight", "edge", "double"),
    ];

    public static string Of(MeshGraph graph)
    {
        var text = new StringBuilder();
        var settings = new XmlWriterSettings { Indent = true, IndentChars = " ", NewLineChars = "\n", OmitXmlDeclaration = true };
        using (var xml = XmlWriter.Create(text, settings))
        {
            xml.WriteRaw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
            xml.WriteStartElement("graphml", Namespace);
            foreach (var (name, of, type) in s_keys)
            {
                xml.WriteStartElement("key", Namespace);
                xml.WriteAttributeString("id", name);
                xml.WriteAttributeString("for", of);
                xml.WriteAttributeString("attr.name", name);
                xml.WriteAttributeString("attr.type", type);
                xml.WriteEndElement();
            }

            xml.WriteStartElement("graph", Namespace);
            xml.WriteAttributeString("id", "mesh");
            xml.WriteAttributeString("edgedefault", "directed");
            foreach (var node in graph.Nodes)
            {
                Write(xml, node);
            }

            var number = 0;
            foreach (var (parent, child) in graph.Lineage)
            {
                WriteEdge(xml, number++, parent.AgentId!, child.AgentId!, "parent", null, null);
            }

            foreach (var link in graph.Links)
            {
                WriteEdge(xml, number++, link.From, link.To, "link", link.Kind, link.Weight);
            }

            xml.WriteEndElement();
            xml.WriteEndElement();
        }

        return text.Append('\n').ToString();
    }

    private static void Write(XmlWriter xml, TopologyRow node)
    {
        xml.WriteStartElement("node", Namespace);
        xml.WriteAttributeString("id", node.AgentId);
        WriteData(xml, "label", node.AgentId);
        WriteData(xml, "status", node.Status);
        WriteData(xml, "activity", node.Activity);
        WriteData(xml, "load", node.Load?.ToString(CultureInfo.InvariantCulture));
        WriteData(xml, "paused", node.Paused ? "true" : "false");
        WriteData(xml, "cluster", node.Cluster);
        WriteData(xml, "user", node.User);
        WriteData(xml, "specializations", string.Join(", ", node.Specializations));
        xml.WriteEndElement();
    }

    private static void WriteEdge(XmlWriter xml, int number, string from, string to, string relation, string? kind, double? weight)
    {
        xml.WriteStartElement("edge", Namespace);
        xml.WriteAttributeString("id", string.Create(CultureInfo.InvariantCulture, $"e{number}"));
        xml.WriteAttributeString("source", from);
        xml.WriteAttributeString("target", to);
        WriteData(xml, "relation", relation);
        WriteData(xml, "kind", kind);
        WriteData(xml, "weight", weight?.ToString(CultureInfo.InvariantCulture));
        xml.WriteEndElement();
    }

    private static void WriteData(XmlWriter xml, string key, string? value)
    {
        if (value is not { Length: > 0 })
        {
            return;
        }

        xml.WriteStartElement("data", Namespace);
        xml.WriteAttributeString("key", key);
        foreach (var rune in value.EnumerateRunes())
        {
            Write(xml, rune);
        }

        xml.WriteEndElement();
    }

    /// <summary>What nobody sees is written as its number; what XML cannot hold, as U+FFFD.</summary>
    private static void Write(XmlWriter xml, Rune rune)
    {
        var text = rune.ToString();
        if (text.Length == 1 && !XmlConvert.IsXmlChar(text[0]))
        {
            xml.WriteString("\uFFFD");
        }
        else if (PictureText.IsVisible(rune))
        {
            xml.WriteString(text);
        }
        else if (text.Length == 1)
        {
            xml.WriteCharEntity(text[0]);
        }
        else
        {
            xml.WriteSurrogateCharEntity(text[1], text[0]);
        }
    }
}
