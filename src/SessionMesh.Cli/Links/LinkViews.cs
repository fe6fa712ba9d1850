using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Links;

/// <summary>How links between agents are shown.</summary>
internal static class LinkViews
{
    /// <summary>Links, oldest first.</summary>
    public static readonly View List = new()
    {
        RowsMember = "links",
        Names = ["from"],
        Table =
        [
            Column.Of("from"), Column.Of("to"), Column.Of("kind"), Column.Of("weight"),
            Column.Of("created", "created_at") with { Rank = 3 },
        ],
    };

    /// <summary>One of them.</summary>
    public static readonly View One = List with { RowsMember = null };
}
