using SessionMesh.Cli.Run.Process;

namespace SessionMesh.Cli.Attach;

/// <summary>
/// A process that is not ours, and what was seen to come of it, each held by its own handle: who was noted once is found again when its
/// parent has gone, or when it made a session of its own. What was born and cut loose between two looks is not known, unless it carries the
/// process's mark. Thread-safe.
/// </summary>
/// <param name="send">Sends a signal, and says whether it was taken; a process's own way unless a test has another.</param>
internal sealed class HeldTree(HeldProcess root, TimeProvider time, Func<HeldProcess, int, bool>? send = null) : ISupervised, IDisposable
{
    /// <summary>A variable that the process gives to all that it starts, and to nothing else; null where there is none such.</summary>
    public ProcessMark? Mark { get; init; }

    /// <summary>
    /// How many are held at once. Those that are seen beyond that get their signals by a handle of the moment, and are held as soon as
    /// there is room.
    /// </summary>
    public int Room { get; init; } = HeldRoom.Now();

    /// <summary>Between two looks for what is new.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan s_between = TimeSpan.FromMilliseconds(20);

    /// <summary>We may have been started by the process that we watch: neither we nor what we start comes of it.</summary>
    private static readonly HashSet<int> s_ourselves = [Environment.ProcessId];

    private static readonly string? s_program = ProcFs.ProgramOf(Environment.ProcessId);

    private readonly Lock _gate = new();
    private readonly Dictionary<(int Pid, ulong StartTime), HeldProcess> _below = [];

    /// <summary>Those that were seen and are not held. They are told from later ones of their number by when they began.</summary>
    private readonly Dictionary<(int Pid, ulong StartTime), ProcEntry> _beyond = [];

    public int Pid => root.Pid;

    public bool HasExited => root.HasExited;

    /// <summary>Notes what is new, again and again.</summary>
    /// <param name="looked">Is told after each look how many are known.</param>
    public async Task WatchAsync(CancellationToken cancellation, Action<int>? looked = null)
    {
        try
        {
            while (true)
            {
                var known = Look().Count;
                looked?.Invoke(known);
                await Task.Delay(Interval, time, cancellation);
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody watches any more.
        }
    }

    /// <summary>Those that are known and live now, the process itself first if it does.</summary>
    public List<HeldProcess> Look() => Look(far: false);

    /// <summary>As <see cref="Look()"/>, with those that carry the mark, whoever their parent is. Reads all environments.</summary>
    public List<HeldProcess> LookFar() => Look(far: true);

    public Task<int> PauseAsync(CancellationToken cancellation = default)
    {
        HashSet<int> waiting = [];
        return RepeatAsync(
            () =>
            {
                var members = Look();
                Signal(members.Where(member => member.Read() is { IsStopped: false }), Signals.Stop);
                SignalBeyond(Signals.Stop);
                waiting = ProcessTree.FreeHalfBorn(waiting, [.. members.Select(member => member.Read()).OfType<ProcEntry>()]);
                return Look().Count(member => !ProcFs.AreAllThreadsStopped(member.Pid))
                    + Beyond().Count(entry => !ProcFs.AreAllThreadsStopped(entry.Pid));
            },
            cancellation);
    }

    public Task<int> ResumeAsync(CancellationToken cancellation = default) => RepeatAsync(
        () =>
        {
            Signal(Look(), Signals.Cont);
            SignalBeyond(Signals.Cont);
            return Look().Count(member => member.Read() is { IsStopped: true })
                + Beyond().Count(entry => ProcFs.Read(entry.Pid) is { IsStopped: true });
        },
        cancellation);

    /// <summary>
    /// TERM to all, the grace (cut short by <paramref name="hurry"/>), then KILL until nothing that is known is left, but for those that
    /// may not be signalled, because they have become another account's. Returns only then.
    /// </summary>
    /// <returns>Those that are left.</returns>
    public async Task<IReadOnlyList<HeldProcess>> StopAsync(TimeSpan grace, CancellationToken hurry)
    {
        var began = time.GetTimestamp();
        var asked = new HashSet<(int Pid, ulong StartTime)>();
        LookFar();
        while (grace > TimeSpan.Zero && !hurry.IsCancellationRequested && time.GetElapsedTime(began) < grace)
        {
            var misses = ProcFs.Misses;
            var members = Look();
            var beyond = Beyond();
            if (members.Count == 0 && beyond.Count == 0 && ProcFs.Misses == misses)
            {
                break;
            }

            // Once each; a stopped process takes it only when it runs again.
            Signal(members.Where(member => asked.Add((member.Pid, member.Seen.StartTime))), Signals.Term);
            beyond.ForEach(entry => _ = asked.Add((entry.Pid, entry.StartTime)) && Reach(entry, Signals.Term));
            Signal(members.Where(member => member.Read() is { IsStopped: true }), Signals.Cont);
            beyond.ForEach(entry => _ = ProcFs.Read(entry.Pid) is { IsStopped: true } && Reach(entry, Signals.Cont));
            await DelayAsync(s_between, hurry);
        }

        // What is born behind a look is found by the next one: two that find nobody, and could look everywhere, are the proof.
        var pause = s_between;
        for (var settled = 0; ;)
        {
            var misses = ProcFs.Misses;
            var reached = Signal(LookFar(), Signals.Kill) + SignalBeyond(Signals.Kill);
            settled = reached == 0 && ProcFs.Misses == misses ? settled + 1 : 0;
            if (settled == 2)
            {
                return [.. Look()];
            }

            await DelayAsync(pause, CancellationToken.None);

            // A process inside the kernel (a dead network disk) dies when it comes out: keep at it, without spinning.
            pause = pause < TimeSpan.FromSeconds(1) && settled == 0 ? pause * 2 : pause;
        }
    }

    /// <summary>Handlers are ours, and so are never among what came of the process.</summary>
    public IDisposable Exempt(ChildProcess helper) => Nothing.Instance;

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var held in _below.Values)
            {
                held.Dispose();
            }

            _below.Clear();
        }
    }

    /// <summary>Returns how many took it.</summary>
    private int Signal(IEnumerable<HeldProcess> members, int signal) =>
        members.ToList().Count(member => send?.Invoke(member, signal) ?? member.Signal(signal));

    /// <param name="act">Does it, and says how many are not yet as they are to be.</param>
    private async Task<int> RepeatAsync(Func<int> act, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var left = act();
            if (left == 0 || time.GetElapsedTime(began) > ProcessTree.PauseBound)
            {
                return left;
            }

            await Task.Delay(s_between, time, cancellation);
        }
    }

    private List<ProcEntry> Beyond()
    {
        lock (_gate)
        {
            return [.. _beyond.Values];
        }
    }

    /// <summary>Returns how many took it.</summary>
    private int SignalBeyond(int signal) => Beyond().Count(entry => Reach(entry, signal));

    private bool Reach(ProcEntry entry, int signal)
    {
        using var held = HeldProcess.Open(entry.Pid, entry.StartTime);
        return held is not null && Signal([held], signal) == 1;
    }

    private void Hold(ProcEntry entry)
    {
        if (_below.ContainsKey((entry.Pid, entry.StartTime)) || IsWatcher(entry.Pid))
        {
            return;
        }

        if (_below.Count < Room && HeldProcess.Open(entry.Pid, entry.StartTime) is { } below)
        {
            _below.Add((entry.Pid, entry.StartTime), below);
        }
        else if (!HasEnded(entry))
        {
            _beyond[(entry.Pid, entry.StartTime)] = entry;
        }
    }

    private static bool HasEnded(ProcEntry entry)
    {
        var misses = ProcFs.Misses;
        return (ProcFs.Read(entry.Pid)?.StartTime != entry.StartTime && ProcFs.Misses == misses) || ProcFs.IsGone(entry.Pid);
    }

    private List<HeldProcess> Look(bool far)
    {
        lock (_gate)
        {
            // A fork may have been noted just before it became a watcher.
            Drop(held => held.HasExited || (far && IsWatcher(held.Pid)));
            var before = _beyond.Values.ToList();
            _beyond.Clear();
            before.ForEach(Hold);
            if (far && Mark is { } mark)
            {
                mark.Carriers().Where(entry => entry.Pid != root.Pid && !s_ourselves.Contains(entry.Pid)).ToList().ForEach(Hold);
            }

            foreach (var held in _below.Values.Prepend(root).Where(held => !held.HasExited).ToList())
            {
                // If it has ended meanwhile, its number may be another's, and what was found that one's children.
                var found = ProcFs.Descendants(held.Pid, s_ourselves);
                (held.HasExited ? [] : found).ForEach(Hold);
            }

            Drop(held => held.HasExited);
            return [.. root.HasExited ? [] : (IEnumerable<HeldProcess>)[root], .. _below.Values];
        }
    }

    private void Drop(Func<HeldProcess, bool> which)
    {
        foreach (var (key, held) in _below.Where(one => which(one.Value)).ToList())
        {
            held.Dispose();
            _below.Remove(key);
        }
    }

    /// <summary>
    /// Whether it watches another session of the process. The hook that starts it runs below the process, and so does it for a moment; but
    /// it has to outlive what it watches.
    /// </summary>
    private static bool IsWatcher(int pid) => ProcFs.ArgumentsOf(pid).Contains(Background.Flag) && ProcFs.ProgramOf(pid) == s_program;

    private async Task DelayAsync(TimeSpan wait, CancellationToken hurry) =>
        await Task.Delay(wait, time, hurry).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private sealed class Nothing : IDisposable
    {
        public static readonly Nothing Instance = new();

        public void Dispose()
        {
        }
    }
}
