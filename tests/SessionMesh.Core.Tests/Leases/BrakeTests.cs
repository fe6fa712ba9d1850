using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Leases;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Tests.Leases;

/// <summary>
/// The brake on mass expiry as it is run: book, wheel and window, a tick a second, over fleets that fall silent in random ways.
/// </summary>
public sealed class BrakeTests
{
    private const int Ttl = 30;

    private readonly MeshState _state = new();
    private readonly List<int> _lapses = [];
    private long _now;

    public static TheoryData<int> Seeds() => [.. Enumerable.Range(1, 40), Random.Shared.Next()];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void RandomSilence_LapsesNoFasterThanPromised_AndEverybodyInTheEnd(int seed)
    {
        var random = new Random(seed);
        var fleet = random.Next(1, 3) == 1 ? random.Next(100, 400) : random.Next(20, 100);
        Load(fleet);
        var silent = Enumerable.Range(0, fleet).Select(_ => random.Next(3) == 0 ? int.MaxValue : random.Next(1, 80)).ToArray();
        var everSlowed = false;
        for (var tick = 1; tick < 260; tick++)
        {
            for (var i = 0; i < fleet; i++)
            {
                if (tick < silent[i] && (tick + i) % (Ttl / 3) == 0)
                {
                    Assert.True(_state.Slots[i]!.TryBeat(null, Beat.Empty, Now, Ttl, out _));
                }
            }

            var due = Tick();
            everSlowed |= due.IsSlowed;
            Assert.True(due.IsSlowed || due.Lapse == due.Lapsing, $"seed {seed}: somebody was held back and it was not said");
            for (var since = Math.Max(0, _lapses.Count - Ttl); fleet >= LeasePolicy.SmallFleet && since < _lapses.Count; since++)
            {
                var (sum, seconds) = (_lapses.Skip(since).Sum(), _lapses.Count - since);
                Assert.True(sum <= (fleet / 6.0) + (seconds * Math.Max(1, fleet / 60)), $"seed {seed}: {sum} of {fleet} in {seconds} s");
            }
        }

        Assert.False(everSlowed && fleet < LeasePolicy.SmallFleet, $"seed {seed}: a small fleet was slowed");
        Assert.Equal(silent.Count(s => s != int.MaxValue), _lapses.Sum());
    }

    [Fact]
    public void Trickle_OfLessThanASixtiethASecond_IsNeverSlowedHoweverLongItLasts()
    {
        Load(600);
        for (var tick = 1; tick <= 150; tick++)
        {
            for (var i = 0; i < 600; i++)
            {
                if ((tick + i) % (Ttl / 3) == 0 && i >= tick * 2)
                {
                    Assert.True(_state.Slots[i]!.TryBeat(null, Beat.Empty, Now, Ttl, out _));
                }
            }

            Assert.False(Tick().IsSlowed, $"tick {tick}");
        }

        Assert.True(_lapses.Sum() > 200);
    }

    [Fact]
    public void LargeFleet_HeldBack_IsLookedAtInTurnAndNotWholeAtEveryTick()
    {
        const int Fleet = 30_000;
        Load(Fleet);
        _now = 29_000;
        var worst = 0L;
        for (var (tick, held) = (1, false); tick < 250; tick++)
        {
            var before = _state.Leases.Looks;
            var due = Tick();
            worst = held && tick <= Ttl ? Math.Max(worst, _state.Leases.Looks - before) : worst;
            held |= due.IsSlowed;
            Assert.True(_lapses.Sum() <= tick * Fleet / 60, "more than a sixtieth a second");
            Assert.True(due.IsSlowed || _lapses.Sum() is 0 or > Fleet - 1000, "held back, and not said");
        }

        Assert.Equal(Fleet, _lapses.Sum());
        Assert.InRange(worst, 1, 11_000); // later those are looked at again that are suspect, once each
    }

    private Moment Now => new(_now + 1_000_000, _now);

    private void Load(int fleet)
    {
        for (var i = 0; i < fleet; i++)
        {
            var agent = new Agent
            {
                Number = i,
                Id = $"a{i}",
                Cluster = "default",
                Incarnation = 1,
                Session = 1,
                Liveness = Liveness.Alive,
            };
            _state.Load(agent with { Ttl = Ttl }, Core.Steering.Inbox.Empty);
        }

        _state.Loaded(1, 0, Now);
    }

    private Due Tick()
    {
        _now += 1000;
        var due = _state.Leases.TakeDue(Now, _state.Indexes.With(Liveness.Alive).Count);
        var draft = new MeshDraft(_state, Now);
        var before = draft.Revision;
        new SweepDue { Actor = Actors.Mesh, Numbers = due.Numbers, FoundAt = _now }.Decide(draft);
        _lapses.Add((int)(draft.Changes.OfType<AgentLivenessChanged>().Count(c => c.Liveness == Liveness.Suspect)));
        draft.Commit();
        return due;
    }
}
