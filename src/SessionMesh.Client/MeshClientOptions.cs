namespace SessionMesh.Client;

/// <summary>How to reach a mesh. Immutable; share one between clients at will.</summary>
public sealed record MeshClientOptions
{
    /// <summary>Where a server listens that was told nothing else.</summary>
    public const string DefaultUrl = "http://127.0.0.1:7420";

    /// <summary>Names the server in the environment.</summary>
    public const string UrlVariable = "SESSION_MESH_URL";

    /// <summary>Holds the key in the environment.</summary>
    public const string KeyVariable = "SESSION_API_KEY";

    /// <summary>Names the agent whose process this is, as <c>session-mesh run</c> sets it.</summary>
    public const string AgentVariable = "SESSION_MESH_AGENT_ID";

    /// <summary>Root of the server; a path in it is kept as a prefix.</summary>
    public Uri BaseUrl { get; init; } = new(DefaultUrl);

    /// <summary>The bearer key; null sends none, which the server answers with 401. Never part of any message.</summary>
    public string? Token { get; init; }

    /// <summary>
    /// Asked for another token when the server refuses the one it is given (401 <c>unauthenticated</c>): once for a call, which is then
    /// sent once more with the answer, and once for all calls that are refused meanwhile. Null, or the token that was refused, leaves the
    /// refusal as it is. A write of which an earlier attempt may have been done is not sent again: to the server another key is another
    /// caller, to whom its <c>Idempotency-Key</c> says nothing. The token it takes is cancelled when the client is disposed of. It must
    /// not throw, and must not call the client that asks; null, the default, renews nothing.
    /// </summary>
    public Func<string?, CancellationToken, ValueTask<string?>>? Reauthenticate { get; init; }

    /// <summary>Bound of one attempt, 10 s by default; a call that asks the server to hold its answer gets that time on top.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Attempts in all, three by default.</summary>
    public int Attempts { get; init; } = 3;

    /// <summary>Wait before the second attempt, 200 ms by default; doubles each time, with jitter.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>A <c>Retry-After</c> beyond this, 30 s by default, is not waited for: the call fails with that answer.</summary>
    public TimeSpan MaxRetryAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Called after each attempt, from whichever thread made it. It must not throw.</summary>
    public Action<MeshAttempt>? Observer { get; init; }

    /// <summary>What waits and bounds are measured by; the system's by default.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where the mesh is; never the key.</summary>
    public override string ToString() => $"{nameof(MeshClientOptions)} {{ {nameof(BaseUrl)} = {BaseUrl} }}";

    /// <summary>
    /// The server of <c>SESSION_MESH_URL</c>, <see cref="DefaultUrl"/> without it, and the key of <c>SESSION_API_KEY</c>, none without it:
    /// what <c>session-mesh run</c> gives to the process that it starts, and what the tool itself reads.
    /// </summary>
    /// <exception cref="ArgumentException">The server is no http or https URL.</exception>
    public static MeshClientOptions FromEnvironment()
    {
        var url = Environment.GetEnvironmentVariable(UrlVariable) is { Length: > 0 } named ? named : DefaultUrl;
        var isUrl = Uri.TryCreate(url, UriKind.Absolute, out var server) && server.Scheme is "http" or "https";
        return new MeshClientOptions
        {
            BaseUrl = isUrl ? server! : throw new ArgumentException($"{UrlVariable} is no http or https URL"),
            Token = Environment.GetEnvironmentVariable(KeyVariable) is { Length: > 0 } key ? key : null,
        };
    }
}

/// <summary>What became of one attempt. Holds neither headers nor bodies, so no key can leak through it.</summary>
/// <param name="Number">1 for the first.</param>
/// <param name="Status">The HTTP status, or null when there was no answer.</param>
/// <param name="Error">Why there was no answer, in a few words.</param>
/// <param name="Elapsed">From sending until the answer's headers, or until it failed.</param>
/// <param name="Wait">How long until the next attempt; null when this was the last. Zero after a 401 for which another key was
/// found.</param>
public sealed record MeshAttempt(
    int Number, HttpMethod Method, Uri Url, int? Status, string? Error, TimeSpan Elapsed, TimeSpan? Wait, string? RequestId);
