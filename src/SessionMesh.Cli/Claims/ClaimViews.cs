using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Claims;

/// <summary>How agents that should do a job, and claims on them, are shown.</summary>
internal static class ClaimViews
{
    /// <summary>Agents that should do it, best first.</summary>
    public static readonly View Match = new()
    {
        RowsMember = "matches",
        Names = ["agent_id"],
        Table =
        [
            Column.Of("agent", "agent_id"), Column.Of("activity") with { Rank = 3 }, Column.Of("load"),
            Column.Of("cluster") with { Rank = 4 }, Column.Of("why"),
        ],
        More =
        [
            Column.Of("specializations") with { Rank = 6 }, Column.Of("labels") with { Rank = 6 },
            Column.Of("heartbeat", "last_heartbeat_at") with { Rank = 6 },
        ],
    };

    /// <summary>Claims that are held, oldest first.</summary>
    public static readonly View List = new()
    {
        RowsMember = "claims",
        Names = ["claim_id"],
        Table =
        [
            Column.Of("claim", "claim_id"), Column.Of("agent", "agent_id"), Column.Of("specialization"),
            Column.Of("claimed", "claimed_at") with { Rank = 3 }, Column.Of("expires", "expires_at"),
            Column.Of("key", "key_id") with { Rank = 2 },
        ],
        More = [Column.Of("ttl") with { Rank = 6 }],
    };

    /// <summary>One such claim.</summary>
    public static readonly View One = List with { RowsMember = null };

    /// <summary>What was given back.</summary>
    public static readonly View Released = new()
    {
        Names = ["claim_id"],
        Table = [Column.Of("claim", "claim_id"), Column.Of("agent", "agent_id")],
    };
}
