using System.Security.Cryptography;

namespace SessionMesh.Cli.Run.Membership;

/// <summary>
/// Waits that double from the first (one second unless given) to a ceiling; half of each is chance, so that a fleet that lost its server does not
/// come back in step. Not thread-safe.
/// </summary>
internal sealed class Backoff(TimeSpan ceiling, TimeSpan? first = null)
{
    private readonly TimeSpan _first = first ?? TimeSpan.FromSeconds(1);
    private int _failures;

    public TimeSpan Next()
    {
        var whole = Math.Min(_first.TotalSeconds * Math.Pow(2, Math.Min(_failures++, 16)), ceiling.TotalSeconds);
        return TimeSpan.FromSeconds(whole * (0.5 + RandomNumberGenerator.GetInt32(1001) / 2000.0));
    }

    public void Reset() => _failures = 0;
}
