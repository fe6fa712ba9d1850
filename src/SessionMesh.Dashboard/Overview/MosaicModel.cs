using System.Buffers.Binary;
using SessionMesh.Dashboard.Live;

namespace SessionMesh.Dashboard.Overview;

/// <summary>Which agents the mosaic shows in which order, and what of each is drawn. Immutable.</summary>
public sealed class MosaicModel
{
    /// <summary>Bytes of a cell: its mark, and its load.</summary>
    private const int CellBytes = 2;

    /// <summary>Bytes of a cell that changed: its number, then the cell.</summary>
    private const int ChangeBytes = 4 + CellBytes;

    /// <summary>A load that nobody reported.</summary>
    private const byte NoLoad = 255;

    private MosaicModel(IReadOnlyList<LiveAgent> agents, IReadOnlyList<(string, int)> groups, byte[] cells) =>
        (Agents, Groups, Cells) = (agents, groups, cells);

    /// <summary>What agents may be grouped by.</summary>
    public static IReadOnlyList<string> Groupings { get; } = ["cluster", "specialization", "project", "root"];

    /// <summary>In the order of the cells.</summary>
    public IReadOnlyList<LiveAgent> Agents { get; }

    public IReadOnlyList<(string Name, int Count)> Groups { get; }

    /// <summary>For each cell the place of its mark in <see cref="Marks.All"/>, and its load, 0 to 254, or 255 for none.</summary>
    public byte[] Cells { get; }

    /// <summary>Largest groups first; within a group by id, so that an agent stays where it is while others change.</summary>
    /// <param name="grouping">One of <see cref="Groupings"/>; the first of them for any other.</param>
    public static MosaicModel Of(LiveFleet fleet, string? grouping)
    {
        Func<LiveAgent, string> nameOf = grouping switch
        {
            "specialization" => agent => agent.Specialization ?? "no specialization",
            "project" => agent => agent.Project ?? "no project",
            "root" => fleet.RootOf,
            _ => agent => agent.Cluster ?? "no cluster",
        };
        var groups = fleet.Agents.GroupBy(nameOf, StringComparer.Ordinal)
            .OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal).ToList();
        var named = groups.Count <= MosaicLayout.MostGroups ? groups.Count : MosaicLayout.MostGroups - 1;
        var agents = new List<LiveAgent>(fleet.Agents.Count);
        var blocks = new List<(string, int)>(named + 1);
        foreach (var group in groups.Take(named))
        {
            agents.AddRange(group);
            blocks.Add((group.Key, agents.Count - blocks.Sum(block => block.Item2)));
        }

        if (named < groups.Count)
        {
            var before = agents.Count;
            agents.AddRange(groups.Skip(named).SelectMany(group => group));
            blocks.Add(($"{groups.Count - named} smaller groups", agents.Count - before));
        }

        var cells = new byte[agents.Count * CellBytes];
        for (var i = 0; i < agents.Count; i++)
        {
            cells[i * CellBytes] = (byte)Marks.PlaceOf(agents[i].Mark);
            cells[(i * CellBytes) + 1] = agents[i].Load is { } load ? (byte)Math.Round(Math.Clamp(load, 0, 1) * 254) : NoLoad;
        }

        return new MosaicModel(agents, blocks, cells);
    }

    /// <summary>Whether the same agents stand in the same places, so that <see cref="ChangesSince"/> says all.</summary>
    public bool HasPlacesOf(MosaicModel before) =>
        before.Agents.Count == Agents.Count && before.Groups.SequenceEqual(Groups)
        && before.Agents.Zip(Agents).All(pair => pair.First.Id == pair.Second.Id);

    /// <summary>The cells that look otherwise: for each its number (four bytes, little-endian), its mark and its load.</summary>
    public byte[] ChangesSince(MosaicModel before)
    {
        var changes = new List<int>();
        for (var i = 0; i < Agents.Count; i++)
        {
            if (!before.Cells.AsSpan(i * CellBytes, CellBytes).SequenceEqual(Cells.AsSpan(i * CellBytes, CellBytes)))
            {
                changes.Add(i);
            }
        }

        var bytes = new byte[changes.Count * ChangeBytes];
        foreach (var (at, cell) in changes.Index())
        {
            var change = bytes.AsSpan(at * ChangeBytes, ChangeBytes);
            BinaryPrimitives.WriteInt32LittleEndian(change, cell);
            Cells.AsSpan(cell * CellBytes, CellBytes).CopyTo(change[4..]);
        }

        return bytes;
    }
}
