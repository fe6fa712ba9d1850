using SessionMesh.Server.Engine;

namespace SessionMesh.Server.Sandbox;

/// <summary>
/// The machine's clocks plus a lead that only grows. Time passes by itself, and <see cref="AdvanceAsync"/> makes it pass at once. The wall
/// clock, the monotonic one and the uptime have the same lead, so that the server sees neither a clock that was set nor a stall of its own:
/// a lease lapses as it would have. Thread-safe.
/// <para>
/// Timers fire one at a time, in the order of their due times, on the thread that moves the clock or that of the machine's timer.
/// </para>
/// </summary>
public sealed class SandboxTime : TimeProvider, IBootTime, IDisposable
{
    /// <summary>The machine's timers take no more than 49 days.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1);

    /// <summary>How much of a move goes by with every timer on time.</summary>
    private static readonly TimeSpan s_fine = TimeSpan.FromHours(1);

    /// <summary>
    /// After that, what a timer that ticks more often ticks in: a server that looks at its leases so late does not take it for a stall
    /// (<see cref="Core.State.LeaseBook.StallAfter"/>), and a month has two million seconds.
    /// </summary>
    private static readonly TimeSpan s_stride = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _machine;
    private readonly long _began;
    private readonly Lock _gate = new();
    private readonly SortedSet<SandboxTimer> _armed = new(Comparer<SandboxTimer>.Create(SandboxTimer.Compare));
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly ITimer _alarm;
    private long _lead;
    private long _timers;
    private bool _disposed;

    /// <param name="lead">How far it is ahead from the start.</param>
    public SandboxTime(TimeProvider machine, TimeSpan lead = default)
    {
        (_machine, _began, _lead) = (machine, machine.GetTimestamp(), lead.Ticks);
        _alarm = machine.CreateTimer(_ => Ring(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How far it is ahead of the machine.</summary>
    public TimeSpan Lead => new(Volatile.Read(ref _lead));

    public TimeSpan? Uptime => (_machine as IBootTime)?.Uptime + Lead;

    public override TimeZoneInfo LocalTimeZone => _machine.LocalTimeZone;
    public override long TimestampFrequency => _machine.TimestampFrequency;
    public override DateTimeOffset GetUtcNow() => _machine.GetUtcNow() + Lead;

    public override long GetTimestamp() =>
        _machine.GetTimestamp() + (long)((Int128)Lead.Ticks * _machine.TimestampFrequency / TimeSpan.TicksPerSecond);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SandboxTimer(this, callback, state, Interlocked.Increment(ref _timers));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>
    /// Lets time pass. The clock stops at each timer that comes due on the way, fires it, and goes on when what it began is over. Of a long
    /// time, timers that tick more often than once in five seconds tick that often after the first hour. One call at a time; the next
    /// waits.
    /// </summary>
    /// <param name="settle">Completes when what a timer began is over.</param>
    /// <exception cref="OperationCanceledException">Time has passed up to a point between then and now.</exception>
    public async Task AdvanceAsync(TimeSpan by, Func<ValueTask> settle, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            var until = Elapsed() + by.Ticks;
            var fine = Elapsed() + s_fine.Ticks;
            while (Next(until) is { } timer)
            {
                cancellation.ThrowIfCancellationRequested();
                MoveTo(timer.Due);
                if (Take(timer, timer.Due > fine && timer.Due + s_stride.Ticks <= until ? s_stride : TimeSpan.Zero))
                {
                    timer.Fire();
                    await settle();
                }
            }

            MoveTo(until);
        }
        finally
        {
            _turn.Release();
            SetAlarm();
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _armed.Clear();
        }

        _alarm.Dispose();
    }

    /// <summary>Whether a timer is due in so long, to the tick: how a test knows that a call is being held back.</summary>
    internal bool IsAwaited(TimeSpan due)
    {
        lock (_gate)
        {
            return _armed.Any(timer => timer.Due == Elapsed() + due.Ticks);
        }
    }

    /// <summary>Ticks since it was made.</summary>
    private long Elapsed() => _machine.GetElapsedTime(_began).Ticks + Lead.Ticks;

    /// <summary>Only for whoever has the turn.</summary>
    private void MoveTo(long at) => Volatile.Write(ref _lead, _lead + Math.Max(0, at - Elapsed()));

    /// <summary>The machine's timer: fires what is due. While the clock is moved, whoever moves it does that.</summary>
    private void Ring()
    {
        if (!_turn.Wait(0))
        {
            return; // who has the turn sets the alarm after it
        }

        try
        {
            while (Next(Elapsed()) is { } timer)
            {
                if (Take(timer, TimeSpan.Zero))
                {
                    timer.Fire();
                }
            }
        }
        finally
        {
            _turn.Release();
            SetAlarm();
        }
    }

    /// <summary>The first timer that is due until then.</summary>
    private SandboxTimer? Next(long until)
    {
        lock (_gate)
        {
            return _armed.Min is { } first && first.Due <= until ? first : null;
        }
    }

    /// <summary>
    /// Takes a timer that is due off the list, or puts it there again for its next time; false if it was changed meanwhile.
    /// </summary>
    /// <param name="stride">The least time until its next time, if it has one.</param>
    private bool Take(SandboxTimer timer, TimeSpan stride)
    {
        lock (_gate)
        {
            var now = Elapsed();
            if (timer.Due > now || !_armed.Remove(timer))
            {
                return false;
            }

            if (timer.Period > TimeSpan.Zero)
            {
                // One that is late fires once for all that it missed, as the machine's do.
                timer.Due = Math.Max(timer.Due + Math.Max(timer.Period.Ticks, stride.Ticks), now);
                _armed.Add(timer);
            }

            return true;
        }
    }

    private void SetAlarm()
    {
        lock (_gate)
        {
            if (!_disposed && _armed.Min is { } first)
            {
                var left = TimeSpan.FromTicks(Math.Max(0, first.Due - Elapsed()));
                _alarm.Change(left < s_longest ? left : s_longest, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <param name="number">Breaks ties: of two timers that are due at once, the one that was made first.</param>
    private sealed class SandboxTimer(SandboxTime time, TimerCallback callback, object? state, long number) : ITimer
    {
        private readonly long _number = number;

        /// <summary>By the clock of <see cref="Elapsed"/>. Changes only while the timer is not on the list.</summary>
        public long Due { get; set; }

        public TimeSpan Period { get; private set; }

        public static int Compare(SandboxTimer a, SandboxTimer b) =>
            a.Due != b.Due ? a.Due.CompareTo(b.Due) : a._number.CompareTo(b._number);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            bool isFirst;
            lock (time._gate)
            {
                time._armed.Remove(this);
                if (time._disposed)
                {
                    return false;
                }

                if (dueTime < TimeSpan.Zero)
                {
                    return true;
                }

                (Due, Period) = (time.Elapsed() + dueTime.Ticks, period);
                time._armed.Add(this);
                isFirst = ReferenceEquals(time._armed.Min, this);
            }

            if (isFirst)
            {
                time.SetAlarm();
            }

            return true;
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
