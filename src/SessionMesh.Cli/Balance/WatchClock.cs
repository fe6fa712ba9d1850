namespace SessionMesh.Cli.Balance;

/// <summary>
/// Measures for how long the fleet has been watched, by the server's clock. From one look to the next counts; where more than two intervals
/// are between them, or a look failed, nobody knows what was in between, and that time does not count.
/// </summary>
internal sealed class WatchClock(TimeSpan every)
{
    /// <summary>The server says its time in whole seconds.</summary>
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    private DateTimeOffset? _last;
    private TimeSpan _clock;

    /// <summary>A look begins.</summary>
    public Look At(DateTimeOffset now)
    {
        var passed = _last is { } last ? now - last : TimeSpan.Zero;
        if (passed > TimeSpan.Zero && passed <= (2 * every) + s_second)
        {
            _clock += passed;
        }

        _last = now;
        return new Look(now, _clock);
    }

    /// <summary>A look failed, or nobody looked: the time until the next one does not count.</summary>
    public void Gap() => _last = null;
}
