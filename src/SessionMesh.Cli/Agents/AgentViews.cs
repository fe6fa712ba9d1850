using System.Text.Json;
using SessionMesh.Cli.Output;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Agents;

/// <summary>How agents are shown.</summary>
internal static class AgentViews
{
    private static readonly Column s_status = new("status", "status", StatusText, StatusColour);

    /// <summary>For where a line of its own says how it ended.</summary>
    private static readonly Column s_plainStatus = s_status with { Text = (row, now) => StatusText(Json.Without(row, "last_exit"), now) };

    /// <summary>Rows of <c>GET /alive</c>. A plain session has no agent id and goes by its session id.</summary>
    public static readonly View List = new()
    {
        RowsMember = "sessions",
        Names = ["agent_id", "session_id"],
        Table =
        [
            new("agent", "agent_id", (row, _) => Json.Text(row, "agent_id") ?? Json.Text(row, "session_id") ?? "-"),
            s_status,
            Column.Of("activity"),
            Column.Of("load"),
            Column.Of("progress"),
            Column.Of("specializations"),
            Column.Of("direction"),
            Column.Of("heartbeat", "last_heartbeat_at"),
            Column.Of("expires", "expires_at"),
        ],
        More =
        [
            Column.Of("incarnation"),
            Column.Of("cluster"),
            Column.Of("parent", "parent_id"),
            Column.Of("user"),
            Column.Of("connected"),
            Column.Of("labels"),
            Column.Of("note"),
            Column.Of("session", "session_id"),
            Column.Of("created", "created_at"),
        ],
    };

    /// <summary>One such row.</summary>
    public static readonly View One = List with { RowsMember = null };

    /// <summary>One agent, everything that is known of it.</summary>
    public static readonly View Detail = new()
    {
        Names = ["agent_id"],
        Vertical = true,
        Table =
        [
            Column.Of("agent", "agent_id"), s_plainStatus, Column.Of("incarnation"), Column.Of("activity"), Column.Of("load"),
            Column.Of("progress"), Column.Of("progress interval", "progress_interval"), Column.Of("note"),
            Column.Of("specializations"), Column.Of("labels"), Column.Of("cluster"), Column.Of("parent", "parent_id"),
            Column.Of("descendants"), Column.Of("user"), Column.Of("direction"), Column.Of("pending"), Column.Of("connected"),
            Column.Of("session", "session_id"), Column.Of("created", "created_at"), Column.Of("heartbeat", "last_heartbeat_at"),
            Column.Of("last progress", "last_progress_at"), Column.Of("expires", "expires_at"), new("last exit", "last_exit", ExitText),
        ],
    };

    /// <summary>What a registration granted.</summary>
    public static readonly View Registration = new()
    {
        Names = ["agent_id"],
        Table =
        [
            Column.Of("agent", "agent_id"), s_status, Column.Of("incarnation"), Column.Of("specializations"), Column.Of("cluster"),
            Column.Of("ttl"), Column.Of("next beat", "next_heartbeat_in"), Column.Of("expires", "expires_at"),
        ],
    };

    /// <summary>What a kill did: the agent itself, then its descendants.</summary>
    public static readonly View Kill = new()
    {
        RowsOf = report => report.TryGetProperty("descendants", out var below) ? [report, .. below.EnumerateArray()] : [report],
        Names = ["agent_id"],
        Table =
        [
            Column.Of("agent", "agent_id"), s_status, Column.Of("confirmed"), Column.Of("exit", "exit_code"), Column.Of("signal"),
            Column.Of("reason"), Column.Of("deadline", "deadline"),
        ],
    };

    /// <summary>What a kill by selector did: every agent once, the descendants behind theirs.</summary>
    public static readonly View KillMany = Kill with { RowsMember = "results", RowsOf = answer => DeathTracker.Rows(answer, cascades: true) };

    private static string StatusText(JsonElement row, DateTimeOffset now)
    {
        var status = Json.Text(row, "status") ?? "-";
        return Json.IsTrue(row, "paused") ? status + " (paused)"
            : status is AgentStatus.Dead && HasExit(row, out var exit) ? $"{status} ({Proof(exit)}{How(exit)})"
            : status;
    }

    private static string? StatusColour(JsonElement row) => Json.Text(row, "status") switch
    {
        AgentStatus.Alive => "32",
        AgentStatus.Suspect or AgentStatus.Stopping => "33",
        AgentStatus.Lost or AgentStatus.Dead => "31",
        _ => null,
    };

    private static string ExitText(JsonElement row, DateTimeOffset now)
    {
        if (!HasExit(row, out var exit)) return "-";
        var why = Json.Text(exit, "reason") is { } reason ? $", {reason}" : "";
        return $"{Column.Of("at").Text(exit, now)} {Proof(exit)}{How(exit)}{why}";
    }

    private static bool HasExit(JsonElement row, out JsonElement exit) =>
        row.TryGetProperty("last_exit", out exit) && exit.ValueKind == JsonValueKind.Object;

    private static string Proof(JsonElement exit) => Json.IsTrue(exit, "confirmed") ? "confirmed" : "not confirmed";

    private static string How(JsonElement exit) =>
        Json.Text(exit, "signal") is { } signal ? $", by {signal}"
        : exit.TryGetProperty("exit_code", out var code) && code.ValueKind == JsonValueKind.Number ? $", exit code {code.GetRawText()}"
        : "";
}
