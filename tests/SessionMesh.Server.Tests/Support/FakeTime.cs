using SessionMesh.Server.Engine;

namespace SessionMesh.Server.Tests.Support;

/// <summary>
/// A clock that moves only when told. Timers fire on the thread that moves it, in the order of their due times, each with the
/// clock standing at its own. Wall and monotonic time move together, except when the wall alone is made to jump.
/// <para>
/// Not Microsoft's FakeTimeProvider: that one has no time that passes without its timers (a stall of the process, a suspended machine),
/// no uptime, and no way to learn that somebody has begun to wait.
/// </para>
/// </summary>
public sealed class FakeTime : TimeProvider, IBootTime
{
    public static readonly DateTimeOffset Start = new(2026, 1, 31, 8, 15, 30, TimeSpan.Zero);

    private readonly Lock _gate = new();
    private readonly List<FakeTimer> _timers = [];
    private readonly List<(TimeSpan Due, TaskCompletionSource Armed)> _waiters = [];
    private long _elapsed;
    private long _wallOffset;
    private long _suspended;

    /// <summary>Whether this machine can tell how long it has been up.</summary>
    public bool KnowsUptime { get; init; } = true;

    public TimeSpan? Uptime => KnowsUptime ? TimeSpan.FromTicks(Volatile.Read(ref _elapsed) + Volatile.Read(ref _suspended)) : null;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;
    public override long GetTimestamp() => Volatile.Read(ref _elapsed);
    public override DateTimeOffset GetUtcNow() => Start.AddTicks(Volatile.Read(ref _elapsed) + Volatile.Read(ref _wallOffset));

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new FakeTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Sets the wall clock forward or back; time itself does not pass.</summary>
    public void JumpWall(TimeSpan by) => Interlocked.Add(ref _wallOffset, by.Ticks);

    /// <summary>Lets time pass while the whole machine is suspended: on waking the wall shows it and so does its uptime, but the
    /// monotonic clock has stood still, and every timer with it.</summary>
    public void SuspendMachine(TimeSpan by)
    {
        Interlocked.Add(ref _suspended, by.Ticks);
        JumpWall(by);
    }

    /// <summary>Lets time pass without anybody being woken, as while the process is stopped.</summary>
    public void Suspend(TimeSpan by) => Interlocked.Add(ref _elapsed, by.Ticks);

    /// <summary>Lets time pass; every timer that comes due on the way fires.</summary>
    public void Advance(TimeSpan by)
    {
        var until = GetTimestamp() + by.Ticks;
        while (NextDue(until) is { } timer)
        {
            timer.Fire();
        }

        Volatile.Write(ref _elapsed, until);
    }

    /// <summary>Completes when somebody waits for that long: how a test knows that a call is being held back.</summary>
    public Task ArmedAsync(TimeSpan due)
    {
        lock (_gate)
        {
            if (_timers.Exists(t => t.Delay == due && t.IsArmed))
            {
                return Task.CompletedTask;
            }

            var armed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((due, armed));
            return armed.Task.WaitAsync(Eventually.Bound);
        }
    }

    private FakeTimer? NextDue(long until)
    {
        lock (_gate)
        {
            var next = _timers.Where(t => t.At <= until).MinBy(t => t.At);
            if (next is not null)
            {
                Volatile.Write(ref _elapsed, Math.Max(_elapsed, next.At));
                next.Rearm();
            }

            return next;
        }
    }

    private sealed class FakeTimer(FakeTime time, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        public long At { get; private set; } = long.MaxValue;
        public TimeSpan Delay { get; private set; }
        public bool IsArmed => At != long.MaxValue;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._gate)
            {
                time._timers.Remove(this);
                (Delay, _period) = (dueTime, period);
                At = dueTime < TimeSpan.Zero ? long.MaxValue : time.GetTimestamp() + dueTime.Ticks;
                if (IsArmed)
                {
                    time._timers.Add(this);
                    foreach (var (_, armed) in time._waiters.FindAll(w => w.Due == dueTime))
                    {
                        armed.TrySetResult();
                    }

                    time._waiters.RemoveAll(w => w.Due == dueTime);
                }

                return true;
            }
        }

        /// <summary>A periodic timer that is late fires once for all it missed, as the system's does.</summary>
        public void Rearm()
        {
            if (_period > TimeSpan.Zero)
            {
                At = Math.Max(At, time.GetTimestamp()) + _period.Ticks;
            }
            else
            {
                At = long.MaxValue;
                time._timers.Remove(this);
            }
        }

        public void Fire() => callback(state);

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
