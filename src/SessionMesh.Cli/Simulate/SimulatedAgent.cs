using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Simulate;

/// <summary>What an agent does about a directive it has just heard.</summary>
internal enum Reaction
{
    /// <summary>Nothing to send now: seen before, to be answered with a later beat, or never.</summary>
    None,
    Answer,

    /// <summary>It ends, and says so.</summary>
    Exit,
}

/// <summary>
/// One agent of the play: works, waits and idles, gets stuck, mostly obeys. Its character comes from the seed and its
/// number alone. Thread-safe: a stream and a beat may reach it at once.
/// </summary>
internal sealed class SimulatedAgent
{
    private static readonly string[] s_objections =
        ["not now: in the middle of a batch", "that direction is closed", "outside of what I was asked to do"];

    private readonly Lock _gate = new();
    private readonly List<(HeartbeatAck Ack, int Beats)> _late = [];
    private readonly bool _neverAnswers;
    private readonly bool _ignoresStop;
    private int _lives;
    private Chance _chance;
    private double _load;
    private double _progress;
    private int _stuck;
    private bool _paused;
    private string _activity = AgentActivity.Idle;
    private string? _note;

    public SimulatedAgent(string id, string? parentId, ulong seed)
    {
        Id = id;
        ParentId = parentId;
        _chance = new Chance(seed);
        _neverAnswers = _chance.Happens(0.03);
        _ignoresStop = _chance.Happens(0.03);
        _load = _chance.Next() * 0.6;
    }

    public string Id { get; }

    public string? ParentId { get; }

    public required IReadOnlyList<string> Specializations { get; init; }

    public string? Cluster { get; init; }

    /// <summary>0 until registered.</summary>
    public int Incarnation { get; private set; }

    /// <summary>Registered, and not ended.</summary>
    public bool Lives => Volatile.Read(ref _lives) != 0;

    /// <summary>The newest directive heard.</summary>
    public long LastSeq { get; private set; }

    /// <summary>Beats for which a fetch of its inbox is left out, since it holds nothing new.</summary>
    public int FetchNotBefore { get; set; }

    /// <summary>It is registered. False when it lived already.</summary>
    public bool Begin(int incarnation)
    {
        Incarnation = incarnation;
        return Interlocked.Exchange(ref _lives, 1) == 0;
    }

    /// <summary>Ends it. False when it had ended already, so that only one of two callers reports.</summary>
    public bool End() => Interlocked.Exchange(ref _lives, 0) == 1;

    /// <summary>One beat of its life: what it reports, with the answers that are due.</summary>
    public HeartbeatRequest Beat(int progressInterval)
    {
        lock (_gate)
        {
            Live();
            var due = TakeDue();
            return new HeartbeatRequest
            {
                Incarnation = Incarnation,
                Activity = _activity,
                Load = Math.Round(_load, 2),
                Progress = _progress,
                ProgressInterval = progressInterval,
                Note = _note,
                Acks = due,
            };
        }
    }

    /// <summary>The beat did not arrive: its answers go with the next one.</summary>
    public void Keep(IReadOnlyList<HeartbeatAck>? acks)
    {
        lock (_gate)
        {
            foreach (var ack in acks ?? [])
            {
                _late.Add((ack, 0));
            }
        }
    }

    /// <summary>Hears a directive, each only once. The answer is to be sent at once when it says so.</summary>
    public (Reaction Reaction, AckRequest? Answer) Hear(Directive directive)
    {
        lock (_gate)
        {
            if (directive.Seq <= LastSeq || !Lives)
            {
                return (Reaction.None, null);
            }

            LastSeq = directive.Seq;
            if (directive.Verb == DirectiveVerb.Stop)
            {
                return _ignoresStop ? (Reaction.None, null) : (Reaction.Exit, null);
            }

            // Some never answer anything; some are slow, and say it with a beat or three later.
            if (_neverAnswers)
            {
                return (Reaction.None, null);
            }

            var answer = Obey(directive);
            if (!_chance.Happens(0.15))
            {
                return (Reaction.Answer, answer);
            }

            _late.Add((new HeartbeatAck { Seq = directive.Seq, State = answer.State, Note = answer.Note }, _chance.Next(1, 3)));
            return (Reaction.None, null);
        }
    }

    private AckRequest Obey(Directive directive)
    {
        if (directive.Verb == DirectiveVerb.Steer && _chance.Happens(0.08))
        {
            return Answer(DirectiveState.Rejected, s_objections[_chance.Next(0, s_objections.Length - 1)]);
        }

        if (directive.Verb == DirectiveVerb.Steer)
        {
            _note = $"going {directive.Direction}";
        }
        else
        {
            _paused = directive.Verb == DirectiveVerb.Pause;
        }

        _stuck = 0;
        return Answer(DirectiveState.Acknowledged, null);
    }

    private AckRequest Answer(string state, string? note) => new() { State = state, Note = note, Incarnation = Incarnation };

    private void Live()
    {
        if (_paused)
        {
            (_activity, _load) = (AgentActivity.Idle, 0);
            return;
        }

        if (_stuck > 0)
        {
            // Busy and getting nowhere: what "stalled" is for.
            _stuck--;
            return;
        }

        _activity = (_activity, _chance.Next()) switch
        {
            (AgentActivity.Working, < 0.80) => AgentActivity.Working,
            (AgentActivity.Working, < 0.93) => AgentActivity.Waiting,
            (AgentActivity.Waiting, < 0.60) => AgentActivity.Working,
            (AgentActivity.Idle, < 0.40) => AgentActivity.Working,
            (AgentActivity.Waiting, < 0.85) => AgentActivity.Waiting,
            _ => AgentActivity.Idle,
        };
        var aim = _activity switch { AgentActivity.Working => 0.75, AgentActivity.Waiting => 0.2, _ => 0.02 };
        _load = Math.Clamp(_load + ((aim - _load) * 0.5) + ((_chance.Next() - 0.5) * 0.2), 0, 1);
        if (_activity != AgentActivity.Working)
        {
            return;
        }

        _progress += _chance.Next(1, 10);
        if (_chance.Happens(0.01))
        {
            _stuck = _chance.Next(4, 12);
        }
    }

    private List<HeartbeatAck>? TakeDue()
    {
        List<HeartbeatAck>? due = null;
        for (var i = 0; i < _late.Count; i++)
        {
            var (ack, beats) = _late[i];
            if (beats > 0)
            {
                _late[i] = (ack, beats - 1);
            }
            else
            {
                (due ??= []).Add(ack);
            }
        }

        if (due is not null)
        {
            _late.RemoveAll(late => due.Contains(late.Ack));
        }

        return due;
    }
}
