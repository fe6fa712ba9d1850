using SessionMesh.Cli.Run;
using SessionMesh.Cli.Run.Process;

namespace SessionMesh.Cli.Claims;

/// <summary>
/// Signals to us: before the process lives they end the waiting for a claim; while it lives they are its affair, TERM among them; when it
/// has ended they hurry the release. Thread-safe.
/// </summary>
internal sealed class ClaimSignals : IDisposable
{
    /// <summary>
    /// For how long the claim is still released after a signal that came when the process had ended. Who ends a whole tree sends the
    /// process and us the same TERM, and the process is often the faster of the two.
    /// </summary>
    private static readonly TimeSpan s_lastWord = TimeSpan.FromSeconds(3);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _leaving = new();
    private readonly CancellationTokenSource _hurry;
    private readonly SignalRelay? _relay;
    private (ChildProcess Child, JobControl Job)? _target;

    /// <param name="takesSignals">Whether they are ours to take.</param>
    public ClaimSignals(bool takesSignals, TimeProvider time)
    {
        _hurry = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _relay = takesSignals
            ? new SignalRelay(Take, () => Take(Signals.Term), Suspend, () => Target?.Job.Continued())
            : null;
    }

    /// <summary>Cancelled by a signal that came before the process: no process is to be started any more.</summary>
    public CancellationToken Leaving => _leaving.Token;

    /// <summary>Cancelled soon after a signal that came behind the process's end.</summary>
    public CancellationToken Hurry => _hurry.Token;

    /// <summary>The signal that <see cref="Leaving"/> is of; INT where there was none.</summary>
    public int Left { get; private set; } = Signals.Int;

    /// <summary>From here on signals are for this process, and so is one that came while it was started.</summary>
    public void Aim(ChildProcess child, JobControl job)
    {
        lock (_gate)
        {
            _target = (child, job);
        }

        if (_leaving.IsCancellationRequested)
        {
            ChildReaper.Shared.SignalGroup(child, Left);
        }
    }

    /// <summary>What a signal does.</summary>
    internal void Take(int signal)
    {
        ChildProcess? child;
        lock (_gate)
        {
            child = _target?.Child;
            if (child is null && signal != Signals.Winch && !_leaving.IsCancellationRequested)
            {
                Left = signal;
                _leaving.Cancel();
                return;
            }
        }

        var isPassedOn = child is not null && ChildReaper.Shared.SignalGroup(child, signal);
        if (!isPassedOn && signal != Signals.Winch)
        {
            _hurry.CancelAfter(s_lastWord);
        }
    }

    public void Dispose()
    {
        _relay?.Dispose();
        _leaving.Dispose();
        _hurry.Dispose();
    }

    private (ChildProcess Child, JobControl Job)? Target
    {
        get
        {
            lock (_gate)
            {
                return _target;
            }
        }
    }

    private void Suspend()
    {
        if (Target is var (_, job))
        {
            job.Suspend(Signals.Tstp);
        }
        else if (ControllingTerminal.HasJobControl())
        {
            JobControl.StopOurselves();
        }
    }
}
