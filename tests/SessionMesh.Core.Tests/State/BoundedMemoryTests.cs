using System.Runtime.CompilerServices;
using SessionMesh.Core.Agents;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Tests.State;

/// <summary>What callers make up is held as long as an agent has it, and no longer.</summary>
public sealed class BoundedMemoryTests
{
    [Fact]
    public void FreshNamesAtEachRegistration_AreHeldAsLongAsTheAgentHasThem()
    {
        var state = new MeshState();
        Run(state, draft => draft.Emit(Registered("a", "kept", 0)));
        var kept = NameSet.Of(["kept-0"]);
        for (var round = 0; round < 20_000; round += 100)
        {
            Run(state, draft =>
            {
                for (var i = 0; i < 100; i++)
                {
                    draft.Emit(Registered("a", "fresh", round + i));
                }
            });
        }

        Assert.Equal(64 + 1, state.Indexes.Names); // its 64 names, and its cluster
        Collect();
        AddSets(6_000); // an entry that nobody holds goes when others come
        Assert.InRange(NameSet.Interned, 1, 10_000);
        Assert.Same(kept, NameSet.Of(["kept-0"])); // what somebody holds is one, whatever went meanwhile
        Assert.Same(state.Find("a")!.Agent.Specializations, NameSet.FromJson(state.Find("a")!.Agent.Specializations.Json));
    }

    [Fact]
    public void ClustersSpecializationsAndAccounts_ThatNobodyHasAnyMore_AreNotHeld()
    {
        var state = new MeshState();
        for (var i = 0; i < 1_000; i++)
        {
            Run(state, draft =>
            {
                draft.Emit(Registered("a", "n", i) with { Cluster = $"c{i}" });
                draft.Emit(new AgentDied { Subject = "a", Incarnation = i + 1, Confirmed = true });
                if (i % 2 == 0)
                {
                    draft.Emit(new AgentForgotten { Subject = "a", Incarnation = i + 1 });
                }
            });
            Assert.Equal(i % 2 == 0 ? 0 : 65, state.Indexes.Names);
            Assert.InRange(state.Slots.Count, 0, 1);
        }

        Assert.Equal(0, state.Indexes.Accounts.Count);
        Assert.Equal(999, state.ForgottenIncarnation);
    }

    [Fact]
    public void LeaseThatIsRenewedLongAndShort_IsInTheWheelOnce_AndNotAtAllOnceItsAgentIsForgotten()
    {
        var state = new MeshState();
        for (var i = 0; i < 500; i++)
        {
            Run(state, draft => draft.Emit(Registered("a", "n", 0) with { Ttl = i % 2 == 0 ? 604_800 : 5 }), lease: i * 10_000L);
            Assert.Equal(1, state.Leases.Count);
            state.Leases.TakeDue(new Moment(1, (i * 10_000L) + 7_000), alive: 1);
        }

        Run(state, draft => draft.Emit(Registered("a", "n", 0) with { Ttl = 604_800 }), lease: 6_000_000);
        Assert.Equal(1, state.Leases.Count);
        Run(state, draft =>
        {
            draft.Emit(new AgentDied { Subject = "a", Incarnation = 1, Confirmed = true });
            draft.Emit(new AgentForgotten { Subject = "a", Incarnation = 1 });
        });
        Assert.Equal(0, state.Leases.Count);
    }

    private static AgentRegistered Registered(string id, string prefix, int round) => new()
    {
        Subject = id,
        Incarnation = round + 1,
        Ttl = 60,
        Cluster = "default",
        Specializations = [.. Enumerable.Range(0, 64).Select(n => $"{prefix}-{round}-{n}")],
    };

    private static void Run(MeshState state, Action<MeshDraft> decide, long lease = 1)
    {
        var draft = new MeshDraft(state, new Moment(1, lease));
        decide(draft);
        draft.Commit();
    }

    private static int s_sets;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddSets(int count)
    {
        for (var i = 0; i < count; i++)
        {
            NameSet.Of([$"set-{Interlocked.Increment(ref s_sets)}"]);
        }
    }

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
    }
}
