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

    /// <summary>Between two looks for what is new.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan s_between = TimeSpan.FromMilliseconds(20);

    /// <summary>We may have been started by the process that we watch: neither we nor what we start comes of it.</summary>
    private static readonly HashSet<int> s_ourselves = [Environment.ProcessId];

    private static readonly string? s_program = ProcFs.ProgramOf(Environment.ProcessId);

    private readonly Lock _gate = new();
    private readonly Dictionary<(int Pid, ulong StartTime), HeldProcess> _below = [];

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
    public List<HeldProcess> Look()
    {
        lock (_gate)
        {
            foreach (var held in _below.Values.Prepend(root).Where(held => !held.HasExited).ToList())
            {
                // If it has ended meanwhile, its number may be another's, and what was found that one's children.
                var found = ProcFs.Descendants(held.Pid, s_ourselves);
                (held.HasExited ? [] : found).ForEach(Hold);
            }

            foreach (var (key, held) in _below.Where(one => one.Value.HasExited).ToList())
            {
                held.Dispose();
                _below.Remove(key);
            }

            return [.. root.HasExited ? [] : (IEnumerable<HeldProcess>)[root], .. _below.Values];
        }
    }

    /// <summary>As <see cref="Look"/>, with those that carry the mark, whoever their parent is. Reads all environments.</summary>
    public List<HeldProcess> LookFar()
    {
        lock (_gate)
        {
            // A fork that was noted just before it became a watcher.
            foreach (var (key, held) in _below.Where(one => IsWatcher(one.Value.Pid)).ToList())
            {
                held.Dispose();
                _below.Remove(key);
            }

            Mark?.Carriers().Where(entry => entry.Pid != root.Pid && !s_ourselves.Contains(entry.Pid)).ToList().ForEach(Hold);
        }

        return Look();
    }

    public Task<int> PauseAsync(CancellationToken cancellation = default)
    {
        HashSet<int> waiting = [];
        return RepeatAsync(
            () =>
            {
                var members = Look();
                Signal(members.Where(member => member.Read() is { IsStopped: false }), Signals.Stop);
                waiting = ProcessTree.FreeHalfBorn(waiting, [.. members.Select(member => member.Read()).OfType<ProcEntry>()]);
                return Look().Count(member => !ProcFs.AreAllThreadsStopped(member.Pid));
            },
            cancellation);
    }

    public Task<int> ResumeAsync(CancellationToken cancellation = default) => RepeatAsync(
        () =>
        {
            Signal(Look(), Signals.Cont);
            return Look().Count(member => member.Read() is { IsStopped: true });
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
        var asked = new HashSet<HeldProcess>();
        LookFar();
        while (grace > TimeSpan.Zero && !hurry.IsCancellationRequested && time.GetElapsedTime(began) < grace)
        {
            var members = Look();
            if (members.Count == 0)
            {
                break;
            }

            // Once each; a stopped process takes it only when it runs again.
            Signal(members.Where(asked.Add), Signals.Term);
            Signal(members.Where(member => member.Read() is { IsStopped: true }), Signals.Cont);
            await DelayAsync(s_between, hurry);
        }

        // What is born behind a look is found by the next one: two that find nobody are the proof.
        var pause = s_between;
        for (var settled = 0; ;)
        {
            var members = LookFar();
            var reached = Signal(members, Signals.Kill);
            settled = reached == 0 ? settled + 1 : 0;
            if (settled == 2)
            {
                return [.. Look()];
            }

            await DelayAsync(pause, CancellationToken.None);

            // A process inside the kernel (a dead network disk) dies when it comes out: keep at it, without spinning.
            pause = pause < TimeSpan.FromSeconds(1) && reached > 0 ? pause * 2 : pause;
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

    private void Hold(ProcEntry entry)
    {
        if (!_below.ContainsKey((entry.Pid, entry.StartTime)) && !IsWatcher(entry.Pid) && HeldProcess.Open(entry.Pid, entry.StartTime) is { } below)
        {
            _below.Add((entry.Pid, entry.StartTime), below);
        }
    }

    /// <summary>
    /// Whether it watches another session of the process. The hook that starts it runs below the process, and so does it for a moment; but it
    /// has to outlive what it watches.
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
