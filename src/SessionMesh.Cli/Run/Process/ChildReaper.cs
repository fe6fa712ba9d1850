using System.Runtime.InteropServices;

namespace SessionMesh.Cli.Run.Process;

/// <summary>
/// The one place of this process that starts children and waits for them. .NET's own SIGCHLD handling reaps only what
/// its Process class started, so that class must not be used together with this one: each would take the other's children.
/// One lock covers starting, reaping and signalling, so that no child is reaped before it is known, and no signal goes
/// to an id that was reaped and given away meanwhile.
/// </summary>
internal sealed class ChildReaper
{
    private static readonly Lazy<ChildReaper> s_shared = new(() => new ChildReaper());

    private readonly Lock _gate = new();
    private readonly Dictionary<int, ChildProcess> _children = [];
    private readonly Pulse _changed = new();
    private readonly PosixSignalRegistration _onChild;
    private int _adopters;

    private ChildReaper()
    {
        Spawner.RememberIgnoredSignals();

        // Where SIGCHLD was ignored when we were started, the kernel would reap by itself and the exit code be lost. Where
        // it is not, it must be left alone: the runtime may have its handler there already, and would not set it again.
        if (Spawner.IsIgnored(Signals.Chld))
        {
            _ = Native.Signal(Signals.Chld, 0);
        }

        _onChild = PosixSignalRegistration.Create((PosixSignal)Signals.Chld, context =>
        {
            context.Cancel = true;
            Sweep();
        });
    }

    public static ChildReaper Shared => s_shared.Value;

    /// <summary>Fires when any child, adopted ones included, stopped, continued or ended.</summary>
    public Pulse Changed => _changed;

    /// <exception cref="SpawnException">It could not be started.</exception>
    public ChildProcess Start(SpawnRequest request)
    {
        ChildProcess child;
        lock (_gate)
        {
            child = new ChildProcess(Spawner.Start(request));
            _children.Add(child.Pid, child);
        }

        // Should the signal of a very short-lived child have come before the child was known.
        Sweep();
        return child;
    }

    /// <summary>
    /// From here on, until disposed, orphans below us become our children, and are reaped: a process that forked twice
    /// or made its own session comes back to us instead of to init.
    /// </summary>
    public IDisposable AdoptOrphans()
    {
        lock (_gate)
        {
            if (_adopters++ == 0 && Platform.IsLinux)
            {
                _ = Native.Prctl(Platform.PrSetChildSubreaper, 1, 0, 0, 0);
            }
        }

        return new Adoption(this);
    }

    /// <summary>Signals the child's whole process group. False when the child has ended, or the group is gone.</summary>
    public bool SignalGroup(ChildProcess child, int signal)
    {
        lock (_gate)
        {
            return !child.HasExited && Native.Kill(-child.Pid, signal) == 0;
        }
    }

    /// <summary>
    /// Whether any child of ours is left, adopted ones and unreaped ones included. Since orphans come back to us, none
    /// left means that no descendant at all is left.
    /// </summary>
    public unsafe bool HasChildren()
    {
        lock (_gate)
        {
            var info = stackalloc byte[Platform.SiginfoSize];
            var options = Platform.WaitExited | Platform.WaitNoHang | Platform.WaitNoWait;
            return Native.WaitId(Platform.PAll, 0, info, options) == 0 || Marshal.GetLastPInvokeError() != Platform.ECHILD;
        }
    }

    /// <summary>Takes every change of state that the kernel holds for us. Called at each SIGCHLD; harmless at other times.</summary>
    public void Sweep()
    {
        lock (_gate)
        {
            if (_adopters > 0)
            {
                while (Take(Platform.PAll, 0))
                {
                }
            }
            else
            {
                foreach (var pid in _children.Keys.ToArray())
                {
                    while (_children.ContainsKey(pid) && Take(Platform.PPid, pid))
                    {
                    }
                }
            }
        }

        _changed.Fire();
    }

    private unsafe bool Take(int idType, int id)
    {
        var info = stackalloc byte[Platform.SiginfoSize];
        new Span<byte>(info, Platform.SiginfoSize).Clear();
        var options = Platform.WaitExited | Platform.WaitStopped | Platform.WaitContinued | Platform.WaitNoHang;
        if (Native.WaitId(idType, id, info, options) != 0)
        {
            return Marshal.GetLastPInvokeError() == Platform.EINTR;
        }

        var pid = *(int*)(info + Platform.SiginfoPid);
        if (pid == 0)
        {
            return false;
        }

        if (_children.TryGetValue(pid, out var child))
        {
            Note(child, *(int*)(info + Platform.SiginfoCode), *(int*)(info + Platform.SiginfoStatus));
        }

        return true;
    }

    private void Note(ChildProcess child, int code, int status)
    {
        switch (code)
        {
            case Platform.ChildStopped:
                child.MarkStopped(status);
                break;
            case Platform.ChildContinued:
                child.MarkContinued();
                break;
            case Platform.ChildExited:
                _children.Remove(child.Pid);
                child.MarkExited(ExitStatus.Exited(status));
                break;
            case Platform.ChildKilled or Platform.ChildDumped:
                _children.Remove(child.Pid);
                child.MarkExited(ExitStatus.Killed(status));
                break;
            default:
                break;
        }
    }

    private sealed class Adoption(ChildReaper reaper) : IDisposable
    {
        private int _disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) != 0)
            {
                return;
            }

            lock (reaper._gate)
            {
                if (--reaper._adopters == 0 && Platform.IsLinux)
                {
                    _ = Native.Prctl(Platform.PrSetChildSubreaper, 0, 0, 0, 0);
                }
            }
        }
    }
}
