using SessionMesh.Core.Agents;
using SessionMesh.Core.Claims;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Links;
using SessionMesh.Core.Sessions;
using SessionMesh.Core.Steering;

namespace SessionMesh.Core.State;

/// <summary>
/// All that is durable of a mesh at one revision: what the log says and the tables hold, as far as memory keeps it. Nothing in it comes
/// from a heartbeat, an open stream or a clock. Immutable; it keeps the records of that revision from being collected.
/// </summary>
/// <remarks>
/// <see cref="MeshState.Message"/> is not part of it, because nothing refers to it after its batch, and neither are the indexes, the forest
/// and the deadlines, which follow from the records or from the lease clock.
/// </remarks>
public sealed class StateSnapshot
{
    /// <summary>Records between two looks whether anybody still waits.</summary>
    private const int BetweenLooks = 4096;

    private readonly long _epoch;
    private readonly int _forgottenIncarnation;
    private readonly List<(Agent Agent, Inbox Inbox)> _agents;
    private readonly List<int> _free = [];
    private readonly Key[] _keys;
    private readonly Session[] _sessions;
    private readonly Claim[] _claims;
    private readonly Link[] _links;
    private readonly IReadOnlyCollection<Receipt> _receipts;

    internal StateSnapshot(MeshState state)
    {
        (Revision, _epoch, _forgottenIncarnation) = (state.Revision, state.Epoch, state.ForgottenIncarnation);
        _agents = new(state.AgentCount);
        for (var number = 0; number < state.Slots.Count; number++)
        {
            if (state.Slots[number] is { } slot)
            {
                _agents.Add((slot.Agent, slot.Inbox));
            }
        }

        // Above the newest agent the numbers simply follow: a state that was loaded does not know what was free there.
        var newest = _agents.Count == 0 ? 0 : _agents[^1].Agent.Number;
        for (var next = state.Free.Next(0, newest); next >= 0; next = state.Free.Next(next + 1, newest))
        {
            _free.Add(next);
        }

        (_keys, _sessions) = ([.. state.Keys.All], [.. state.Sessions.After(0)]);
        (_claims, _links) = ([.. state.Claims.After(0)], [.. state.Links.After(0)]);
        _receipts = state.Receipts.Snapshot();
    }

    public long Revision { get; }

    /// <summary>
    /// SHA-256 of the canonical form, 64 hexadecimal digits: equal for equal states, whether they were applied change by change or loaded.
    /// The form is that of this version of the program; another one may know more of an agent. A million agents take 0.3 s of one core.
    /// </summary>
    public string Digest(CancellationToken cancellation = default)
    {
        using var hash = new CanonicalHash();
        hash.Number(Revision);
        hash.Number(_epoch);
        hash.Number(_forgottenIncarnation);
        Add(_free, number => hash.Number(number));
        Add(_agents, entry =>
        {
            hash.Add(entry.Agent);
            hash.Add(entry.Inbox);
        });
        Add(_keys, hash.Add);
        Add(_sessions, hash.Add);
        Add(_claims, hash.Add);
        Add(_links, hash.Add);
        Add(_receipts, hash.Add);
        return hash.Finish();

        void Add<T>(IReadOnlyCollection<T> records, Action<T> add)
        {
            hash.Number(records.Count);
            var looked = 0;
            foreach (var record in records)
            {
                if (looked++ % BetweenLooks == 0)
                {
                    cancellation.ThrowIfCancellationRequested();
                }

                add(record);
            }
        }
    }
}
