namespace SessionMesh.Cli.Run;

/// <summary>
/// Why and how soon the process is to be stopped. The first request starts it; a later one can only make it sooner. Each
/// wish for a stop (a directive, TERM, the server's word, another that hurries) meets here, so that there is one stop.
/// Thread-safe.
/// </summary>
internal sealed class StopControl(TimeProvider time) : IDisposable
{
    private readonly TaskCompletionSource<PendingStop> _requested = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _hurry = new(Timeout.InfiniteTimeSpan, time);
    private readonly Lock _gate = new();
    private TimeSpan _due = TimeSpan.MaxValue;
    private long _began;

    /// <summary>The first request.</summary>
    public Task<PendingStop> Requested => _requested.Task;

    /// <summary>Cancelled with the first request, or when the process has ended by itself: nothing more is to be brought to it.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Cancelled when the grace of the soonest request is over.</summary>
    public CancellationToken Hurry => _hurry.Token;

    public void Request(PendingStop order)
    {
        lock (_gate)
        {
            if (_due == TimeSpan.MaxValue)
            {
                _began = time.GetTimestamp();
            }

            var due = time.GetElapsedTime(_began) + order.Grace;
            if (due >= _due)
            {
                return;
            }

            _due = due;
            if (order.Grace <= TimeSpan.Zero)
            {
                _hurry.Cancel();
            }
            else
            {
                _hurry.CancelAfter(order.Grace);
            }
        }

        if (_requested.TrySetResult(order))
        {
            _stopping.Cancel();
        }
    }

    /// <summary>The process has ended by itself.</summary>
    public void Abandon() => _stopping.Cancel();

    public void Dispose()
    {
        _stopping.Dispose();
        _hurry.Dispose();
    }
}

/// <param name="Grace">Time between TERM and KILL; zero kills at once.</param>
/// <param name="Reason">What the exit report says.</param>
internal sealed record PendingStop(TimeSpan Grace, string Reason);
