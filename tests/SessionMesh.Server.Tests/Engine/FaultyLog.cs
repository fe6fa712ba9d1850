using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Sessions;
using SessionMesh.Core.State;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Tests.Engine;

/// <summary>
/// A real log with the faults of a shared one: commits that fail, that come after somebody else's, whose answer is lost (with the batch
/// there or not, found out or not), and that throw. What the other node writes is really in the store.
/// </summary>
internal sealed class FaultyLog(IMeshLog inner, MeshState state, Random random) : IMeshLog
{
    private readonly List<Change> _unseen = [];
    private bool _isThere;

    /// <summary>How often each way to end was taken.</summary>
    public Dictionary<string, int> Ends { get; } = new(StringComparer.Ordinal);

    /// <summary>While false it is as good as the log below it.</summary>
    public bool IsFaulty { get; set; } = true;

    public IReadOnlyList<Change> Begin(long revision)
    {
        if (_unseen.Count == 0 && IsFaulty && random.Next(8) == 0)
        {
            _unseen.AddRange(Write(new Moment(TimeOf(0), 0)));
            Count("caught up");
        }

        Change[] missed = [.. _unseen.Where(change => change.Revision > revision)];
        _unseen.Clear();
        return missed;
    }

    public CommitResult Commit(MeshDraft draft)
    {
        switch (IsFaulty ? random.Next(12) : 11)
        {
            case 0:
                Count("failed");
                return new CommitResult(CommitOutcome.Failed, new IOException("the network is gone"));
            case 1 or 2:
                Count("behind");
                return CommitResult.Behind(Write(draft.Now));
            case 3:
                Count("lost, there");
                _isThere = inner.Commit(draft).Outcome == CommitOutcome.Committed;
                return CommitResult.Unknown;
            case 4:
                Count("lost, not there");
                _isThere = false;
                return CommitResult.Unknown;
            case 5:
                Count("thrown");
                throw new InvalidOperationException("a row that cannot be written down");
            default:
                return inner.Commit(draft);
        }
    }

    public CommitResult Resolve(MeshDraft draft)
    {
        if (random.Next(3) == 0)
        {
            Count("given up");
            if (_isThere)
            {
                _unseen.AddRange(draft.Changes);
            }

            return CommitResult.Unknown;
        }

        Count("found out");
        return _isThere ? CommitResult.Committed
            : random.Next(2) == 0 ? CommitResult.Behind(Write(draft.Now))
            : new CommitResult(CommitOutcome.Failed, new IOException("it is not there"));
    }

    public void Dispose() => inner.Dispose();

    /// <summary>What another node writes meanwhile: a few changes on top of what is there.</summary>
    private IReadOnlyList<Change> Write(Moment now)
    {
        var draft = new MeshDraft(state, new Moment(TimeOf(now.Wall), now.Lease));
        draft.ActFor(Actors.Mesh);
        var id = $"agent-{random.Next(12)}";
        new RegisterAgent
        {
            Actor = Actors.Mesh,
            AgentId = id,
            Profile = new Profile { Skills = [new("vision")] },
            Takeover = true,
        }.Decide(draft);
        new KillAgent
        {
            Actor = Actors.Mesh,
            AgentId = $"agent-{random.Next(12)}",
            Order = new StopOrder { Grace = 5, AtOnce = random.Next(2) == 0, Cascade = true },
        }.Decide(draft);
        new CreateSession { Actor = Actors.Mesh, Id = $"session-{random.Next(12)}" }.Decide(draft);
        new NoteAdmin { Actor = Actors.Mesh, Operation = "check" }.Decide(draft);
        Assert.Equal(CommitOutcome.Committed, inner.Commit(draft).Outcome);
        return draft.Changes;
    }

    /// <summary>Times never go back along the log.</summary>
    private long TimeOf(long wall)
    {
        _newest = Math.Max(wall, _newest);
        return _newest;
    }

    private long _newest = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    private void Count(string end) => Ends[end] = Ends.GetValueOrDefault(end) + 1;
}
