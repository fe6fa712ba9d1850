namespace SessionMesh.Client.Streams;

/// <summary>How a stream connects and comes back.</summary>
public sealed record MeshStreamOptions
{
    /// <summary>Resume after this id (a directive's <c>seq</c>, an event's revision); null starts where the server does.</summary>
    public long? After { get; init; }

    /// <summary>
    /// Which life of the agent listens, for <see cref="DirectiveStream"/>: once a later one has begun, the stream ends with
    /// <c>superseded</c>, and cannot be opened again. Null takes the life that is current at each connection.
    /// </summary>
    public int? Incarnation { get; init; }

    /// <summary>
    /// Which epoch <see cref="After"/> and <see cref="Incarnation"/> are of, for <see cref="DirectiveStream"/>: once the store was
    /// restored, the stream ends with <c>restored</c>, and whoever listens has to register again. Null hears, after a restore, all that is
    /// pending there.
    /// </summary>
    public long? Epoch { get; init; }

    /// <summary>
    /// Which verbs <see cref="DirectiveStream"/> is handed, of those in <c>DirectiveVerb.All</c>; at least one. The others stay as they
    /// are, for another listener of the same inbox. Null is handed all.
    /// </summary>
    public IReadOnlyList<string>? Verbs { get; init; }

    /// <summary>Wait before the first reconnect, 500 ms by default; doubles with each failure in a row, with jitter.</summary>
    public TimeSpan ReconnectDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Longest wait between two attempts, 15 s by default. A <c>Retry-After</c> may ask for more.</summary>
    public TimeSpan MaxReconnectDelay { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>A connection silent for so long, keep-alive comments included, is taken for dead; 60 s by default.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How often to try before the first connection stands; null, the default, tries forever. Past it, reading throws
    /// <see cref="MeshException"/>. Once connected, the stream reconnects forever.
    /// </summary>
    public int? FirstConnectAttempts { get; init; }

    /// <summary>Called whenever a connection stands, before its first event.</summary>
    public Action? Connected { get; init; }

    /// <summary>Called whenever a connection that stood has ended, and another one is tried.</summary>
    public Action? Disconnected { get; init; }
}

/// <summary>Why a stream is over for good.</summary>
/// <param name="Code">The code of the server's <c>end</c> event or of its problem document, such as <c>superseded</c>.</param>
/// <param name="Status">The HTTP status when it was an answer that ended it; null after an <c>end</c> event.</param>
public sealed record StreamEnd(string Code, string Detail, int? Status, string? RequestId = null);
