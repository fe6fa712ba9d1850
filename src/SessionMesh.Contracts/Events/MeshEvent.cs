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

    /// <summary>The change's own members. Settable, because the generated reader cannot bind extension data to an init-only property.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Details { get; set; }
}

/// <summary>Names of the events on <c>GET /agents/{id}/directives</c> beside the directives themselves.</summary>
public static class StreamEvent
{
    /// <summary>A directive; id = its <c>seq</c>, data = the directive.</summary>
    public const string Directive = "directive";

    /// <summary>The reader fell behind what is kept: start again from the current state.</summary>
    public const string Resync = "resync";

    /// <summary>The server is going away: reconnect.</summary>
    public const string GoAway = "goaway";

    /// <summary>This stream is over for good; data = <c>{"code","detail"}</c>: superseded, tombstoned, key revoked.</summary>
    public const string End = "end";
}

/// <summary>
/// Headers of <c>GET /agents/{id}/directives</c>: whose sequence numbers follow. A reader who remembers numbers of another epoch or of
/// another incarnation has not seen these.
/// </summary>
public static class StreamHeader
{
    /// <summary>The epoch of the store.</summary>
    public const string Epoch = "X-Mesh-Epoch";

    /// <summary>The agent's incarnation; 0 while it has had none.</summary>
    public const string Incarnation = "X-Mesh-Incarnation";
}

/// <summary>Data of the <see cref="StreamEvent.End"/>, <see cref="StreamEvent.GoAway"/> and <see cref="StreamEvent.Resync"/> events.</summary>
public sealed record StreamNotice
{
    /// <summary>
    /// Code of a <see cref="StreamEvent.Resync"/>: the reader has seen more than there is, so that what it has seen was of another store.
    /// </summary>
    public const string Ahead = "ahead";

    public required string Code { get; init; }
    public required string Detail { get; init; }
}
