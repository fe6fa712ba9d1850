using SessionMesh.Core.Agents;

namespace SessionMesh.Core.Tests.Agents;

/// <summary>An agent that several nodes hear: each takes from the others what is newer than what it has.</summary>
public sealed class HeardElsewhereTests
{
    private static readonly Beat s_half = Beat.Empty with { Activity = Activity.Working, Load = 0.5 };

    [Fact]
    public void Renewal_IsTold_WithoutWhatTheAgentDoes_AndLeavesItAtTheOther()
    {
        var (here, there) = (Alive(), Alive());
        Take(there, 100, s_half);
        here.Hear(At(200));
        Assert.True(there.TryMerge(1, 1, here.TakeHeardHere(out _)));
        var vitals = there.ReadVitals();
        Assert.Equal((200L, (byte)1, Activity.Working, 0.5f), (vitals.TouchedAt, vitals.HeardThrough, vitals.Activity, vitals.Load));
    }

    [Fact]
    public void Heartbeat_ThatAnotherNodesRenewalFollows_IsStillTold()
    {
        var (here, there) = (Alive(), Alive());
        Take(here, 100, s_half);
        there.Hear(At(200));
        Assert.True(here.TryMerge(1, 1, there.TakeHeardHere(out _)));
        Assert.True(there.TryMerge(2, 1, here.TakeHeardHere(out _)));
        var vitals = there.ReadVitals();
        Assert.Equal((200L, (byte)0, Activity.Working, 0.5f), (vitals.TouchedAt, vitals.HeardThrough, vitals.Activity, vitals.Load));
    }

    [Fact]
    public void Heartbeat_AndARenewalAfterIt_AreToldTogether_AndWhatItSaidOnce()
    {
        var (here, there) = (Alive(), Alive());
        Take(here, 100, s_half);
        here.Hear(At(200));
        var told = here.TakeHeardHere(out _);
        Assert.Equal((200L, 0.5f), (told.TouchedAt, told.Load));
        Assert.True(there.TryMerge(1, 1, told));
        Assert.True(here.TakeHeardHere(out _).SaysNothing);
    }

    [Fact]
    public void NothingHeardHere_IsNoSignOfLife()
    {
        var (here, there) = (Alive(), Alive());
        Take(there, 100, s_half);
        Assert.True(here.TryMerge(1, 1, there.TakeHeardHere(out _)));
        Assert.Equal(AgentSlot.Never, here.TakeHeardHere(out _).TouchedAt);
        Assert.False(there.TryMerge(2, 1, here.TakeHeardHere(out _)));
    }

    private static AgentSlot Alive() =>
        new(new Agent { Number = 0, Id = "a", Cluster = "default", Incarnation = 1, Liveness = Liveness.Alive });

    private static void Take(AgentSlot slot, long at, Beat beat) => Assert.True(slot.TryBeat(1, beat, At(at), 60, out _));

    private static Moment At(long lease) => new(lease, lease);
}
