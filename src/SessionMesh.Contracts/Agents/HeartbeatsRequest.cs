using System.Text.Json;
using System.Text.Json.Serialization;
using SessionMesh.Contracts.Json;

namespace SessionMesh.Contracts.Agents;

/// <summary>Body of <c>POST /heartbeats</c>: <c>{"agents":["a1",{"agent_id":"a2","load":0.5}]}</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record HeartbeatsRequest
{
    public IReadOnlyList<AgentBeat>? Agents { get; init; }
}

/// <summary>One entry: a bare id, or an object with <c>agent_id</c> and the members of a heartbeat.</summary>
[JsonConverter(typeof(AgentBeatConverter))]
public sealed record AgentBeat
{
    public required string AgentId { get; init; }

    /// <summary>Null for a bare id.</summary>
    public HeartbeatRequest? Report { get; init; }
}

/// <summary>Reads and writes both forms of <see cref="AgentBeat"/>.</summary>
public sealed class AgentBeatConverter : JsonConverter<AgentBeat>
{
    /// <summary>A null is no entry, and is refused as such.</summary>
    public override bool HandleNull => true;

    public override AgentBeat? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType is JsonTokenType.String or JsonTokenType.Number)
        {
            return new AgentBeat { AgentId = IdTextConverter.Read(ref reader)! };
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("expected an agent id or an object");
        }

        return ReadObject(ref reader);
    }

    public override void Write(Utf8JsonWriter writer, AgentBeat value, JsonSerializerOptions options)
    {
        if (value.Report is not { } report)
        {
            writer.WriteStringValue(value.AgentId);
            return;
        }

        writer.WriteStartObject();
        writer.WriteString("agent_id", value.AgentId);
        WriteNumber(writer, "incarnation", report.Incarnation);
        if (report.Activity is not null)
        {
            writer.WriteString("activity", report.Activity);
        }

        WriteNumber(writer, "load", report.Load);
        WriteNumber(writer, "progress", report.Progress);
        WriteNumber(writer, "progress_interval", report.ProgressInterval);
        if (report.Note is not null)
        {
            writer.WriteString("note", report.Note);
        }

        if (report.Epoch is { } epoch)
        {
            writer.WriteNumber("epoch", epoch);
        }

        if (report.Verbs is { } verbs)
        {
            writer.WritePropertyName("verbs");
            JsonSerializer.Serialize(writer, [.. verbs], MeshJson.Default.ListString);
        }

        if (report.Acks is { Count: > 0 } acks)
        {
            writer.WritePropertyName("acks");
            JsonSerializer.Serialize(writer, [.. acks], MeshJson.Default.ListHeartbeatAck);
        }

        writer.WriteEndObject();
    }

    private static AgentBeat ReadObject(ref Utf8JsonReader reader)
    {
        string? id = null;
        var report = new HeartbeatRequest();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            reader.Read();
            switch (name)
            {
                case "agent_id": id = IdTextConverter.Read(ref reader); break;
                case "incarnation": report = report with { Incarnation = Whole(ref reader, name) }; break;
                case "activity": report = report with { Activity = Text(ref reader, name) }; break;
                case "load": report = report with { Load = Real(ref reader, name) }; break;
                case "progress": report = report with { Progress = Real(ref reader, name) }; break;
                case "progress_interval": report = report with { ProgressInterval = Whole(ref reader, name) }; break;
                case "acks":
                    report = report with { Acks = JsonSerializer.Deserialize(ref reader, MeshJson.Default.ListHeartbeatAck) };
                    break;
                case "verbs":
                    report = report with { Verbs = JsonSerializer.Deserialize(ref reader, MeshJson.Default.ListString) };
                    break;
                case "note": report = report with { Note = Text(ref reader, name) }; break;
                case "epoch": report = report with { Epoch = Long(ref reader, name) }; break;
                default: throw new JsonException($"'{name}' is not a member of an entry");
            }
        }

        return new AgentBeat { AgentId = id ?? throw new JsonException("an entry needs agent_id"), Report = report };
    }

    private static string? Text(ref Utf8JsonReader reader, string name) => reader.TokenType switch
    {
        JsonTokenType.String => reader.GetString(),
        JsonTokenType.Null => null,
        _ => throw new JsonException($"{name}: expected a string"),
    };

    private static double? Real(ref Utf8JsonReader reader, string name) => reader.TokenType switch
    {
        JsonTokenType.Number => reader.GetDouble(),
        JsonTokenType.Null => null,
        _ => throw new JsonException($"{name}: expected a number"),
    };

    private static int? Whole(ref Utf8JsonReader reader, string name) => reader.TokenType switch
    {
        JsonTokenType.Number when reader.TryGetInt32(out var value) => value,
        JsonTokenType.Null => null,
        _ => throw new JsonException($"{name}: expected a whole number"),
    };

    private static long? Long(ref Utf8JsonReader reader, string name) => reader.TokenType switch
    {
        JsonTokenType.Number when reader.TryGetInt64(out var value) => value,
        JsonTokenType.Null => null,
        _ => throw new JsonException($"{name}: expected a whole number"),
    };

    private static void WriteNumber(Utf8JsonWriter writer, string name, double? value)
    {
        if (value is { } number)
        {
            writer.WriteNumber(name, number);
        }
    }
}
