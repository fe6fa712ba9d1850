namespace SessionMesh.Client.Tests;

/// <summary>
/// A clock on which short waits are over as soon as they begin: time jumps ahead by what was asked for, and the wait is noted.
/// Waits of <see cref="Endless"/> and more never end, so that a bound on something that does happen does not fire.
/// </summary>
internal sealed class HastyTime : TimeProvider
{
    private readonly Lock _lock = new();
    private DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    /// <summary>One minute unless set.</summary>
    public TimeSpan Endless { get; init; } = TimeSpan.FromMinutes(1);

    public List<TimeSpan> Waits { get; } = [];

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer();
        if (dueTime < TimeSpan.Zero || dueTime >= Endless)
        {
            return timer;
        }

        lock (_lock)
        {
            Waits.Add(dueTime);
            _now += dueTime;
        }

        ThreadPool.QueueUserWorkItem(_ =>
        {
            if (!timer.IsOver)
            {
                callback(state);
            }
        });
        return timer;
    }

    private sealed class Timer : ITimer
    {
        public volatile bool IsOver;

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose() => IsOver = true;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
