using SessionMesh.Cli.Output;
using SessionMesh.Cli.Targets;

namespace SessionMesh.Cli.Agents;

/// <summary>How agents are shown.</summary>
internal static class AgentViews
{
    /// <summary>Rows of <c>GET /alive</c>. A plain session has no agent id and goes by its session id.</summary>
    public static readonly View List = new()
    {
        RowsMember = "sessions",
        Names = ["agent_id", "session_id"],
        Table =
        [
            new("agent", "agent_id", (row, _) => Json.Text(row, "agent_id") ?? Json.Text(row, "session_id") ?? "-"),
            AgentDetailView.Status,
            Column.Of("activity") with { Rank = 2 },
            Column.Of("load"),
            Column.Of("progress") with { Rank = 3 },
            Column.Of("specializations") with { Rank = 2 },
            Column.Of("direction") with { Rank = 5 },
            Column.Of("heartbeat", "last_heartbeat_at"),
            Column.Of("expires", "expires_at") with { Rank = 4 },
        ],
        More =
        [
            Column.Of("incarnation") with { Rank = 6 },
            Column.Of("cluster") with { Rank = 6 },
            Column.Of("parent", "parent_id") with { Rank = 6 },
            Column.Of("user") with { Rank = 6 },
            Column.Of("connected") with { Rank = 6 },
            Column.Of("labels") with { Rank = 6 },
            Column.Of("note") with { Rank = 6 },
            Column.Of("session", "session_id") with { Rank = 6 },
            Column.Of("created", "created_at") with { Rank = 6 },
        ],
    };

    /// <summary>What each heartbeat changes, and says nothing new by it.</summary>
    public static readonly IReadOnlyList<string> Restless = ["last_heartbeat_at", "last_progress_at", "expires_at"];

    /// <summary>One such row.</summary>
    public static readonly View One = List with { RowsMember = null };

    /// <summary>What a registration granted.</summary>
    public static readonly View Registration = new()
    {
        Names = ["agent_id"],
        Table =
        [
            Column.Of("agent", "agent_id"), AgentDetailView.Status,
            Column.Of("incarnation"), Column.Of("specializations"), Column.Of("cluster"),
            Column.Of("ttl"), Column.Of("next beat", "next_heartbeat_in"), Column.Of("expires", "expires_at"),
        ],
    };

    /// <summary>What became of each that was to be forgotten.</summary>
    public static readonly View Forgotten = new()
    {
        Names = ["agent_id"],
        Table = [Column.Of("agent", "agent_id"), Column.Of("incarnation"), Column.Of("status"), Column.Of("orphans"), Column.Of("code")],
    };

    /// <summary>Of an agent that was never alive there is no end to confirm.</summary>
    private static readonly Column s_confirmed = Column.Of("confirmed") with
    {
        Text = (row, now) => KillVerdict.NeverLived(row) ? "-" : Column.Of("confirmed").Text(row, now),
    };

    /// <summary>What a kill did: the agent itself, then its descendants.</summary>
    public static readonly View Kill = new()
    {
        RowsOf = report => report.TryGetProperty("descendants", out var below) ? [report, .. below.EnumerateArray()] : [report],
        Names = ["agent_id"],
        Table =
        [
            Column.Of("agent", "agent_id"), AgentDetailView.Status,
            s_confirmed, Column.Of("exit", "exit_code"), Column.Of("signal"),
            Column.Of("reason"), Column.Of("deadline", "deadline"),
        ],
    };

    /// <summary>What a kill by selector did: every agent once, the descendants behind theirs.</summary>
    public static readonly View KillMany = Kill with
    {
        RowsMember = "results",
        RowsOf = answer => DeathTracker.Rows(answer, cascades: true),
        More = [Column.Of("code"), Column.Of("detail")],
    };
}
