using System.Diagnostics;
using System.Diagnostics.Metrics;
using SessionMesh.Core.Agents;
using SessionMesh.Core.State;
using SessionMesh.Core.Steering;

namespace SessionMesh.Server.Telemetry;

/// <summary>
/// Every instrument of the server, behind one method per event; docs/metrics.md explains them to users. Labels are words of the program
/// (states, codes, command names), never input: no agent, key, user or path. Counting a call allocates nothing. Thread-safe.
/// </summary>
public sealed class MeshMetrics
{
    public const string MeterName = "SessionMesh";

    /// <summary>In seconds: from work in memory to a slow disk.</summary>
    private static readonly double[] s_work = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

    /// <summary>In seconds: from an agent that is listening to the deadline of a directive.</summary>
    private static readonly double[] s_answer = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600];

    private static readonly DeliveryState[] s_states = Enum.GetValues<DeliveryState>();

    private static readonly int[] s_batch = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

    private readonly Counter<long> _commands;
    private readonly Histogram<int> _batchCommands;
    private readonly Histogram<double> _batch;
    private readonly Histogram<double> _fsync;
    private readonly Counter<long> _lostRaces;
    private readonly Counter<long> _heartbeats;
    private readonly Counter<long> _lapses;
    private readonly Counter<long> _directives;
    private readonly Histogram<double> _answered;
    private readonly Counter<long> _refusals;
    private readonly UpDownCounter<long> _streams;
    private readonly Counter<long> _hooks;
    private int _openStreams;

    public MeshMetrics(IMeterFactory meters)
    {
        Meter = meters.Create(MeterName);
        _commands = Meter.CreateCounter<long>("session_mesh.commands", "{command}", "Commands by name and outcome");
        _batchCommands = Histogram("session_mesh.batch.commands", "{command}", "Commands in a batch", s_batch);
        _batch = Histogram("session_mesh.batch.duration", "s", "Time a batch spent in each phase", s_work);
        _fsync = Histogram("session_mesh.fsync.duration", "s", "Time to sync a batch to the disk", s_work);
        _lostRaces = Meter.CreateCounter<long>(
            "session_mesh.lost_races", "{batch}", "Batches that were decided again, because another node wrote first");
        _heartbeats = Meter.CreateCounter<long>("session_mesh.heartbeats", "{heartbeat}", "Accepted heartbeats");
        _lapses = Meter.CreateCounter<long>("session_mesh.lapses", "{agent}", "Agents whose lease lapsed, to suspect or lost");
        _directives = Meter.CreateCounter<long>("session_mesh.directives", "{directive}", "Directives that entered a state");
        _answered = Histogram(
            "session_mesh.directive.answer", "s", "Time from a directive's issue to its acknowledgement or rejection", s_answer);
        _refusals = Meter.CreateCounter<long>("session_mesh.refusals", "{call}", "Refused calls by code");
        _streams = Meter.CreateUpDownCounter<long>("session_mesh.streams", "{stream}", "Open streams");
        _hooks = Meter.CreateCounter<long>("session_mesh.hooks", "{event}", "Events of coding agents' hooks by what became of them");
    }

    internal Meter Meter { get; }

    /// <summary>Counts a command that has ended.</summary>
    /// <param name="command">A name from <see cref="CommandName"/>.</param>
    /// <param name="outcome">One of <see cref="CommandOutcome"/>.</param>
    public void Executed(string command, string outcome) =>
        _commands.Add(1, new("command", command), new("outcome", outcome));

    /// <summary>Records a decided batch, which took the time since <paramref name="began"/> (a stopwatch timestamp).</summary>
    public void Decided(int commands, long began)
    {
        _batchCommands.Record(commands);
        _batch.Record(Seconds(began), new KeyValuePair<string, object?>("phase", "decide"));
    }

    /// <summary>Records the end of a commit, whatever its outcome.</summary>
    public void Committed(long began) => _batch.Record(Seconds(began), new KeyValuePair<string, object?>("phase", "commit"));

    /// <summary>Records that a batch is applied and published, and its callers are answered.</summary>
    public void Published(long began) => _batch.Record(Seconds(began), new KeyValuePair<string, object?>("phase", "publish"));

    /// <summary>Records that the store's own commit returned.</summary>
    public void Synced(long began) => _fsync.Record(Seconds(began));

    /// <summary>Another node wrote first.</summary>
    public void LostRace() => _lostRaces.Add(1);

    public void Beat(int count = 1) => _heartbeats.Add(count);

    /// <summary>
    /// Counts a refused call by its code, one of <see cref="Contracts.Errors.ErrorCodes"/> or one that a protocol beside the API names.
    /// </summary>
    public void Refused(string code) => _refusals.Add(1, new KeyValuePair<string, object?>("code", code));

    /// <param name="program">A coding agent that the server knows.</param>
    /// <param name="outcome">One of <see cref="HookEventOutcome"/>.</param>
    public void Hooked(string program, string outcome) => _hooks.Add(1, new("program", program), new("outcome", outcome));

    /// <summary>Streams that are open now, of all kinds.</summary>
    public int OpenStreams => Volatile.Read(ref _openStreams);

    /// <summary>Counts a stream as open until the result is disposed of.</summary>
    /// <param name="kind">One of <see cref="StreamKind"/>.</param>
    public OpenStream StreamOpened(string kind)
    {
        Interlocked.Increment(ref _openStreams);
        _streams.Add(1, new KeyValuePair<string, object?>("kind", kind));
        return new OpenStream(this, kind);
    }

    /// <summary>Counts the directives and leases that an applied batch moved, whichever node wrote it.</summary>
    public void Applied(MeshDraft draft)
    {
        Span<int> states = stackalloc int[s_states.Length];
        var (suspect, lost) = (0, 0);
        var changes = draft.Changes;
        for (var i = 0; i < changes.Count; i++)
        {
            switch (changes[i])
            {
                case DirectiveIssued: states[(int)DeliveryState.Queued]++; break;
                case DirectiveMoved moved: states[(int)moved.State]++; break;
                case AgentLivenessChanged { ByHand: false, Liveness: Liveness.Suspect }: suspect++; break;
                case AgentLivenessChanged { ByHand: false, Liveness: Liveness.Lost }: lost++; break;
            }
        }

        Add(_lapses, suspect, "to", Liveness.Suspect.Word());
        Add(_lapses, lost, "to", Liveness.Lost.Word());
        for (var state = 0; state < states.Length; state++)
        {
            Add(_directives, states[state], "state", ((DeliveryState)state).Word());
        }

        if (states[(int)DeliveryState.Acknowledged] + states[(int)DeliveryState.Rejected] == 0)
        {
            return;
        }

        // A directive that is over cannot change again, so it is in the batch that ended it and in no other.
        foreach (var directive in draft.ChangedDirectives)
        {
            if (directive.State is DeliveryState.Acknowledged or DeliveryState.Rejected)
            {
                _answered.Record(Math.Max(0, directive.EndedAt - directive.IssuedAt) / 1000.0);
            }
        }
    }

    /// <summary>
    /// Creates the time series at zero, so that the first lapse shows as a rise and not as a new series.
    /// </summary>
    internal void Begin()
    {
        _heartbeats.Add(0);
        _lostRaces.Add(0);
        foreach (var kind in StreamKind.All)
        {
            _streams.Add(0, new KeyValuePair<string, object?>("kind", kind));
        }

        foreach (var to in (Liveness[])[Liveness.Suspect, Liveness.Lost])
        {
            _lapses.Add(0, new KeyValuePair<string, object?>("to", to.Word()));
        }

        foreach (var state in s_states)
        {
            _directives.Add(0, new KeyValuePair<string, object?>("state", state.Word()));
        }
    }

    private Histogram<T> Histogram<T>(string name, string unit, string description, T[] bounds) where T : struct =>
        Meter.CreateHistogram(name, unit, description, advice: new InstrumentAdvice<T> { HistogramBucketBoundaries = bounds });

    private static void Add(Counter<long> counter, int count, string label, string value)
    {
        if (count > 0)
        {
            counter.Add(count, new KeyValuePair<string, object?>(label, value));
        }
    }

    private static double Seconds(long began) => Stopwatch.GetElapsedTime(began).TotalSeconds;

    /// <summary>A stream counted as open.</summary>
    public readonly struct OpenStream(MeshMetrics metrics, string kind) : IDisposable
    {
        public void Dispose()
        {
            Interlocked.Decrement(ref metrics._openStreams);
            metrics._streams.Add(-1, new KeyValuePair<string, object?>("kind", kind));
        }
    }
}

/// <summary>The kinds of streams.</summary>
public static class StreamKind
{
    public const string Directives = "directives";
    public const string Events = "events";
    public const string Audit = "audit";

    public static readonly string[] All = [Directives, Events, Audit];
}
