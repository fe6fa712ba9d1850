using SessionMesh.Core.Agents;
using SessionMesh.Core.Leases;
using SessionMesh.Core.State;
using SessionMesh.Core.Steering;

namespace SessionMesh.Core.Tests.Leases;

/// <summary>What leases and grace periods are worth after a restart.</summary>
public sealed class ReturnTests
{
    private const long Newest = 1_000_000_000;
    private static readonly Moment s_now = new(Newest + 3_600_000, 0);

    [Theory]
    [InlineData(120_000, 0, 36)]      // alive, all of them: three times what 10,000 beats a second need
    [InlineData(40_000, 80_000, 36)]  // most died in the last minute, and the rest beat as slowly as they were told
    [InlineData(0, 0, 5)]
    public void Restart_GrantsTheStretchedLeaseThatWasGrantedBefore(int alive, int dead, int seconds)
    {
        // A hundred thousand that are long gone stretch nothing.
        var gone = Agents(100_000, Liveness.Dead, endedAt: Newest - 86_400_000);
        var state = Load([.. Agents(1 + alive, Liveness.Alive), .. Agents(dead, Liveness.Dead, endedAt: Newest - 60_000), .. gone]);
        var slot = state.Slots[0]!;
        Assert.Equal(Math.Max(seconds * 1000L, LeaseBook.ReturnGrace), state.Leases.LapsesAt(slot.Agent, slot.ReadVitals()));

        // Once it is heard, it has what it is granted then.
        Assert.True(slot.TryBeat(1, Beat.Empty, s_now with { Lease = 1000 }, grantedTtl: 7, out _));
        Assert.Equal(8000, state.Leases.LapsesAt(slot.Agent, slot.ReadVitals()));
    }

    [Theory]
    [InlineData(100, 40, 60)] // 40 of 100 s had passed
    [InlineData(100, -500, 100)] // the clock was set back meanwhile: never more than the whole
    [InlineData(100, 90, 30)] // at least half a minute, so that the runner hears of it
    [InlineData(100, 5000, 30)]
    public void Restart_GraceThatRan_GoesOnWithWhatItHadLeft(int grace, int passed, int left)
    {
        var stop = new StopRequest(Newest + (grace * 1000L), null, true, Newest);
        var now = new Moment(Newest + (passed * 1000L), 0);
        var state = new MeshState();
        state.Load(Agents(1, Liveness.Stopping).Single() with { Number = 0, Stop = stop }, Inbox.Empty);
        state.Loaded(1, Newest, now);
        Assert.Equal(left * 1000L, state.Leases.ForceAt(0, stop, now));

        // From here on it is the lease clock that counts, whatever the wall does.
        Assert.Equal(left * 1000L, state.Leases.ForceAt(0, stop, new Moment(Newest + 86_400_000, 10_000)));
    }

    private static MeshState Load(IEnumerable<Agent> agents)
    {
        var state = new MeshState();
        foreach (var (agent, number) in agents.Select((agent, number) => (agent, number)))
        {
            state.Load(agent with { Number = number, Id = $"a{number}" }, Inbox.Empty);
        }

        state.Loaded(1, Newest, s_now);
        return state;
    }

    private static IEnumerable<Agent> Agents(int count, Liveness liveness, long endedAt = 0) => Enumerable.Repeat(
        new Agent
        {
            Number = 0,
            Id = "a",
            Cluster = "default",
            Incarnation = 1,
            Session = 1,
            Liveness = liveness,
            Ttl = 5,
            LastExit = endedAt == 0 ? null : new Exit(true, 0, null, null, endedAt, 0),
        },
        count);
}
