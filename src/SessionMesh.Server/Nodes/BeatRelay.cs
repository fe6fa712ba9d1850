using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Store.Postgres;

namespace SessionMesh.Server.Nodes;

/// <summary>
/// Heartbeats between nodes: tells the others what was heard here, merges what they heard, and knows up to when all of it is known. The
/// pulse alone calls it.
/// </summary>
internal sealed partial class BeatRelay(MeshEngine engine, MeshClock clock, NodeTable table, ILogger<BeatRelay> log)
{
    /// <summary>Agents in a row: a megabyte or two.</summary>
    private const int MostBeats = 50_000;

    /// <summary>
    /// Milliseconds that a heartbeat may take from its time to the list of news: it is a few instructions, in which a thread may be
    /// suspended.
    /// </summary>
    private const long Margin = 1000;

    /// <summary>
    /// Processes of which the newest row is remembered: more than anyone starts in the minutes for which rows are kept.
    /// </summary>
    private const int MostKnown = 1000;

    /// <summary>
    /// Rows that wait until memory is where they were written. A node that is so far behind reads no more of them: what is deleted before
    /// it does is missing.
    /// </summary>
    private const int MostEarly = 256;

    private readonly Dictionary<Guid, long> _read = [];
    private readonly Dictionary<Guid, Peer> _peers = [];
    private readonly Queue<(Guid Owner, long Covers, long Revision, List<RelayedBeat> Beats)> _early = new();
    private PulseReport? _unsent;
    private long _seq;
    private long _covers;
    private byte _lastIndex;
    private bool _hasRead;

    /// <summary>The newest row of each process that was read.</summary>
    public IReadOnlyDictionary<Guid, long> Read => _read;

    /// <summary>How many rows to read next.</summary>
    public int Room => MostEarly - _early.Count;

    /// <summary>What to tell next; what may not have arrived is told again as it was.</summary>
    public PulseReport Compose(long revision, int agents, int streams)
    {
        if (_unsent is { } again)
        {
            return again with { Revision = revision, Agents = agents, Streams = streams };
        }

        var (now, wall) = (engine.Now, WallNow());
        var beats = new List<RelayedBeat>();
        while (beats.Count < MostBeats && engine.BeatNews.TryTake(out var slot))
        {
            var vitals = slot.TakeHeardHere(out var agent);
            if (!slot.IsForgotten)
            {
                beats.Add(new(agent.Number, agent.Incarnation, vitals));
            }
        }

        _covers = beats.Count < MostBeats ? wall - Margin : _covers;
        var written = BeatCodec.Write(engine.State.Revision, beats, engine.Now with { Lease = now.Lease });
        _unsent = new PulseReport(revision, agents, streams, ++_seq, _covers, written);
        return _unsent.Value;
    }

    /// <summary>What was composed has arrived.</summary>
    public void Sent() => _unsent = null;

    /// <summary>Merges what others heard, and judges who of them is still there.</summary>
    /// <param name="rows">No more than there is <see cref="Room"/> for.</param>
    public void Take(IReadOnlyList<NodeRecord> records, IReadOnlyList<BeatsRow> rows)
    {
        var now = engine.Now;
        foreach (var row in rows)
        {
            NoteRead(row, now);
            try
            {
                var (revision, beats) = BeatCodec.Read(row.Beats, now);
                _early.Enqueue((row.Owner, row.Covers, revision, beats));
            }
            catch (InvalidDataException e)
            {
                LogUnread(e);
            }
        }

        _hasRead = true;
        MeetPeers(records, now);
        MergeEarly();
        engine.State.Leases.HeardUntil = HeardUntil(engine.Now);
    }

    /// <summary>
    /// A row that is missing, because the table was emptied or this node was away for long, may have had any agent in it.
    /// </summary>
    private void NoteRead(BeatsRow row, Moment now)
    {
        var isKnown = _read.TryGetValue(row.Owner, out var last);
        if (isKnown ? row.Seq != last + 1 : _hasRead && row.Seq > 1)
        {
            engine.State.Leases.BeatsLost(now);
            LogGap(last, row.Seq);
        }

        _read[row.Owner] = row.Seq;
    }

    private void MeetPeers(IReadOnlyList<NodeRecord> records, Moment now)
    {
        foreach (var record in records)
        {
            if (record.Owner != table.Owner && record.Silent < NodeTable.Silence && !_peers.ContainsKey(record.Owner))
            {
                _peers[record.Owner] = new Peer(record.Id, NextIndex());
            }
        }

        foreach (var (owner, peer) in _peers)
        {
            if (!records.Any(record => record.Owner == owner && record.Silent < NodeTable.Silence))
            {
                _peers.Remove(owner);
                Lose(peer, now);
            }
        }

        foreach (var owner in _read.Keys.Where(owner => !_peers.ContainsKey(owner) && _read.Count > MostKnown).ToList())
        {
            _read.Remove(owner);
        }
    }

    private void Lose(Peer peer, Moment now)
    {
        LogLost(peer.Id);
        var state = engine.State;
        state.Leases.NodeLost(peer.Index, now);
        for (var number = 0; number < state.Slots.Count; number++)
        {
            state.Slots[number]?.LoseNode(peer.Index);
        }
    }

    /// <summary>A row names agents as they are at a revision, and waits until memory is there.</summary>
    private void MergeEarly()
    {
        while (_early.TryPeek(out var row) && row.Revision <= engine.State.Revision)
        {
            _early.Dequeue();
            if (!_peers.TryGetValue(row.Owner, out var peer))
            {
                continue; // gone; what it heard counts anew
            }

            foreach (var beat in row.Beats)
            {
                Merge(peer.Index, beat);
            }

            peer.Covers = row.Covers;
        }
    }

    private void Merge(byte node, in RelayedBeat beat)
    {
        var state = engine.State;
        if (beat.Number >= state.Slots.Count || state.Slots[beat.Number] is not { } slot
            || !slot.TryMerge(node, beat.Incarnation, beat.Vitals))
        {
            return;
        }

        if (!float.IsNaN(beat.Vitals.Load))
        {
            state.Indexes.LoadReported(slot);
        }

        state.Leases.Beaten(slot);
    }

    /// <summary>On the lease clock; no node may lie before it with a heartbeat that nobody else knows.</summary>
    private long HeardUntil(Moment now)
    {
        if (_peers.Count == 0)
        {
            return long.MaxValue;
        }

        var wall = WallNow();
        return now.Lease - Math.Max(0, wall - _peers.Values.Min(peer => peer.Covers));
    }

    private long WallNow() => clock.Wall.ToUnixTimeMilliseconds();

    /// <summary>1 to 255, in turn; one that lives keeps its own.</summary>
    private byte NextIndex()
    {
        do
        {
            _lastIndex = (byte)(_lastIndex == byte.MaxValue ? 1 : _lastIndex + 1);
        }
        while (_peers.Count < byte.MaxValue && _peers.Values.Any(peer => peer.Index == _lastIndex));

        return _lastIndex;
    }

    /// <summary>Another node.</summary>
    private sealed class Peer(string id, byte index)
    {
        public string Id => id;

        /// <summary>See <see cref="Vitals.HeardThrough"/>.</summary>
        public byte Index => index;

        /// <summary>Wall milliseconds up to which everything that it heard is merged; 0 for nothing yet.</summary>
        public long Covers { get; set; }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The node {Node} is gone; whoever was last heard through it has a full lease again")]
    private partial void LogLost(string node);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Heartbeats of another node are missing (row {Seq} follows {Last}); every lease starts over")]
    private partial void LogGap(long last, long seq);

    [LoggerMessage(Level = LogLevel.Error, Message = "Heartbeats of another node could not be read")]
    private partial void LogUnread(Exception e);
}
