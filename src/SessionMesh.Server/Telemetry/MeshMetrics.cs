using System.Diagnostics;
using System.Diagnostics.Metrics;
using SessionMesh.Core.Agents;
using SessionMesh.Core.State;
using SessionMesh.Core.Steering;

namespace SessionMesh.Server.Telemetry;

/// <summary>
/// Every instrument of the server, behind a verb for what happened; what each means to its reader is in docs/metrics.md. Labels are
/// words of the program (states, codes, names of commands) and never what a caller sent: no agent, key, user or path. What is counted
/// once a call allocates nothing. Thread-safe.
/// </summary>
public sealed class MeshMetrics
{
    public const string MeterName = "SessionMesh";

    /// <summary>Seconds: from what memory does to what a slow disk does.</summary>
    private static readonly double[] s_work = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

    /// <summary>Seconds: from an agent that listens to the deadline of a directive.</summary>
    private static readonly double[] s_answer = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600];

    private static readonly DeliveryState[] s_states = Enum.GetValues<DeliveryState>();

    private static readonly int[] s_batch = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

    private readonly Counter<long> _commands;
    private readonly Histogram<int> _batchCommands;
    private readonly Histogram<double> _batch;
    private readonly Histogram<double> _fsync;
    private readonly Counter<long> _heartbeats;
    private readonly Counter<long> _lapses;
    private readonly Counter<long> _directives;
    private readonly Histogram<double> _answered;
    private readonly Counter<long> _refusals;
    private readonly UpDownCounter<long> _streams;

    public MeshMetrics(IMeterFactory meters)
    {
        Meter = meters.Create(MeterName);
        _commands = Meter.CreateCounter<long>("session_mesh.commands", "{command}", "Commands by name and by what became of them");
        _batchCommands = Histogram("session_mesh.batch.commands", "{command}", "Commands in a batch", s_batch);
        _batch = Histogram("session_mesh.batch.duration", "s", "Time that a batch took in each phase", s_work);
        _fsync = Histogram("session_mesh.fsync.duration", "s", "Time until the disk had a batch", s_work);
        _heartbeats = Meter.CreateCounter<long>("session_mesh.heartbeats", "{heartbeat}", "Heartbeats that were taken");
        _lapses = Meter.CreateCounter<long>("session_mesh.lapses", "{agent}", "Agents that time made suspect or lost");
        _directives = Meter.CreateCounter<long>("session_mesh.directives", "{directive}", "Directives that came into a state");
        _answered = Histogram(
            "session_mesh.directive.answer", "s", "Time from a directive's issue to its acknowledgement or rejection", s_answer);
        _refusals = Meter.CreateCounter<long>("session_mesh.refusals", "{call}", "Calls that were refused, by code");
        _streams = Meter.CreateUpDownCounter<long>("session_mesh.streams", "{stream}", "Open streams");
    }

    internal Meter Meter { get; }

    /// <summary>A command is over.</summary>
    /// <param name="command">A name of <see cref="CommandName"/>.</param>
    /// <param name="outcome">A word of <see cref="CommandOutcome"/>.</param>
    public void Executed(string command, string outcome) =>
        _commands.Add(1, new("command", command), new("outcome", outcome));

    /// <summary>A batch is decided; the time since <paramref name="began"/> (a stopwatch's timestamp) was spent on that.</summary>
    public void Decided(int commands, long began)
    {
        _batchCommands.Record(commands);
        _batch.Record(Seconds(began), new KeyValuePair<string, object?>("phase", "decide"));
    }

    /// <summary>A batch was committed, or could not be.</summary>
    public void Committed(long began) => _batch.Record(Seconds(began), new KeyValuePair<string, object?>("phase", "commit"));

    /// <summary>A batch is applied, published, and its callers are answered.</summary>
    public void Published(long began) => _batch.Record(Seconds(began), new KeyValuePair<string, object?>("phase", "publish"));

    /// <summary>The store's own commit returned.</summary>
    public void Synced(long began) => _fsync.Record(Seconds(began));

    public void Beat(int count = 1) => _heartbeats.Add(count);

    /// <summary>A call was refused with that code of <see cref="Contracts.Errors.ErrorCodes"/>.</summary>
    public void Refused(string code) => _refusals.Add(1, new KeyValuePair<string, object?>("code", code));

    /// <summary>A stream is open until what comes back is disposed of.</summary>
    /// <param name="kind">A word of <see cref="StreamKind"/>.</param>
    public OpenStream StreamOpened(string kind)
    {
        _streams.Add(1, new KeyValuePair<string, object?>("kind", kind));
        return new OpenStream(this, kind);
    }

    /// <summary>A batch is true now, ours or another node's: counts the directives and leases that it moved.</summary>
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

        // What is over cannot change again: a directive that ended stands in the batch that ended it, and in no other.
        foreach (var directive in draft.ChangedDirectives)
        {
            if (directive.State is DeliveryState.Acknowledged or DeliveryState.Rejected)
            {
                _answered.Record(Math.Max(0, directive.EndedAt - directive.IssuedAt) / 1000.0);
            }
        }
    }

    /// <summary>
    /// Shows from the start what else would be shown only once it has happened, so that a first lapse is a rise and not an appearance.
    /// </summary>
    internal void Begin()
    {
        _heartbeats.Add(0);
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

    /// <summary>A stream that is counted as open.</summary>
    public readonly struct OpenStream(MeshMetrics metrics, string kind) : IDisposable
    {
        public void Dispose() => metrics._streams.Add(-1, new KeyValuePair<string, object?>("kind", kind));
    }
}

/// <summary>What a stream shows.</summary>
public static class StreamKind
{
    public const string Directives = "directives";
    public const string Events = "events";
    public const string Audit = "audit";

    public static readonly string[] All = [Directives, Events, Audit];
}
