using System.Text.Json;
using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Events;

/// <summary>How entries of the log are shown.</summary>
internal static class EventViews
{
    private static readonly string[] s_envelope = ["revision", "at", "actor", "kind", "subject"];

    /// <summary>The log as it grows.</summary>
    public static readonly View Stream = new()
    {
        Names = ["revision"],
        Table =
        [
            Column.Of("revision") with { StreamWidth = 8 },
            new("at", "at", (row, _) => Json.Text(row, "at") ?? "-") { StreamWidth = 24 },
            Column.Of("kind") with { StreamWidth = 22 },
            Column.Of("subject") with { StreamWidth = 20 },
            Column.Of("actor") with { StreamWidth = 12 },
            new("details", "details", (row, _) => Details(row)),
        ],
    };

    /// <summary>What happened to one agent, which is named above.</summary>
    public static readonly View Recent = new()
    {
        Names = ["revision"],
        Table =
        [
            Column.Of("revision") with { Rank = 2 }, Column.Of("at"), Column.Of("kind") with { Rank = 0 },
            Column.Of("actor") with { Rank = 3 },
            new("details", "detail", (row, _) => Details(row)),
        ],
    };

    /// <summary>What a kind has beside the envelope.</summary>
    public static IEnumerable<JsonProperty> DetailsOf(JsonElement row) => row.EnumerateObject()
        .Where(member => !s_envelope.Contains(member.Name) && member.Value.ValueKind != JsonValueKind.Null);

    private static string Details(JsonElement row) =>
        string.Join(' ', DetailsOf(row).Select(member => $"{member.Name}={Column.Plain(member.Value)}"));
}
