using System.Text.Json;
using SessionMesh.Cli.Output;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Config;

/// <summary>What <c>load-config</c> answers with, as JSON.</summary>
internal static class LoadReport
{
    public static JsonElement Of(List<LoadedEntry> entries, List<LoadedLink> links, string? cluster, bool looksOnly) => Json.Build(json =>
    {
        json.WriteStartArray("sessions"u8);
        foreach (var entry in entries)
        {
            Write(json, entry);
        }

        json.WriteEndArray();
        json.WriteStartArray("links"u8);
        foreach (var link in links)
        {
            Write(json, link);
        }

        json.WriteEndArray();
        json.WriteString("cluster"u8, cluster);
        json.WriteNumber("count"u8, entries.Count);
        json.WriteNumber("matching"u8, entries.Count(entry => entry.Matches is true));
        json.WriteNumber("declared"u8, entries.Count(entry => entry.Declared));
        json.WriteNumber("updated"u8, looksOnly ? 0 : entries.Count(entry => entry.Change is PlannedAgent.Update));
        json.WriteBoolean("dry_run"u8, looksOnly);
    });

    private static void Write(Utf8JsonWriter json, LoadedEntry entry)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, entry.Id);
        json.WriteString("filter"u8, entry.Filter);
        json.WriteString("status"u8, entry.Status);
        if (entry.Matches is { } matches)
        {
            json.WriteBoolean("matches"u8, matches);
        }
        else
        {
            json.WriteNull("matches"u8);
        }

        json.WriteBoolean("declared"u8, entry.Declared);
        json.WriteString("error"u8, entry.Error);
        json.WriteString("change"u8, entry.Change);
        Write(json, entry.Changes);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, LoadedLink link)
    {
        var declared = link.Planned.Link;
        json.WriteStartObject();
        json.WriteString("from"u8, declared.From);
        json.WriteString("to"u8, declared.To);
        json.WriteString("kind"u8, declared.Kind);
        json.WriteNumber("weight"u8, declared.Weight ?? link.Planned.Row?.Weight ?? LinkRequest.DefaultWeight);
        json.WriteString("error"u8, link.Error);
        json.WriteString("change"u8, link.Change);
        Write(json, link.Planned.Changes);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyList<FleetChange> changes)
    {
        json.WriteStartArray("changes"u8);
        foreach (var change in changes)
        {
            json.WriteStartObject();
            json.WriteString("member"u8, change.Member);
            json.WriteString("from"u8, change.From);
            json.WriteString("to"u8, change.To);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
