using SessionMesh.Contracts.Agents;

namespace SessionMesh.Dashboard.Lineage;

/// <summary>Who started whom, as lines to show: parents before their children, and what is folded left out. Immutable.</summary>
public sealed class LineageForest
{
    /// <summary>Lines that a forest shows; it says how many it leaves out.</summary>
    public const int MostLines = 2000;

    /// <summary>Lines that are opened by themselves, from the tops down; what does not fit is folded unless somebody opens it.</summary>
    public const int OpenLines = 60;

    private readonly Dictionary<string, List<TopologyRow>> _children = new(StringComparer.Ordinal);
    private readonly List<TopologyRow> _roots = [];
    private readonly HashSet<string> _openByThemselves = new(StringComparer.Ordinal);

    public LineageForest(IEnumerable<TopologyRow> rows)
    {
        var all = rows.Where(row => row.AgentId is not null).ToList();
        var ids = all.Select(row => row.AgentId!).ToHashSet(StringComparer.Ordinal);
        foreach (var row in all)
        {
            if (row.ParentId is { } parent && ids.Contains(parent))
            {
                if (!_children.TryGetValue(parent, out var children))
                {
                    _children[parent] = children = [];
                }

                children.Add(row);
            }
            else
            {
                _roots.Add(row);
            }
        }

        OpenSome();
    }

    public int Trees => _roots.Count;

    /// <summary>The lines, and whether there are more of them.</summary>
    /// <param name="isOpen">What somebody opened (true) or folded (false) by hand.</param>
    public (IReadOnlyList<LineageLine> Lines, bool HasMore) Lines(IReadOnlyDictionary<string, bool> isOpen)
    {
        var lines = new List<LineageLine>();
        var left = new Stack<(TopologyRow Row, int Depth)>();
        foreach (var root in Enumerable.Reverse(_roots))
        {
            left.Push((root, 0));
        }

        while (left.TryPop(out var next))
        {
            if (lines.Count == MostLines)
            {
                return (lines, true);
            }

            var id = next.Row.AgentId!;
            var children = _children.GetValueOrDefault(id);
            var opened = children is not null && isOpen.GetValueOrDefault(id, _openByThemselves.Contains(id));
            lines.Add(new LineageLine(next.Row, next.Depth, children is not null, opened));
            if (opened)
            {
                foreach (var child in Enumerable.Reverse(children!))
                {
                    left.Push((child, next.Depth + 1));
                }
            }
        }

        return (lines, false);
    }

    /// <summary>Opens level after level, as long as there is room for all children of the one that is opened.</summary>
    private void OpenSome()
    {
        var room = OpenLines - _roots.Count;
        var level = new Queue<TopologyRow>(_roots);
        while (room > 0 && level.TryDequeue(out var row))
        {
            if (_children.TryGetValue(row.AgentId!, out var children) && children.Count <= room)
            {
                room -= children.Count;
                _openByThemselves.Add(row.AgentId!);
                children.ForEach(level.Enqueue);
            }
        }
    }
}

/// <summary>One agent in a forest.</summary>
/// <param name="Depth">0 for the top of a tree.</param>
/// <param name="HasChildren">Whether there is something to open.</param>
public sealed record LineageLine(TopologyRow Row, int Depth, bool HasChildren, bool IsOpen);
