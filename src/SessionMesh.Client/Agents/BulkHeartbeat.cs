using System.Buffers;
using System.Text.Json;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Client;

/// <summary>One agent's beat within <c>POST /heartbeats</c>; without a report it says "alive" and no more.</summary>
public sealed record BulkHeartbeat(string AgentId, HeartbeatRequest? Report = null)
{
    /// <summary><c>{"agents":["a1",{"agent_id":"a2",…}]}</c>: the short form wherever there is nothing to report.</summary>
    internal static ReadOnlyMemory<byte> ToBody(IEnumerable<BulkHeartbeat> beats)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteStartArray("agents"u8);
        foreach (var beat in beats)
        {
            var agentId = MeshCall.CheckedId(beat.AgentId);
            if (beat.Report is null)
            {
                json.WriteStringValue(agentId);
                continue;
            }

            json.WriteStartObject();
            json.WriteString("agent_id"u8, agentId);
            foreach (var member in JsonSerializer.SerializeToElement(beat.Report, ClientJson.Context.HeartbeatRequest).EnumerateObject())
            {
                member.WriteTo(json);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }
}
