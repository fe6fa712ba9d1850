
namespace SessionMesh.Client;

/// <summary>
/// The waits of a loop that decides by itself when to try again: a stream that reconnects, a runner that keeps its agent alive. They
/// double from the first wait up to a ceiling. Half of each is fixed and half is chance, so that a fleet cut off together does not come
/// back together. A call that is retried as a whole waits by <see cref="MeshClientOptions.RetryDelay"/> instead. Not thread-safe.
/// </summary>
/// <param name="ceiling">The longest wait.</param>
/// <param name="first">The first wait; one second by default.</param>
public sealed class Backoff(TimeSpan ceiling, TimeSpan? first = null)
{
    private const int MostDoublings = 16;

    private readonly TimeSpan _first = first ?? TimeSpan.FromSeconds(1);
    private int _failures;

    /// <summary>The next wait, which is twice the one before.</summary>
    public TimeSpan Next() => After(_failures++, _first, ceiling);

    /// <summary>A try has succeeded: the next wait is the first one again.</summary>
    public void Reset() => _failures = 0;

    /// <summary>The wait after so many failures in a row before the present one.</summary>
    internal static TimeSpan After(int failures, TimeSpan first, TimeSpan ceiling)
    {
        var whole = Math.Min(first.TotalSeconds * Math.Pow(2, Math.Min(failures, MostDoublings)), ceiling.TotalSeconds);
        return TimeSpan.FromSeconds(whole * (0.5 + (Random.Shared.NextDouble() / 2)));
    }
}
