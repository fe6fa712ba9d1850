using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Steering;

namespace SessionMesh.Core.State;

/// <summary>
/// One batch on its way: the base state, and over it the records as this batch has changed them so far. Reads show both.
/// <see cref="Commit"/> lays the overlay onto the base; dropping the draft leaves the base as it was. The writer's alone.
/// </summary>
public sealed partial class MeshDraft(MeshState state, Moment now)
{
    private readonly DraftKeys _keys = new(state.Keys);
    private readonly List<Change> _changes = [];

    public Moment Now { get; } = now;

    /// <summary>The disk is full, and this batch is written from the reserve: nothing may be done that can wait.</summary>
    public bool Sparing { get; init; }

    /// <summary>Whether this process decides what time brings about; where several share a log, one does.</summary>
    public bool IsJudging { get; init; } = true;

    /// <summary>Whether the batch has changes that only the judge may make.</summary>
    public bool IsJudgement { get; set; }

    /// <summary>
    /// Up to which level of the log its changes may be: every server that lives on this mesh can read those. A command that has something
    /// newer to write looks here first, and does without it where it may not.
    /// </summary>
    public int Level { get; init; } = ChangeCodec.Level;

    public MeshState Base => state;

    /// <summary>Who asks for the command that is being decided: a key's id, or <see cref="Actors.Mesh"/>.</summary>
    public string Actor { get; private set; } = Actors.Mesh;

    /// <summary>The key that asks; null for the mesh itself, which may do anything.</summary>
    public Key? Caller { get; private set; }

    /// <summary>Where its call came from.</summary>
    public Origin Origin { get; set; } = Origin.Mesh;

    /// <summary>Revision of the newest change, this batch's included.</summary>
    public long Revision { get; private set; } = state.Revision;

    /// <summary>What this batch appends to the log, in order.</summary>
    public IReadOnlyList<Change> Changes => _changes;

    /// <summary>What they weigh together; see <see cref="Change.Weight"/>.</summary>
    public long Weight { get; private set; }

    /// <inheritdoc cref="ChangedAgents"/>
    public IReadOnlyCollection<Key> ChangedKeys => _keys.Changed;

    /// <summary>The newest message that was kept for many; see <see cref="MessageKept"/>.</summary>
    public MessageKept? Message { get; internal set; } = state.Message;

    /// <summary>
    /// Decides for that actor from now on. False when its key is not, or no longer, valid: a call may have waited, or arrived slowly, since
    /// it was authenticated.
    /// </summary>
    public bool ActFor(string actor)
    {
        Actor = actor;
        Caller = actor == Actors.Mesh ? null : FindKey(actor);
        return actor == Actors.Mesh || Caller?.IsValidAt(Now.Wall) == true;
    }

    public Key? FindKey(string id) => _keys.Find(id);

    /// <summary>Keys that no key minted: the root key, and what it was before.</summary>
    public List<Key> RootKeys() => [.. _keys.Roots];

    /// <summary>Keys of a lineage.</summary>
    public List<Key> KeysIn(string lineage) => [.. _keys.In(lineage)];

    /// <summary>Whether a lineage has any key left.</summary>
    public bool HasKeysIn(string lineage) => _keys.CountIn(lineage) > 0;

    /// <summary>The lineage that another was minted under; null for none, or when no key of it is left.</summary>
    public string? LineageAbove(string lineage) => _keys.In(lineage).FirstOrDefault()?.Parent;

    /// <summary>The newest generation of a lineage; null when none is left.</summary>
    public Key? NewestKeyIn(string lineage) => _keys.In(lineage).MaxBy(key => key.Generation);

    /// <inheritdoc cref="DraftKeys.Services"/>
    public int ServiceKeys => _keys.Services;

    /// <summary>Keys that were minted under a lineage.</summary>
    public List<Key> KeysUnder(string lineage) => [.. _keys.Under(lineage)];

    /// <summary>Keys of one name under a lineage: its generations.</summary>
    public List<Key> KeysNamed(string parent, string name) => [.. _keys.Named(parent, name)];

    /// <summary>Keys bound to an agent.</summary>
    public List<Key> KeysBoundTo(string agentId) => [.. _keys.BoundTo(agentId)];

    /// <inheritdoc cref="DraftKeys.LineagesOf"/>
    public int LineagesOf(string account) => _keys.LineagesOf(account);

    /// <summary>Appends a change and applies it to the overlay; what is read after this shows it. Returns its revision.</summary>
    /// <exception cref="InvalidOperationException">It is above <see cref="Level"/>, where the command did not look.</exception>
    public long Emit(Change change)
    {
        if (ChangeCodec.LevelOf(change) > Level)
        {
            throw new InvalidOperationException($"'{change.Kind}' is above level {Level}, which is what every node can read");
        }

        change.Revision = Revision + 1;
        change.At = Now.Wall;
        change.Actor = Actor;
        change.Origin = Origin;
        Append(change);
        return change.Revision;
    }

    /// <summary>
    /// Applies a change that is in the log already: another node's, or one that is being replayed. A registration, or a revival,
    /// that comes this way is a sign of life: the lease begins when it is applied.
    /// </summary>
    /// <exception cref="InvalidDataException">It does not follow the newest revision.</exception>
    public void Apply(Change change)
    {
        if (change.Revision != Revision + 1)
        {
            throw new InvalidDataException($"revision {change.Revision} does not follow {Revision}");
        }

        Append(change);
        if (change is AgentRegistered or AgentLivenessChanged { Liveness: Liveness.Alive })
        {
            Renew(KnownAgent(change.Subject)!.Number, Beat.Empty);
        }
    }

    /// <summary>Lays the overlay onto the base. Call it once, after the batch is durable.</summary>
    public void Commit()
    {
        state.Recent.Add(Revision, [.. _agents.Keys, .. _gone.Keys]);
        if (_forgotten.Count > 0)
        {
            state.BeginForgetting();
            state.Forget(_gone, ForgottenIncarnation);
            CommitAgents(); // after the numbers were freed, which they may reuse
            state.EndForgetting();
        }
        else
        {
            CommitAgents();
        }

        state.Message = Message;
        CommitClaims();
        CommitLinks();
        CommitSessions();
        foreach (var key in _keys.Changed)
        {
            state.Keys.Put(key);
        }

        CommitReceipts();
        Reschedule();
        state.Advance(Revision);
    }

    internal void Put(Key key) => _keys.Put(key);

    private void Append(Change change)
    {
        _changes.Add(change);
        Weight += change.Weight;
        Revision = change.Revision;
        change.Apply(this);
    }

    private void Reschedule()
    {
        foreach (var number in _agents.Keys)
        {
            state.Leases.Schedule(state.Slots[number]!, number, Now);
        }

        foreach (var number in _inboxes.Keys)
        {
            if (!_agents.ContainsKey(number))
            {
                state.Leases.Schedule(state.Slots[number]!, number, Now);
            }
        }
    }
}
