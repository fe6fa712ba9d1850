using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Tests.Leases;

/// <summary>A fleet whose common work stands still becomes stalled a thousand a second, and what is vital goes first.</summary>
public sealed class StallBrakeTests
{
    private const int Fleet = 5500;

    private readonly MeshState _state = new();
    private long _now;

    [Fact]
    public void WholeFleet_ThatStalls_IsReportedInTurns_EachOnce()
    {
        Load();
        for (var i = 0; i < Fleet; i++)
        {
            var slot = _state.Slots[i]!;
            Assert.True(slot.TryBeat(null, new Beat(Activity.Working, double.NaN, 1, 10, null), Now, 600, out _));
            _state.Leases.Beaten(slot);
        }

        var told = new List<string>();
        var before = _state.Leases.Looks;
        for (var tick = 0; tick < 40; tick++)
        {
            _now += 1000;
            var due = _state.Leases.TakeDue(Now, Fleet);
            var draft = new MeshDraft(_state, Now);
            new SweepDue { Actor = Actors.Mesh, Numbers = due.Numbers, FoundAt = _now }.Decide(draft);
            Assert.InRange(draft.Changes.Count, 0, LeaseBook.StallsPerTick);
            Assert.False(due.IsSlowed);
            told.AddRange(draft.Changes.Cast<AgentStalled>().Select(change => change.Subject));
            draft.Commit();
        }

        Assert.Equal(Fleet, told.Count);
        Assert.Equal(Fleet, told.Distinct().Count());
        Assert.InRange(_state.Leases.Looks - before, Fleet, 3 * Fleet + 1000);
    }

    private Moment Now => new(_now + 1_000_000, _now);

    private void Load()
    {
        for (var i = 0; i < Fleet; i++)
        {
            var agent = new Agent
            {
                Number = i,
                Id = $"a{i}",
                Cluster = "default",
                Incarnation = 1,
                Session = 1,
                Liveness = Liveness.Alive,
                Ttl = 600,
            };
            _state.Load(agent, Core.Steering.Inbox.Empty);
        }

        _state.Loaded(1, 0, Now);
    }
}
