using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Output;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Agents;

/// <summary>What a kill report proves and what it does not, in one line.</summary>
internal static class KillVerdict
{
    private const int NamesShown = 5;

    /// <summary>
    /// Whether the end of one agent of a report is proven. Where there never was a life there is nothing to prove.
    /// </summary>
    public static bool IsProven(JsonElement row) => Json.IsTrue(row, "confirmed") || NeverLived(row);

    /// <summary>Whether the agent was only ever declared.</summary>
    public static bool NeverLived(JsonElement row) =>
        row.TryGetProperty("incarnation", out var incarnation) && incarnation.TryGetInt32(out var number) && number == 0;

    /// <summary>Those of a kill of one agent whose end is not confirmed.</summary>
    public static List<JsonElement> Unproven(JsonElement report, bool cascades) =>
        [.. AgentViews.Kill.Rows(report).Take(cascades ? int.MaxValue : 1).Where(row => !IsProven(row))];

    /// <summary>The same, of a kill of one agent.</summary>
    public static void SayMore(CommandContext context, JsonElement report, bool cascades, IReadOnlySet<string> deadBefore)
    {
        var rows = AgentViews.Kill.Rows(report).ToList();
        SayMore(
            context, cascades ? rows : rows[..1], deadBefore,
            cascades ? 0 : rows.Skip(1).Count(row => Json.Text(row, "status") is not AgentStatus.Dead));
    }

    /// <summary>Says of whom a kill was not what it looks like: dead before, never alive, or left to live on.</summary>
    /// <param name="rows">Of those that were told.</param>
    /// <param name="deadBefore">Those that were dead before they were told.</param>
    /// <param name="left">How many below them go on living.</param>
    public static void SayMore(CommandContext context, IReadOnlyList<JsonElement> rows, IReadOnlySet<string> deadBefore, int left)
    {
        bool WasDead(JsonElement row) => deadBefore.Contains(Json.Text(row, "agent_id") ?? "");
        var never = rows.Where(row => NeverLived(row) && !WasDead(row)).ToList();
        if (never.Count > 0)
        {
            context.Note($"{Names(never)} {(never.Count == 1 ? "was" : "were")} never alive: there was nothing to stop");
        }

        foreach (var group in rows.Where(WasDead).GroupBy(IsProven))
        {
            var dead = group.ToList();
            context.Note($"{Names(dead)} {(dead.Count == 1 ? "was" : "were")} dead already"
                + (group.Key ? "" : $"; nobody confirmed {(dead.Count == 1 ? "its end" : "their ends")}"));
        }

        if (left > 0)
        {
            context.Note((left == 1 ? "1 agent below lives on, " : $"{left} agents below live on, the children ")
                + "under the stopped agent's parent, or at the top if it had none");
        }
    }

    /// <summary>The line for these agents; there is at least one.</summary>
    public static string Words(IReadOnlyList<JsonElement> unproven)
    {
        var (names, more) = (Listed(unproven), More(unproven));
        var stopping = unproven.Any(row => Json.Text(row, "status") is not AgentStatus.Dead);
        return (unproven.Count, stopping) switch
        {
            (1, false) => $"agent {names} was told to stop; nobody confirmed that it did",
            (1, true) =>
                $"agent {names} was told to stop; nobody has confirmed yet that it did: 'session-mesh show {names}' says how it ends",
            (_, false) => $"agents {names}{more} were told to stop; nobody confirmed that they did",
            (_, true) => $"agents {names}{more} were told to stop; nobody has confirmed yet that they did",
        };
    }

    private static string Names(List<JsonElement> rows) =>
        rows.Count == 1 ? $"agent {Listed(rows)}" : $"agents {Listed(rows)}{More(rows)}";

    private static string Listed(IReadOnlyList<JsonElement> rows) =>
        string.Join(", ", rows.Take(NamesShown).Select(row => Json.Text(row, "agent_id")));

    private static string More(IReadOnlyList<JsonElement> rows) => rows.Count > NamesShown ? $" and {rows.Count - NamesShown} more" : "";
}
