using System.Text.Json;
using SessionMesh.Cli.Output;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Agents;

/// <summary>What a kill report proves and what it does not, in one line.</summary>
internal static class KillVerdict
{
    private const int NamesShown = 5;

    /// <summary>
    /// Whether the end of one agent of a report is proven. Where there never was a life (incarnation 0) there is nothing to prove.
    /// </summary>
    public static bool IsProven(JsonElement row) =>
        Json.IsTrue(row, "confirmed")
            || (row.TryGetProperty("incarnation", out var incarnation) && incarnation.TryGetInt32(out var number) && number == 0);

    /// <summary>Null when everything that was told to stop is confirmed to have ended.</summary>
    public static string? Doubt(JsonElement report, bool cascades)
    {
        var unproven = AgentViews.Kill.Rows(report).Take(cascades ? int.MaxValue : 1).Where(row => !IsProven(row)).ToList();
        return unproven.Count == 0 ? null : Words(unproven);
    }

    /// <summary>The line for these agents; there is at least one.</summary>
    public static string Words(IReadOnlyList<JsonElement> unproven)
    {
        var names = string.Join(", ", unproven.Take(NamesShown).Select(row => Json.Text(row, "agent_id")));
        var more = unproven.Count > NamesShown ? $" and {unproven.Count - NamesShown} more" : "";
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
}
