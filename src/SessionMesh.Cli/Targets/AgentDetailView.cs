using System.Text.Json;
using SessionMesh.Cli.Output;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Targets;

/// <summary>How one agent is shown, in full.</summary>
internal static class AgentDetailView
{
    /// <summary>Its status in one cell: with its pause, or with how it ended.</summary>
    public static readonly Column Status = new("status", "status", StatusText, StatusColour);

    /// <summary>Without how it ended, where another line says that.</summary>
    private static readonly Column s_plainStatus = Status with { Text = (row, now) => StatusText(Json.Without(row, "last_exit"), now) };

    /// <summary>One agent, everything that is known of it.</summary>
    public static readonly View All = new()
    {
        Names = ["agent_id"],
        Vertical = true,
        Table =
        [
            Column.Of("agent", "agent_id"), s_plainStatus, Column.Of("incarnation"), Column.Of("activity"), Column.Of("load"),
            Column.Of("progress"), Column.Of("progress interval", "progress_interval"), Column.Of("note"),
            Column.Of("specializations"), Column.Of(SkillText.Member), Column.Of("labels"), Column.Of("cluster"),
            Column.Of("parent", "parent_id"), Column.Of("descendants"), Column.Of("user"), Column.Of("direction"),
            Column.Of("pending"), Column.Of("connected"), Column.Of("session", "session_id"), Column.Of("created", "created_at"),
            Column.Of("heartbeat", "last_heartbeat_at"), Column.Of("last progress", "last_progress_at"),
            Column.Of("expires", "expires_at"), new("last exit", "last_exit", ExitText),
        ],
    };

    private static string StatusText(JsonElement row, DateTimeOffset now)
    {
        var status = Json.Text(row, "status") ?? "-";
        return Json.IsTrue(row, "paused") ? status + " (paused)"
            : status is AgentStatus.Dead && HasExit(row, out var exit) ? $"{status} ({Proof(row, exit)}{How(exit)})"
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
        if (!HasExit(row, out var exit))
        {
            return "-";
        }

        var why = Json.Text(exit, "reason") is { } reason ? $", {reason}" : "";
        return $"{Column.Of("at").Text(exit, now)} {Proof(row, exit)}{How(exit)}{why}";
    }

    private static bool HasExit(JsonElement row, out JsonElement exit) =>
        row.TryGetProperty("last_exit", out exit) && exit.ValueKind == JsonValueKind.Object;

    /// <summary>Of an agent that was never alive there is no end to confirm.</summary>
    private static string Proof(JsonElement row, JsonElement exit) =>
        Json.IsTrue(exit, "confirmed") ? "confirmed"
        : row.TryGetProperty("incarnation", out var incarnation) && incarnation.TryGetInt32(out var number) && number == 0 ? "never alive"
        : "not confirmed";

    private static string How(JsonElement exit) =>
        Json.Text(exit, "signal") is { } signal ? $", by {signal}"
        : exit.TryGetProperty("exit_code", out var code) && code.ValueKind == JsonValueKind.Number ? $", exit code {code.GetRawText()}"
        : "";
}
