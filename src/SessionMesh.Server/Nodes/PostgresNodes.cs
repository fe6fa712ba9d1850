using SessionMesh.Core.Agents;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store.Postgres;
using SessionMesh.Server.Telemetry;

namespace SessionMesh.Server.Nodes;

/// <summary>The nodes on a PostgreSQL, as the last pulse found them. Thread-safe.</summary>
internal sealed class PostgresNodes(PostgresStore store, MeshEngine engine, MeshMetrics metrics) : IMeshNodes
{
    /// <summary>Pulses between two counts of the agents that were heard here: a count looks at every agent.</summary>
    private const int CountEvery = 10;

    /// <summary>Agents that are counted at once, in a tenth of a millisecond.</summary>
    private const int SmallFleet = 10_000;

    private IReadOnlyList<NodeRecord> _records = [];
    private long _head;
    private int _heard;
    private int _pulses;

    /// <summary>The nodes that have not said goodbye.</summary>
    public IReadOnlyList<NodeRecord> Records
    {
        get => Volatile.Read(ref _records);
        set => Volatile.Write(ref _records, value);
    }

    /// <summary>Where the log stands.</summary>
    public long Head
    {
        get => Volatile.Read(ref _head);
        set => Volatile.Write(ref _head, value);
    }

    /// <summary>Revisions that memory is behind the log.</summary>
    public long Lag => Math.Max(0, Head - engine.State.Revision);

    public IReadOnlyList<NodeStatus> List()
    {
        var now = engine.Now.Wall;
        var own = new NodeStatus(
            store.Nodes.Id, Release.Version, engine.IsJudge, engine.State.Revision, CountHeard(), metrics.OpenStreams, now);
        var others = Records.Where(record => record.Owner != store.Nodes.Owner && record.Silent < NodeTable.Silence);
        return
        [
            own,
            .. others.Select(record => new NodeStatus(
                record.Id, record.Version, !own.IsJudge && record.IsJudge, record.Revision, record.Agents, record.Streams,
                now - (long)record.Silent.TotalMilliseconds)),
        ];
    }

    /// <summary>Agents that are alive, and were heard here last; of a large fleet as of some pulses ago.</summary>
    internal int CountHeard()
    {
        if (engine.State.AgentCount > SmallFleet && Interlocked.Increment(ref _pulses) % CountEvery != 1)
        {
            return _heard;
        }

        var (slots, heard) = (engine.State.Slots, 0);
        for (var number = 0; number < slots.Count; number++)
        {
            heard += slots[number] is { HeardThrough: 0, Agent.Liveness: Liveness.Alive } slot && slot.TouchedAt != AgentSlot.Never ? 1 : 0;
        }

        return _heard = heard;
    }
}
