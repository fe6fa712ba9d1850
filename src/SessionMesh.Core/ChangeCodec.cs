using System.Buffers;
using System.Text.Json;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Sessions;
using SessionMesh.Core.Steering;

namespace SessionMesh.Core;

/// <summary>Payloads of the log, to JSON and back. Thread-safe.</summary>
public static class ChangeCodec
{
    /// <summary>Writes the members of <paramref name="change"/> beside its envelope, as one JSON object in UTF-8.</summary>
    public static void WritePayload(IBufferWriter<byte> output, Utf8JsonWriter writer, Change change)
    {
        writer.Reset(output);
        switch (change)
        {
            case DirectiveIssued c: JsonSerializer.Serialize(writer, c, CoreJson.Default.DirectiveIssued); break;
            case MessageKept c: JsonSerializer.Serialize(writer, c, CoreJson.Default.MessageKept); break;
            case DirectiveMoved c: JsonSerializer.Serialize(writer, c, CoreJson.Default.DirectiveMoved); break;
            case AgentRegistered c: JsonSerializer.Serialize(writer, c, CoreJson.Default.AgentRegistered); break;
            case AgentLivenessChanged c: JsonSerializer.Serialize(writer, c, CoreJson.Default.AgentLivenessChanged); break;
            case AgentUpdated c: JsonSerializer.Serialize(writer, c, CoreJson.Default.AgentUpdated); break;
            case AgentDeclared c: JsonSerializer.Serialize(writer, c, CoreJson.Default.AgentDeclared); break;
            case AgentStopping c: JsonSerializer.Serialize(writer, c, CoreJson.Default.AgentStopping); break;
            case AgentDied c: JsonSerializer.Serialize(writer, c, CoreJson.Default.AgentDied); break;
            case AgentForgotten c: JsonSerializer.Serialize(writer, c, CoreJson.Default.AgentForgotten); break;
            case AgentTombstoneLifted c: JsonSerializer.Serialize(writer, c, CoreJson.Default.AgentTombstoneLifted); break;
            case SessionCreated c: JsonSerializer.Serialize(writer, c, CoreJson.Default.SessionCreated); break;
            case SessionImported c: JsonSerializer.Serialize(writer, c, CoreJson.Default.SessionImported); break;
            case SessionUpdated c: JsonSerializer.Serialize(writer, c, CoreJson.Default.SessionUpdated); break;
            case SessionRefreshed c: JsonSerializer.Serialize(writer, c, CoreJson.Default.SessionRefreshed); break;
            case SessionExpired c: JsonSerializer.Serialize(writer, c, CoreJson.Default.SessionExpired); break;
            case SessionDeleted c: JsonSerializer.Serialize(writer, c, CoreJson.Default.SessionDeleted); break;
            case KeyMinted c: JsonSerializer.Serialize(writer, c, CoreJson.Default.KeyMinted); break;
            case KeyRefreshed c: JsonSerializer.Serialize(writer, c, CoreJson.Default.KeyRefreshed); break;
            case KeyLimited c: JsonSerializer.Serialize(writer, c, CoreJson.Default.KeyLimited); break;
            case KeyEnded c: JsonSerializer.Serialize(writer, c, CoreJson.Default.KeyEnded); break;
            case ReceiptKept c: JsonSerializer.Serialize(writer, c, CoreJson.Default.ReceiptKept); break;
            case ReceiptsTrimmed c: JsonSerializer.Serialize(writer, c, CoreJson.Default.ReceiptsTrimmed); break;
            case AdminRequested c: JsonSerializer.Serialize(writer, c, CoreJson.Default.AdminRequested); break;
            default: throw new InvalidOperationException($"no codec for change kind {change.Kind}");
        }

        writer.Flush();
    }

    /// <summary>Reads an entry back.</summary>
    /// <exception cref="InvalidDataException">The kind is unknown: a newer version wrote this log.</exception>
    public static Change Read(long revision, long at, string actor, Origin origin, string kind, string subject, string payload)
    {
        var change = kind switch
        {
            DirectiveIssued.Name => JsonSerializer.Deserialize(payload, CoreJson.Default.DirectiveIssued),
            MessageKept.Name => JsonSerializer.Deserialize(payload, CoreJson.Default.MessageKept),
            AgentRegistered.Name => JsonSerializer.Deserialize(payload, CoreJson.Default.AgentRegistered),
            AgentUpdated.Name => JsonSerializer.Deserialize(payload, CoreJson.Default.AgentUpdated),
            AgentDeclared.Name => JsonSerializer.Deserialize(payload, CoreJson.Default.AgentDeclared),
            AgentStopping.Name => JsonSerializer.Deserialize(payload, CoreJson.Default.AgentStopping),
            AgentDied.Name => JsonSerializer.Deserialize(payload, CoreJson.Default.AgentDied),
            AgentLivenessChanged.Suspect => new AgentLivenessChanged { Subject = "", Liveness = Liveness.Suspect },
            AgentLivenessChanged.Lost => JsonSerializer.Deserialize(payload, CoreJson.Default.AgentLivenessChanged)! with { Liveness = Liveness.Lost },
            AgentLivenessChanged.Alive => new AgentLivenessChanged { Subject = "", Liveness = Liveness.Alive },
            AgentForgotten.Name => JsonSerializer.Deserialize(payload, CoreJson.Default.AgentForgotten),
            AgentTombstoneLifted.Name => JsonSerializer.Deserialize(payload, CoreJson.Default.AgentTombstoneLifted),
            SessionCreated.Name => JsonSerializer.Deserialize(payload, CoreJson.Default.SessionCreated),
            SessionImported.Name => JsonSerializer.Deserialize(payload, CoreJson.Default.SessionImported),
            SessionUpdated.Name => JsonSerializer.Deserialize(payload, CoreJson.Default.SessionUpdated),
            SessionRefreshed.Name => JsonSerializer.Deserialize(payload, CoreJson.Default.SessionRefreshed),
            SessionExpired.Name => JsonSerializer.Deserialize(payload, CoreJson.Default.SessionExpired),
            SessionDeleted.Name => JsonSerializer.Deserialize(payload, CoreJson.Default.SessionDeleted),
            KeyMinted.Name => JsonSerializer.Deserialize(payload, CoreJson.Default.KeyMinted),
            KeyRefreshed.Name => JsonSerializer.Deserialize(payload, CoreJson.Default.KeyRefreshed),
            KeyLimited.Name => JsonSerializer.Deserialize(payload, CoreJson.Default.KeyLimited),
            KeyEnded.Revoked => JsonSerializer.Deserialize(payload, CoreJson.Default.KeyEnded),
            KeyEnded.Expired => JsonSerializer.Deserialize(payload, CoreJson.Default.KeyEnded)! with { Lapsed = true },
            ReceiptKept.Name => JsonSerializer.Deserialize(payload, CoreJson.Default.ReceiptKept),
            ReceiptsTrimmed.Name => JsonSerializer.Deserialize(payload, CoreJson.Default.ReceiptsTrimmed),
            AdminRequested.Name => JsonSerializer.Deserialize(payload, CoreJson.Default.AdminRequested),
            _ => ReadMoved(kind, payload),
        };

        return change! with { Subject = subject, Revision = revision, At = at, Actor = actor, Origin = origin };
    }

    private static Change ReadMoved(string kind, string payload)
    {
        const string Prefix = "directive.";
        if (kind.StartsWith(Prefix, StringComparison.Ordinal) && DeliveryStateWords.TryParse(kind[Prefix.Length..], out var state))
        {
            return JsonSerializer.Deserialize(payload, CoreJson.Default.DirectiveMoved)! with { State = state };
        }

        throw new InvalidDataException($"the log holds a change of kind '{kind}', which this version does not know");
    }
}
