using SessionMesh.Cli.Run.Process;

namespace SessionMesh.Cli.Run;

/// <summary>What a signal acts on while a process lives.</summary>
/// <param name="Reporting">Cancelled soon after a signal that came when the process had ended: do not wait for the server any
/// longer.</param>
internal sealed record SignalTarget(
    ChildProcess Child, StopControl Stop, JobControl Job, CancellationTokenSource Reporting, TimeSpan Grace);

/// <summary>
/// Signals to the runner, over all lives of the agent. While a process lives they are its affair, TERM alone stops it by
/// our own rules; between two lives each that would end a program ends the waiting. Before the first process they do what
/// they always do. Thread-safe.
/// </summary>
internal sealed class RunSignals(ChildReaper reaper) : IDisposable
{
    /// <summary>
    /// For how long the exit is still reported after a signal that came when the child had ended. Who ends a whole tree or control
    /// group sends the child and us the same TERM, and the child is often the faster of the two; a server that answers must hear
    /// of it even so.
    /// </summary>
    private static readonly TimeSpan s_lastWord = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource _leaving = new();
    private readonly Lock _gate = new();
    private SignalTarget? _target;
    private SignalRelay? _relay;

    /// <summary>Cancelled once somebody asked us or, through us, the process to end: no further life begins.</summary>
    public CancellationToken Leaving => _leaving.Token;

    /// <summary>Signals are for this process, until disposed.</summary>
    public IDisposable Aim(SignalTarget target)
    {
        lock (_gate)
        {
            _target = target;
            _relay ??= new SignalRelay(PassOn, Terminate, Suspend, () => Target?.Job.Continued());
        }

        return new Aimed(this);
    }

    public void Dispose()
    {
        _relay?.Dispose();
        _leaving.Dispose();
    }

    private SignalTarget? Target
    {
        get
        {
            lock (_gate)
            {
                return _target;
            }
        }
    }

    private void PassOn(int signal)
    {
        var target = Target;
        if (signal is Signals.Int or Signals.Quit || (target is null && signal == Signals.Hup))
        {
            _leaving.Cancel();
        }

        if (target is not null && !reaper.SignalGroup(target.Child, signal) && signal != Signals.Winch)
        {
            Hurry(target);
        }
    }

    private void Terminate()
    {
        _leaving.Cancel();
        if (Target is not { } target)
        {
            return;
        }

        if (target.Child.HasExited)
        {
            Hurry(target);
        }

        target.Stop.Request(new PendingStop(target.Grace, "the runner was asked to terminate"));
    }

    private void Suspend()
    {
        if (Target is { } target)
        {
            target.Job.Suspend(Signals.Tstp);
        }
        else if (ControllingTerminal.HasJobControl())
        {
            JobControl.StopOurselves();
        }
    }

    private void Hurry(SignalTarget target)
    {
        _leaving.Cancel();
        target.Reporting.CancelAfter(s_lastWord);
    }

    private sealed class Aimed(RunSignals signals) : IDisposable
    {
        public void Dispose()
        {
            lock (signals._gate)
            {
                signals._target = null;
            }
        }
    }
}
