namespace SessionMesh.Cli.Run.Process;

/// <summary>
/// The terminal we were started from, when we run as a job of it: the child gets a process group of its own there, so
/// that keys (Ctrl+C, Ctrl+Z, Ctrl+\) and the window size reach it and not us, as a shell would have it.
/// </summary>
internal sealed unsafe class ControllingTerminal
{
    /// <summary>Our stdin.</summary>
    public const int Descriptor = 0;

    private const int AfterDraining = 1;
    private const nint Ignore = 1;

    private readonly byte[] _modes = new byte[Native.Opaque];
    private readonly byte[] _childModes = new byte[Native.Opaque];
    private bool _childHadIt;

    private ControllingTerminal()
    {
        // We give and take the terminal while in its background, which would otherwise stop us.
        Spawner.RememberIgnoredSignals();
        _ = Native.Signal(Signals.Ttou, Ignore);
    }

    /// <summary>Whether our group is the one that keys go to now.</summary>
    public static bool IsOurs => Native.TcGetPgrp(Descriptor) == Native.GetPgrp();

    /// <summary>
    /// Null unless stdin and stdout are our controlling terminal. In a pipeline the neighbours share our process group,
    /// and taking the terminal from it would stop them.
    /// </summary>
    public static ControllingTerminal? Find() =>
        Native.IsATty(0) == 1 && Native.IsATty(1) == 1 && Native.TcGetPgrp(Descriptor) > 0 ? new ControllingTerminal() : null;

    /// <summary>
    /// Lets keys go to the child's group, with the modes it last had. To be called in the foreground only: in the
    /// background the modes are those of whoever is in front, such as the shell's line editor.
    /// </summary>
    public void HandTo(ChildProcess child)
    {
        Read(_modes);
        if (_childHadIt)
        {
            Write(_childModes);
        }

        _ = Native.TcSetPgrp(Descriptor, child.Pid);
    }

    /// <summary>
    /// Takes the terminal back to our group. With <paramref name="restoreModes"/> its modes become those that we found: a
    /// program that was killed or stopped in raw mode would otherwise leave the shell in it.
    /// </summary>
    public void TakeBack(bool restoreModes)
    {
        Read(_childModes);
        _childHadIt = true;
        _ = Native.TcSetPgrp(Descriptor, Native.GetPgrp());
        if (restoreModes)
        {
            Write(_modes);
        }
    }

    /// <summary>
    /// Whether somebody could continue us if we stopped: our parent is in our session but not in our group, as a shell
    /// with job control is. Otherwise a stop would last forever, and the kernel would not have stopped the program either.
    /// </summary>
    public static bool HasJobControl()
    {
        var parent = Native.GetPpid();
        return Native.GetSid(parent) == Native.GetSid(0) && Native.GetPgid(parent) != Native.GetPgrp();
    }

    private static void Read(byte[] modes)
    {
        fixed (byte* buffer = modes)
        {
            _ = Native.TcGetAttr(Descriptor, buffer);
        }
    }

    private static void Write(byte[] modes)
    {
        fixed (byte* buffer = modes)
        {
            _ = Native.TcSetAttr(Descriptor, AfterDraining, buffer);
        }
    }
}
