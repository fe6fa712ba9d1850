using System.Collections.Immutable;
using SessionMesh.Core.Leases;
using SessionMesh.Core.Steering;

namespace SessionMesh.Core.Agents;

#pragma warning disable MA0064 // A lock object of its own would cost 32 bytes a slot; nothing outside locks a slot.

/// <summary>
/// An agent's place in memory: its durable record and inbox, replaced whole by the one writer, and what its heartbeats said, which is never
/// stored. Reading <see cref="Agent"/> and <see cref="Inbox"/> needs no lock; heartbeats lock the slot, so that readers never see a mix of
/// two. Laid out for a million slots in one process.
/// </summary>
public sealed class AgentSlot : ITimed
{
    private Agent _agent;
    private Inbox _inbox = Inbox.Empty;

    /// <summary>Directives between the inbox and a socket; null while there are none, which is nearly always.</summary>
    private Transit? _transit;

    private string? _note;
    private double _progress = double.NaN;
    private long _touchedAt = Never;

    /// <summary>Lease-clock time of the last heartbeat, whichever node took it; a registration is none.</summary>
    private long _heardAt = Never;

    private long _progressAt = Never;
    private float _load = float.NaN;
    private int _progressInterval;
    private int _grantedTtl;
    private int _streams;
    private int _version;

    /// <summary>Other nodes that have a stream of the agent open, a bit for each.</summary>
    private ulong _streamsElsewhere;

    private Activity _activity;

    /// <summary>See <see cref="Vitals.HeardThrough"/>.</summary>
    private byte _heardThrough;

    /// <summary>What renewed the lease last was taken by this node, and is not just a change of the log.</summary>
    private bool _heardHere;

    /// <summary>The last heartbeat was taken by this node, and the others were not told yet.</summary>
    private bool _saidHere;

    /// <summary>What heartbeats said has changed since the other nodes were told.</summary>
    private bool _isNews;

    private bool _isForgotten;

    /// <summary>A promise of progress began, or became shorter, since <see cref="TakePromise"/>.</summary>
    private bool _promised;

    /// <summary>See <see cref="Vitals.Moved"/>.</summary>
    private bool _moved;

    /// <summary>Stands for the lease-clock time of something that has not happened.</summary>
    public const long Never = long.MinValue;

    internal AgentSlot(Agent agent) => _agent = agent;

    public Agent Agent => Volatile.Read(ref _agent);
    public Inbox Inbox => Volatile.Read(ref _inbox);

    /// <summary>
    /// Whether the agent was forgotten, so that its number may belong to another. The record stays as it last was; code that holds on to a
    /// slot checks this.
    /// </summary>
    public bool IsForgotten => Volatile.Read(ref _isForgotten);

    /// <summary>How many streams of directives the agent has open.</summary>
    public int Streams => Volatile.Read(ref _streams);

    /// <summary>
    /// Lease-clock time of the last renewal (a heartbeat or a registration) since this process began; <see cref="Never"/> if there was
    /// none.
    /// </summary>
    public long TouchedAt => Volatile.Read(ref _touchedAt);

    /// <summary>The load that the last heartbeats reported; <see cref="float.NaN"/> for none.</summary>
    public float Load => Volatile.Read(ref _load);

    /// <inheritdoc cref="Vitals.HeardThrough"/>
    public byte HeardThrough => Volatile.Read(ref _heardThrough);

    /// <summary>How often <see cref="Agent"/> was replaced since this process began.</summary>
    public int Version => Volatile.Read(ref _version);

    /// <inheritdoc cref="Vitals.Moved"/>
    public bool HasMoved => Volatile.Read(ref _moved);

    // The links of the forest, guarded by its lock.
    internal int FirstChild = -1;
    internal int NextSibling = -1;
    internal int PreviousSibling = -1;

    int ITimed.DueTick { get; set; } = int.MaxValue;
    short ITimed.Bucket { get; set; } = -1;
    ITimed? ITimed.Next { get; set; }
    ITimed? ITimed.Previous { get; set; }

    public void StreamOpened() => Interlocked.Increment(ref _streams);
    public void StreamClosed() => Interlocked.Decrement(ref _streams);

    /// <summary>Notes that the other nodes are to be told of the last heartbeat; false if that was noted before.</summary>
    public bool TryMarkNews() => !Volatile.Read(ref _isNews) && !Interlocked.Exchange(ref _isNews, true);

    /// <summary>They are about to be told.</summary>
    public void ClearNews() => Interlocked.Exchange(ref _isNews, false);

    /// <summary>
    /// Takes what another node heard, unless this one has heard the agent since, or the agent is another incarnation by now. What says
    /// nothing renews the lease, and leaves what was said. True if anything was taken.
    /// </summary>
    /// <param name="node">See <see cref="Vitals.HeardThrough"/>; 1 and up.</param>
    /// <param name="heard">With <see cref="Vitals.Connected"/> as it is at that node.</param>
    public bool TryMerge(byte node, int incarnation, in Vitals heard)
    {
        lock (this)
        {
            if (_agent.Incarnation != incarnation)
            {
                return false;
            }

            SetStreamElsewhere(node, heard.Connected);
            if (heard.TouchedAt == Never || _agent.Liveness is not (Liveness.Alive or Liveness.Suspect or Liveness.Stopping))
            {
                return false;
            }

            var renews = heard.TouchedAt >= _touchedAt;
            if (renews)
            {
                (_touchedAt, _grantedTtl, _heardThrough, _heardHere) = (heard.TouchedAt, heard.GrantedTtl, node, false);
            }

            var says = heard.TouchedAt > _heardAt && !heard.SaysNothing;
            if (says)
            {
                TakeSaid(heard);
            }

            return renews || says;
        }
    }

    /// <summary>A node is gone, with the streams that it had open.</summary>
    public void LoseNode(byte node)
    {
        if (Volatile.Read(ref _streamsElsewhere) != 0)
        {
            lock (this)
            {
                SetStreamElsewhere(node, isOpen: false);
            }
        }
    }

    /// <summary>
    /// Takes a heartbeat. If the agent is no longer alive under that incarnation, it changes nothing and returns false. The check and the
    /// write are one step, so that a heartbeat cannot land in an incarnation that began in between.
    /// </summary>
    /// <param name="taken">The incarnation that the heartbeat was for.</param>
    public bool TryBeat(int? incarnation, in Beat beat, Moment now, int grantedTtl, out int taken)
    {
        lock (this)
        {
            var agent = _agent;
            taken = agent.Incarnation;
            if (agent.Liveness is not (Liveness.Alive or Liveness.Stopping) || (incarnation is { } given && given != agent.Incarnation))
            {
                return false;
            }

            (_touchedAt, _heardAt) = (now.Lease, now.Lease);
            (_heardThrough, _heardHere, _saidHere) = (0, true, true);
            _grantedTtl = grantedTtl;
            Report(beat, now);
            return true;
        }
    }

    /// <summary>
    /// A call that renewed the lease is done, and was taken here: for the other nodes it is a heartbeat, since the log may say nothing of
    /// it.
    /// </summary>
    /// <param name="now">After it was done: it may have been on its way to the log for long.</param>
    public void Hear(Moment now)
    {
        lock (this)
        {
            _touchedAt = Math.Max(_touchedAt, now.Lease);
            (_heardThrough, _heardHere) = (0, true);
        }
    }

    /// <summary>Everything that heartbeats said, read in one step.</summary>
    public Vitals ReadVitals() => ReadVitals(out _);

    /// <summary>The same, and the agent that said it.</summary>
    public Vitals ReadVitals(out Agent agent)
    {
        lock (this)
        {
            agent = _agent;
            return new Vitals(
                _activity, _load, _progress, _progressInterval, _note, _touchedAt, _progressAt, _grantedTtl,
                _streams > 0 || _streamsElsewhere != 0, _moved, _heardThrough);
        }
    }

    /// <summary>
    /// Takes what this node heard itself, for the others, and the agent that it is of: <see cref="Vitals.TouchedAt"/> is when it was heard
    /// here last, and <see cref="Vitals.Connected"/> is of streams here. With what the agent says if a heartbeat has come here since this
    /// was last called: told late, it would replace what the agent says at another node by now.
    /// </summary>
    public Vitals TakeHeardHere(out Agent agent)
    {
        lock (this)
        {
            var vitals = ReadVitals(out agent);
            var at = _heardHere ? _touchedAt : _saidHere ? _heardAt : Never;
            vitals = _saidHere ? vitals : Vitals.Unheard with { GrantedTtl = vitals.GrantedTtl };
            _saidHere = false;
            return vitals with { TouchedAt = at, Connected = _streams > 0 };
        }
    }

    /// <summary>Whether a promise of progress began, or became shorter, since this was last asked.</summary>
    internal bool TakePromise()
    {
        if (!Volatile.Read(ref _promised))
        {
            return false;
        }

        lock (this)
        {
            var promised = _promised;
            _promised = false;
            return promised;
        }
    }

    /// <summary>
    /// The only way from the inbox to a socket. Returns what may now be delivered to that incarnation, in order, and marks it as handed out
    /// before anything is written. The listener's incarnation and what is held back are checked in the same step, so that neither a
    /// takeover nor a cancel comes in between. An incarnation that is over gets nothing, a dead one only its stop. Nothing overtakes a
    /// directive that is held back; the listeners are woken once its cancel is decided.
    /// </summary>
    /// <param name="incarnation">The incarnation that listens; null if the agent has never registered.</param>
    /// <param name="wall">Now, wall milliseconds.</param>
    /// <param name="characters">Characters that all of them may have together; the first is handed out whatever its length.</param>
    /// <param name="verbs">Only these. The others stay as they are, and hold up nothing when they are held back.</param>
    /// <param name="length">How many characters one takes; null for those of its message and data.</param>
    public ImmutableArray<DirectiveRecord> HandOut(
        int? incarnation, long wall, long after = 0, int most = int.MaxValue, long characters = long.MaxValue,
        VerbSet verbs = VerbSet.All, Func<DirectiveRecord, int>? length = null)
    {
        if (Inbox.Pending.IsEmpty)
        {
            return [];
        }

        lock (this)
        {
            if (incarnation is { } given && given < _agent.Incarnation)
            {
                return [];
            }

            var handed = ImmutableArray.CreateBuilder<DirectiveRecord>();
            foreach (var directive in _inbox.Pending)
            {
                if (directive.Seq <= after || !verbs.Has(directive.Verb))
                {
                    continue;
                }

                if (_transit?.IsHeldBack(directive.Seq) == true || handed.Count == most)
                {
                    break;
                }

                if (directive.ExpiresAt <= wall || (_agent.Liveness == Liveness.Dead && directive.Verb != Verb.Stop))
                {
                    continue;
                }

                characters -= length?.Invoke(directive) ?? directive.Length;
                if (characters < 0 && handed.Count > 0)
                {
                    break;
                }

                handed.Add(directive);
                if (directive.State == DeliveryState.Queued)
                {
                    (_transit ??= new Transit()).HandOut(directive.Seq);
                }
            }

            return handed.DrainToImmutable();
        }
    }

    /// <summary>
    /// Keeps a directive from being handed out while its cancel is on its way, until <see cref="LetGo"/>. What was handed out just before a
    /// restart, and not committed as delivered, is forgotten: such a directive is queued again, is delivered once more, and can be
    /// cancelled.
    /// </summary>
    public Holding HoldBack(DirectiveRecord directive)
    {
        lock (this)
        {
            if (_inbox.Find(directive.Seq) is not { State: DeliveryState.Queued, Verb: not Verb.Stop } pending
                || pending.Revision != directive.Revision)
            {
                return Holding.Pointless;
            }

            _transit ??= new Transit();
            return _transit.TryHoldBack(directive.Seq) ? Holding.Held : Holding.HandedOut;
        }
    }

    /// <summary>
    /// Ends one <see cref="Holding.Held"/>. Wake the listeners afterwards: what is left in the inbox may be handed out again.
    /// </summary>
    public void LetGo(long seq)
    {
        lock (this)
        {
            _transit?.LetGo(seq);
            Settle();
        }
    }

    /// <param name="inbox">The new inbox; null keeps the present one. Both are replaced in one step, so that a listener of the old
    /// incarnation does not find what is meant for the next.</param>
    internal void Replace(Agent agent, Inbox? inbox = null)
    {
        lock (this)
        {
            if (inbox is not null)
            {
                Replace(inbox);
            }

            var before = _agent;
            Volatile.Write(ref _agent, agent);
            Volatile.Write(ref _version, _version + 1);
            if (before.Incarnation != agent.Incarnation || (!agent.HasSession && before.HasSession))
            {
                Forget();
            }

            // A heartbeat may have come between the decision that it is stalled and this.
            _moved = agent.Stall is { } stall && (before.Stall is null ? HasMovedSince(stall) : _moved);
        }
    }

    internal void Replace(Inbox inbox)
    {
        lock (this)
        {
            Volatile.Write(ref _inbox, inbox);
            Settle();
        }
    }

    /// <summary>Call when the agent was forgotten: whoever still holds the slot finds it empty from now on.</summary>
    internal void Vacate()
    {
        lock (this)
        {
            Volatile.Write(ref _inbox, Inbox.Empty);
            Volatile.Write(ref _isForgotten, true);
            Settle();
        }
    }

    internal void Renew(in Beat beat, Moment now)
    {
        lock (this)
        {
            _touchedAt = now.Lease;
            if (beat != Beat.Empty)
            {
                (_heardAt, _saidHere) = (now.Lease, true);
            }

            (_heardThrough, _heardHere) = (0, false);
            _grantedTtl = 0;
            Report(beat, now);
        }
    }

    /// <summary>Nodes beyond 64 share bits: one that closes a stream may hide another's until the next heartbeat.</summary>
    private void SetStreamElsewhere(byte node, bool isOpen)
    {
        var bit = 1UL << (node & 63);
        _streamsElsewhere = isOpen ? _streamsElsewhere | bit : _streamsElsewhere & ~bit;
    }

    private void Settle()
    {
        if (_transit?.IsOverWith(_inbox) == true)
        {
            _transit = null;
        }
    }

    private bool HasMovedSince(Stall stall) =>
        _activity != Activity.Unknown
        && (_activity != Activity.Working || _progressInterval == 0 || _progressInterval > stall.ProgressInterval
            || (!double.IsNaN(_progress) && !_progress.Equals(stall.Progress)));

    private void TakeSaid(in Vitals heard)
    {
        var before = _activity == Activity.Working ? _progressInterval : 0;
        (_heardAt, _saidHere) = (heard.TouchedAt, false);
        (_activity, _load, _progress, _progressInterval) = (heard.Activity, heard.Load, heard.Progress, heard.ProgressInterval);
        (_progressAt, _note) = (heard.ProgressAt, heard.Note);
        var interval = _activity == Activity.Working ? _progressInterval : 0;
        _promised |= interval > 0 && (before == 0 || interval < before);
        _moved |= heard.Moved && _agent.Stall is not null;
    }

    private void Report(in Beat beat, Moment now)
    {
        var before = _activity == Activity.Working ? _progressInterval : 0;
        Take(beat, now);
        var interval = _activity == Activity.Working ? _progressInterval : 0;
        _promised |= interval > 0 && (before == 0 || interval < before);
        if (_agent.Stall is { } stall && stall.IsEndedBy(beat))
        {
            _moved = true;
            _progressAt = now.Lease;
        }
    }

    private void Take(in Beat beat, Moment now)
    {
        if (beat.Activity != Activity.Unknown)
        {
            if (beat.Activity == Activity.Working && _activity != Activity.Working)
            {
                _progressAt = now.Lease; // the progress interval runs from when the work began
            }

            _activity = beat.Activity;
        }

        if (!double.IsNaN(beat.Load))
        {
            _load = (float)beat.Load;
        }

        if (!double.IsNaN(beat.Progress))
        {
            if (!beat.Progress.Equals(_progress))
            {
                _progressAt = now.Lease;
            }

            _progress = beat.Progress;
        }

        if (beat.ProgressInterval is { } interval)
        {
            _progressInterval = interval;
        }

        if (beat.Note is not null)
        {
            _note = beat.Note;
        }
    }

    private void Forget()
    {
        _note = null;
        _progress = double.NaN;
        _load = float.NaN;
        _activity = Activity.Unknown;
        _progressInterval = 0;
        _grantedTtl = 0;
        _progressAt = Never;
        _heardAt = Never;
        (_heardHere, _saidHere) = (false, false);
    }
}
