using SessionMesh.Cli.Run.Process;

namespace SessionMesh.Cli.Run;

/// <summary>
/// Keeps the shell's picture of us true to the child: when the child stops on its terminal (Ctrl+Z, or reading in the
/// background) the runner gives the terminal back and stops too, and when the shell continues the runner the child continues.
/// </summary>
internal sealed class JobControl(ChildProcess child, ProcessTree tree, ControllingTerminal? terminal, Func<bool> isPausedByMesh)
{
    private readonly Lock _gate = new();
    private bool _handed;
    private bool _suspended;

    /// <summary>Whether Ctrl+C ended the child.</summary>
    public bool EndedByKey { get; private set; }

    /// <summary>Right after the start: the keys go to the child, if we are the foreground job.</summary>
    public void Begin(bool foreground)
    {
        if (terminal is null || !foreground)
        {
            return;
        }

        lock (_gate)
        {
            terminal.HandTo(child);
            _handed = true;
        }

        // Where the child could not take the terminal itself, it may have stopped at it already.
        ChildReaper.Shared.SignalGroup(child, Signals.Cont);
    }

    /// <summary>Follows the child's stops until it ends.</summary>
    public async Task FollowAsync()
    {
        while (terminal is not null && !child.HasExited)
        {
            var changed = child.Changed.Next;
            if (child.StoppedBy != 0 && !isPausedByMesh())
            {
                Suspend();
            }

            await changed;
        }
    }

    /// <summary>We were asked to stop (TSTP). With a terminal of its own the child is asked; its stop then stops us.</summary>
    public void Suspend(int signal)
    {
        if (terminal is not null)
        {
            ChildReaper.Shared.SignalGroup(child, signal);
            return;
        }

        // In a session without a terminal TSTP has no effect; STOP has.
        if (!ControllingTerminal.HasJobControl())
        {
            return;
        }

        tree.Signal(Signals.Stop);
        lock (_gate)
        {
            _suspended = true;
        }

        StopOurselves();
    }

    /// <summary>
    /// We were continued: in the foreground the child gets the keys again; either way it goes on, unless the mesh paused it.
    /// </summary>
    public void Continued()
    {
        lock (_gate)
        {
            if (terminal is not null && !_handed && ControllingTerminal.IsOurs)
            {
                terminal.HandTo(child);
                _handed = true;
            }

            if (isPausedByMesh())
            {
                return;
            }

            if (terminal is not null)
            {
                ChildReaper.Shared.SignalGroup(child, Signals.Cont);
            }
            else if (_suspended)
            {
                tree.Signal(Signals.Cont);
            }

            _suspended = false;
        }
    }

    /// <summary>The child is gone: the terminal is ours again, in the modes we found if the child had no chance to restore them.</summary>
    public void End(ExitStatus exit)
    {
        lock (_gate)
        {
            if (!_handed)
            {
                return;
            }

            terminal?.TakeBack(restoreModes: exit.Signal is not null);
            _handed = false;
            EndedByKey = exit.Signal == Signals.Int;
        }
    }

    /// <summary>
    /// Last of all: when Ctrl+C ended the child, it ends us and our group too, by the same signal. The key would have
    /// reached them without us, and a shell's loop or script stops only at that.
    /// </summary>
    public static void PassOnInterrupt()
    {
        _ = Native.Signal(Signals.Int, 0);
        _ = Native.Kill(0, Signals.Int);
    }

    private void Suspend()
    {
        lock (_gate)
        {
            if (_handed)
            {
                terminal?.TakeBack(restoreModes: true);
            }

            _handed = false;
        }

        if (ControllingTerminal.HasJobControl())
        {
            StopOurselves();
        }
        else
        {
            Continued();
        }
    }

    /// <summary>Until somebody continues us.</summary>
    public static void StopOurselves() => _ = Native.Kill(Environment.ProcessId, Signals.Stop);
}
