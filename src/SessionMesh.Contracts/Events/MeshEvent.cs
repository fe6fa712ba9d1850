using System.Text.Json;
using System.Text.Json.Serialization;

namespace SessionMesh.Contracts.Events;

/// <summary>One entry of the log as <c>GET /events</c> sends it: the envelope, and the change's own members beside it.</summary>
public sealed record MeshEvent
{
    /// <summary>Position in the log; the SSE id.</summary>
    public required long Revision { get; init; }
    public required DateTimeOffset At { get; init; }

    /// <summary>The id of the key that caused it, or <c>mesh</c> for the server itself.</summary>
    public required string Actor { get; init; }

    /// <summary>For example <c>agent.registered</c>; the SSE event name.</summary>
    public required string Kind { get; init; }

    /// <summary>What it happened to: an agent's or a key's id.</summary>
    public required string Subject { get; init; }

    /// <summary>
    /// The change's own members. Settable, because the generated reader cannot bind extension data to an init-only property.
    /// </summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Details { get; set; }
}
