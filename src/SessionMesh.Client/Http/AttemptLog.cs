namespace SessionMesh.Client.Http;

/// <summary>The outcome of one attempt: an answer of any status, or an error when there was none.</summary>
internal sealed record Attempt
{
    public int Status { get; init; }
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The answer itself, where only its opening was asked for and it is 2xx; its body is still to be read.</summary>
    public HttpResponseMessage? Response { get; init; }
    public TimeSpan? RetryAfter { get; init; }
    public string? RequestId { get; init; }
    public Exception? Error { get; init; }
}

/// <summary>What the attempts of one call share. Attempts of a call never overlap, so this needs no lock.</summary>
/// <param name="completion">Whether an attempt ends with the answer's body or, where that is 2xx, with its headers.</param>
/// <param name="mayBeDone">Whether the same call, sent before, may have acted.</param>
internal sealed class AttemptLog(
    MeshCall call, Uri url, HttpCompletionOption completion, string? idempotencyKey, bool mayBeDone)
{
    private long _began;
    private TimeSpan _elapsed;
    private bool _mayBeDone = mayBeDone;
    private bool _isOpen;

    public MeshCall Call => call;

    public Uri Url => url;

    public HttpCompletionOption Completion => completion;

    /// <summary>Chosen once: every attempt repeats it, so that the server can tell a retry from a second wish.</summary>
    public string? IdempotencyKey => idempotencyKey;

    public int Attempts { get; private set; }

    /// <summary>Another token was asked for; that happens once.</summary>
    public bool HasRenewed { get; set; }

    /// <summary>An attempt of this call had no answer, or none that says that nothing was done.</summary>
    public bool MayBeDone => _mayBeDone || _isOpen;

    public void Begin(TimeProvider time)
    {
        Attempts++;
        _isOpen = true;
        _began = time.GetTimestamp();
    }

    public Attempt End(TimeProvider time, Attempt attempt)
    {
        _elapsed = time.GetElapsedTime(_began);
        _isOpen = false;
        _mayBeDone |= attempt.Error is not null || attempt.Status is < 400 or >= 500;
        return attempt;
    }

    public void Report(Action<MeshAttempt>? observer, Attempt attempt, TimeSpan? wait) => observer?.Invoke(new MeshAttempt(
        Attempts, call.Method, url,
        attempt.Error is null ? attempt.Status : null,
        attempt.Error is null ? null : MeshTransport.Words(attempt.Error),
        _elapsed, wait, attempt.RequestId));
}
