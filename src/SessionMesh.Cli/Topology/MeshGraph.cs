using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Topology;

/// <summary>The forest of agents and the links between them, as a graph to draw. Every edge is between two of its nodes.</summary>
internal sealed class MeshGraph
{
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly List<TopologyRow> _nodes = [];
    private readonly List<TopologyLink> _links = [];

    /// <summary>In the order in which they were added.</summary>
    public IReadOnlyList<TopologyRow> Nodes => _nodes;

    /// <summary>Parent and child.</summary>
    public IEnumerable<(TopologyRow Parent, TopologyRow Child)> Lineage => _nodes
        .Where(node => node.ParentId is { } parent && _numbers.ContainsKey(parent))
        .Select(node => (_nodes[_numbers[node.ParentId!]], node));

    public IEnumerable<TopologyLink> Links =>
        _links.Where(link => _numbers.ContainsKey(link.From) && _numbers.ContainsKey(link.To));

    /// <summary>Links of which an end is not in the picture.</summary>
    public int LinksLeftOut => _links.Count - Links.Count();

    /// <summary>
    /// The nodes by cluster, in the order of the clusters' names; nothing where there is only one, which needs no frame around it.
    /// </summary>
    public IReadOnlyList<IGrouping<string, TopologyRow>> Clusters
    {
        get
        {
            var clusters = _nodes.GroupBy(node => node.Cluster ?? "", StringComparer.Ordinal)
                .OrderBy(group => group.Key, StringComparer.Ordinal).ToList();
            return clusters.Count > 1 ? clusters : [];
        }
    }

    /// <summary>0, 1, 2…, for formats in which not every id can be a name.</summary>
    public int NumberOf(string agentId) => _numbers[agentId];

    public void Add(Contracts.Agents.Topology page)
    {
        foreach (var row in page.Agents)
        {
            if (row.AgentId is { } id && _numbers.TryAdd(id, _nodes.Count))
            {
                _nodes.Add(row);
            }
        }

        _links.AddRange(page.Links);
    }
}
