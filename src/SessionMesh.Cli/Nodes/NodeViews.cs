using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Nodes;

/// <summary>How the servers that run on a mesh are shown.</summary>
internal static class NodeViews
{
    public static readonly View List = new()
    {
        RowsMember = "nodes",
        Names = ["node_id"],
        Table =
        [
            Column.Of("node", "node_id"), Column.Of("version") with { Rank = 4 }, Column.Of("judge"),
            Column.Of("revision") with { Rank = 3 }, Column.Of("lag"), Column.Of("agents") with { Rank = 2 },
            Column.Of("streams") with { Rank = 2 }, Column.Of("seen", "seen_at"),
        ],
    };
}
