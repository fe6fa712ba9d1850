using System.Runtime.InteropServices;

namespace SessionMesh.Cli.Run.Process;

/// <summary>
/// A process and everything that came of it: its group, its descendants, and orphans that left both and came back to
/// us as the subreaper. On macOS the group alone. Thread-safe.
/// </summary>
/// <remarks>
/// A walk of the process table races with forks: what was born behind the walk is missed. So every operation repeats
/// until the state it wants is seen, and "nothing is left" is asked of the kernel (no child, thus no descendant), never
/// concluded from a walk.
/// </remarks>
internal sealed class ProcessTree(ChildReaper reaper, ChildProcess root, TimeProvider time) : ISupervised
{
    /// <summary>How long stopping all of a tree is waited for before it is called failed.</summary>
    public static readonly TimeSpan PauseBound = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan s_recheck = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_between = TimeSpan.FromMilliseconds(20);

    private readonly Lock _gate = new();
    private readonly HashSet<int> _helpers = [];

    public ChildProcess Root => root;

    public int Pid => root.Pid;

    public bool HasExited => root.HasExited;

    /// <summary>Leaves a child of ours (a steer handler) out of pausing and of graceful stopping, though not of the final KILL.</summary>
    public IDisposable Exempt(ChildProcess helper)
    {
        lock (_gate)
        {
            _helpers.Add(helper.Pid);
        }

        return new Exemption(this, helper.Pid);
    }

    /// <summary>Sends a signal once to every process of the tree.</summary>
    public void Signal(int signal) => Signal(signal, Members());

    /// <summary>Stops every process of the tree. Returns how many were still running when the bound was reached: 0 is the proof.</summary>
    public async Task<int> PauseAsync(CancellationToken cancellation = default)
    {
        var began = time.GetTimestamp();
        HashSet<int> waiting = [];
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var changed = reaper.Changed.Next;
            var members = Members();
            Signal(Signals.Stop, members.Where(member => !member.IsStopped).ToList(), group: !IsRootStopped());
            waiting = FreeHalfBorn(waiting, members);
            var running = Running();
            if (running == 0 || time.GetElapsedTime(began) > PauseBound)
            {
                return running;
            }

            await WaitAsync(changed, s_between, cancellation);
        }
    }

    /// <summary>Continues every process of the tree. Returns how many were still stopped when the bound was reached.</summary>
    public async Task<int> ResumeAsync(CancellationToken cancellation = default)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var changed = reaper.Changed.Next;
            Signal(Signals.Cont, Members());
            var stopped = Stopped();
            if (stopped == 0 || time.GetElapsedTime(began) > PauseBound)
            {
                return stopped;
            }

            await WaitAsync(changed, s_between, cancellation);
        }
    }

    /// <summary>
    /// TERM to all, the grace (cut short by <paramref name="hurry"/>), then KILL until nothing is left. Returns only
    /// then: that is the proof a caller may report.
    /// </summary>
    /// <returns>How many processes had to be killed after the grace.</returns>
    public async Task<int> StopAsync(TimeSpan grace, CancellationToken hurry = default)
    {
        if (grace > TimeSpan.Zero && !hurry.IsCancellationRequested)
        {
            Signal(Signals.Term);
            var began = time.GetTimestamp();
            while (true)
            {
                var changed = reaper.Changed.Next;
                var left = grace - time.GetElapsedTime(began);
                if (IsEmpty() || left <= TimeSpan.Zero || hurry.IsCancellationRequested)
                {
                    break;
                }

                // A stopped process takes TERM only once it runs again; it may also stop only now.
                if (Stopped() > 0)
                {
                    Signal(Signals.Cont);
                }

                await WaitAsync(changed, left < s_recheck ? left : s_recheck, hurry);
            }
        }

        return await KillAsync();
    }

    /// <summary>KILL until nothing is left.</summary>
    public async Task<int> KillAsync()
    {
        var killed = new HashSet<(int, ulong)>();
        var pause = TimeSpan.FromMilliseconds(5);
        while (true)
        {
            var changed = reaper.Changed.Next;
            reaper.Sweep();
            if (IsEmpty())
            {
                return killed.Count;
            }

            var members = Members(helpers: true);
            killed.UnionWith(members.Select(member => (member.Pid, member.StartTime)));
            Signal(Signals.Kill, members);
            await WaitAsync(changed, pause, CancellationToken.None);

            // A process inside the kernel (a dead network disk) dies when it comes out: keep at it, without spinning.
            pause = pause < TimeSpan.FromSeconds(1) ? pause * 2 : pause;
        }
    }

    /// <summary>Whether nothing is left: no child, and therefore no descendant. On macOS: no member of the group.</summary>
    public bool IsEmpty() =>
        Platform.TracksDescendants
            ? !reaper.HasChildren()
            : root.HasExited && Native.Kill(-root.Pid, 0) != 0 && Marshal.GetLastPInvokeError() == Platform.ESRCH;

    /// <summary>Processes of the tree that live now, the root included; empty on macOS, where they cannot be listed.</summary>
    public List<ProcEntry> Members(bool helpers = false)
    {
        if (!Platform.TracksDescendants)
        {
            return [];
        }

        HashSet<int>? except = null;
        if (!helpers)
        {
            lock (_gate)
            {
                except = [.. _helpers];
            }
        }

        return ProcFs.Descendants(Environment.ProcessId, except);
    }

    /// <summary>
    /// A process that starts another by vfork (as posix_spawn does, and many shells) waits inside the kernel until the new
    /// one has begun its program. Stopped before that, the new one holds its parent there, where no STOP reaches it. It is
    /// let go a moment, and stopped again in the next round, by when the parent has stopped.
    /// </summary>
    /// <param name="waiting">Processes that were inside the kernel a round ago; those that still are, are meant.</param>
    public static HashSet<int> FreeHalfBorn(HashSet<int> waiting, List<ProcEntry> members)
    {
        foreach (var child in members)
        {
            if (child.IsStopped && waiting.Contains(child.ParentPid) && ProcFs.IsInsideKernel(child.ParentPid))
            {
                ProcessHandle.Signal(child, Signals.Cont);
            }
        }

        return [.. members.Select(member => member.Pid).Where(ProcFs.IsInsideKernel)];
    }

    /// <summary>Of the root the kernel tells its parent when every thread has stopped; of the others every thread is looked at.</summary>
    private int Running()
    {
        reaper.Sweep();
        var others = Members().Count(member => member.Pid != root.Pid && !ProcFs.AreAllThreadsStopped(member.Pid));
        return others + (IsRootStopped() || root.HasExited ? 0 : 1);
    }

    private int Stopped() =>
        Platform.TracksDescendants ? Members().Count(member => member.State == 'T') : IsRootStopped() ? 1 : 0;

    private bool IsRootStopped() => root.StoppedBy != 0;

    private void Signal(int signal, List<ProcEntry> members, bool group = true)
    {
        // The group in one call, so that none of it sees another member signalled first; the rest one by one, once each.
        var reached = group && reaper.SignalGroup(root, signal);
        foreach (var member in members)
        {
            if (!reached || member.Group != root.Pid)
            {
                ProcessHandle.Signal(member, signal);
            }
        }
    }

    /// <summary>Waits for a change or the time, whichever is first; cancelling ends the wait without an exception.</summary>
    private async Task WaitAsync(Task changed, TimeSpan atMost, CancellationToken cancellation)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await Task.WhenAny(changed, Task.Delay(atMost, time, ended.Token));
        await ended.CancelAsync();
    }

    private sealed class Exemption(ProcessTree tree, int pid) : IDisposable
    {
        public void Dispose()
        {
            lock (tree._gate)
            {
                tree._helpers.Remove(pid);
            }
        }
    }
}
