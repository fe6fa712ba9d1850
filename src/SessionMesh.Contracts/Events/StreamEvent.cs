namespace SessionMesh.Contracts.Events;

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
/// Data of the <see cref="StreamEvent.End"/>, <see cref="StreamEvent.GoAway"/> and <see cref="StreamEvent.Resync"/> events.
/// </summary>
public sealed record StreamNotice
{
    /// <summary>
    /// Code of a <see cref="StreamEvent.Resync"/>: the reader has seen more than there is, so that what it has seen was of another store.
    /// </summary>
    public const string Ahead = "ahead";

    public required string Code { get; init; }
    public required string Detail { get; init; }
}

/// <summary>
/// Headers of streams. On <c>GET /agents/{id}/directives</c> they say whose sequence numbers follow: a reader who remembers numbers of
/// another epoch or of another incarnation has not seen these.
/// </summary>
public static class StreamHeader
{
    /// <summary>
    /// On the events and the audit, the revision after which the stream begins: where a reader resumes that has seen nothing yet.
    /// </summary>
    public const string Revision = "X-Mesh-Revision";

    /// <summary>The epoch of the store.</summary>
    public const string Epoch = "X-Mesh-Epoch";

    /// <summary>The agent's incarnation; 0 while it has had none.</summary>
    public const string Incarnation = "X-Mesh-Incarnation";
}
