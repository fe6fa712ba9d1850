using System.Globalization;
using SessionMesh.Cli.Balance;
using SessionMesh.Cli.Config.Rules;
using SessionMesh.Client;

namespace SessionMesh.Cli.Tests.Balance;

/// <summary>What a rule decides, look by look, without a server.</summary>
public sealed class RuleWatchTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly Rule s_rule = new("shed")
    {
        Select = new AgentQuery(),
        When = [new RuleCondition(RuleMember.Load) { Above = 0.8 }],
        For = TimeSpan.FromSeconds(20),
        Until = [new RuleCondition(RuleMember.Load) { Below = 0.6 }],
        Act = new RuleAct("steer") { Direction = "west" },
        AtMost = 2,
        CoolDown = TimeSpan.FromSeconds(60),
    };

    /// <summary>A look each ten seconds at one agent; an x where the rule acts.</summary>
    [Theory]
    [InlineData("0.9 0.9 0.9 0.9", "..x.")]
    [InlineData("0.9 0.9 0.7 0.9 0.9 0.9", ".....x")] // not held all the time
    [InlineData("0.9 0.9 - 0.9 0.9 0.9", ".....x")] // not seen
    [InlineData("0.8 0.8 0.8 0.8", "....")] // the bound is not above itself
    [InlineData("0.9 0.9 0.9 0.7 0.9 0.9 0.9 0.9 0.9 0.9 0.9 0.9", "..x.........")] // never released
    [InlineData("0.9 0.9 0.9 0.5 0.9 0.9 0.9 0.9 0.9 0.9", "..x.....x.")] // released, and then the cool-down
    [InlineData("0.9 0.9 0.9 0.5 0.7 0.7 0.7 0.7 0.9 0.9 0.9", "..x.......x")]
    [InlineData("0.9 0.9 0.9 - - - - - - - 0.9 0.9 0.9 0.9", "..x...........")] // who is away is not released
    public void OneAgent_IsActedOnOnceUntilReleased(string loads, string acts)
    {
        var watch = new RuleWatch(s_rule);
        Assert.Equal(acts, Play(watch, loads));
    }

    [Fact]
    public void NoUntil_ItIsReleased_WhenTheConditionHasNotHeldForItsTime()
    {
        var rule = s_rule with { Until = null, UntilFor = s_rule.For, CoolDown = TimeSpan.FromSeconds(10) };
        Assert.Equal("..x........x", Play(new RuleWatch(rule), "0.9 0.9 0.9 0.7 0.7 0.9 0.7 0.7 0.7 0.9 0.9 0.9"));
    }

    [Fact]
    public void AnotherIncarnation_BeginsAnew_ButNotItsCoolDown()
    {
        var watch = new RuleWatch(s_rule);
        var acts = new List<int>();
        for (var i = 0; i < 12; i++)
        {
            if (See(watch, i, [new Sight("a", i < 3 ? 1 : 2) { Status = "alive", Readings = new Readings(Load: 0.9) }]).Count > 0)
            {
                acts.Add(i);
            }
        }

        Assert.Equal([2, 8], acts);
    }

    [Fact]
    public void Worst_ComesFirst_ThenById_AndNoMoreThanTheBound()
    {
        var watch = new RuleWatch(s_rule with { For = TimeSpan.Zero });
        List<Sight> fleet = [Of("b", 0.9), Of("c", 0.95), Of("a", 0.9), Of("d", 0.81)];

        Assert.Equal(["c", "a"], See(watch, 0, fleet));
        Assert.Equal(4, watch.Due);
        Assert.Equal(["b", "d"], See(watch, 1, fleet));
        Assert.Empty(See(watch, 2, fleet));
    }

    [Fact]
    public void Refused_WaitsForItsCoolDown_AndIsNotInTheWayOfOthers()
    {
        var watch = new RuleWatch(s_rule with { For = TimeSpan.Zero, AtMost = 1 });
        List<Sight> fleet = [Of("a", 0.9), Of("b", 0.85)];

        Assert.Equal(["a"], See(watch, 0, fleet, refuses: true));
        Assert.Equal(["b"], See(watch, 1, fleet));
        Assert.Empty(See(watch, 5, fleet));
        Assert.Equal(["a"], See(watch, 6, fleet));
    }

    [Fact]
    public void Remembered_ActsOfOthersCount()
    {
        var watch = new RuleWatch(s_rule with { For = TimeSpan.Zero });
        watch.Recall("a", s_start.AddSeconds(-30), isThisInterval: false);
        watch.Recall("b", s_start.AddSeconds(-5), isThisInterval: true);
        List<Sight> fleet = [Of("a", 0.9), Of("b", 0.9), Of("c", 0.9), Of("d", 0.9)];

        Assert.Equal(["c"], See(watch, 0, fleet)); // one of two is spent
        Assert.Equal(["d"], See(watch, 1, fleet));
        Assert.Empty(See(watch, 2, [Of("a", 0.5), Of("b", 0.9)])); // a is released
        Assert.Equal(["a"], See(watch, 3, fleet)); // and its cool-down is over
    }

    [Fact]
    public void Blind_EveryAgentHasItsCoolDown()
    {
        var watch = new RuleWatch(s_rule) { BlindFrom = s_start };
        Assert.Equal("......x", Play(watch, "0.9 0.9 0.9 0.9 0.9 0.9 0.9"));
    }

    [Fact]
    public void Unreachable_IsNotDue()
    {
        var pause = new RuleWatch(s_rule with { For = TimeSpan.Zero, Act = new RuleAct("pause") });
        var kill = new RuleWatch(s_rule with { For = TimeSpan.Zero, Act = new RuleAct("kill"), AtMost = 9 });
        List<Sight> fleet =
        [
            Of("a", 0.9) with { Paused = true }, Of("b", 0.9) with { Status = "lost" }, Of("c", 0.9) with { Status = "suspect" },
            Of("d", 0.9) with { Status = "stopping" },
        ];

        Assert.Equal(["c"], See(pause, 0, fleet));
        Assert.Equal(["a", "b", "c"], See(kill, 0, fleet));
    }

    [Fact]
    public void Clock_DoesNotCountWhatNobodySaw()
    {
        var clock = new WatchClock(TimeSpan.FromSeconds(10));
        var seen = new List<int>();
        foreach (var at in new[] { 0, 10, 31, 60, 61 })
        {
            seen.Add((int)clock.At(s_start.AddSeconds(at)).Clock.TotalSeconds);
        }

        clock.Gap();
        seen.Add((int)clock.At(s_start.AddSeconds(70)).Clock.TotalSeconds);
        seen.Add((int)clock.At(s_start.AddSeconds(65)).Clock.TotalSeconds); // the clock was set back
        seen.Add((int)clock.At(s_start.AddSeconds(75)).Clock.TotalSeconds);
        Assert.Equal([0, 10, 31, 31, 32, 32, 32, 42], seen);
    }

    /// <summary>
    /// Loads that wander, agents that go and come back in other incarnations, looks that are missed. Whatever happens, the promises hold.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void Promises_HoldWhateverTheFleetDoes(int seed)
    {
        var random = new Random(seed);
        var rule = s_rule with
        {
            For = TimeSpan.FromSeconds(10 * random.Next(4)),
            Until = random.Next(2) == 0 ? s_rule.Until : null,
            AtMost = random.Next(1, 6),
            CoolDown = TimeSpan.FromSeconds(10 * random.Next(1, 12)),
        };
        rule = rule with { UntilFor = rule.Until is null ? rule.For : TimeSpan.FromSeconds(10 * random.Next(3)) };
        var watch = new RuleWatch(rule);
        var clock = new WatchClock(TimeSpan.FromSeconds(10));
        var agents = Enumerable.Range(0, 60).Select(i => new Wanderer($"a{i}")).ToList();
        var (now, total) = (s_start, 0);
        for (var turn = 0; turn < 400; turn++)
        {
            now += TimeSpan.FromSeconds(random.Next(20) == 0 ? random.Next(20, 200) : 10);
            if (random.Next(25) == 0)
            {
                clock.Gap();
            }

            var look = clock.At(now);
            agents.ForEach(agent => agent.Move(random));
            watch.Begin(look);
            foreach (var agent in agents.Where(agent => agent.IsThere))
            {
                watch.See(agent.Sight);
            }

            agents.ForEach(agent => agent.Note(rule, look));
            var proposals = watch.End(_ => false);
            Assert.True(proposals.Count <= rule.AtMost);
            Assert.Equal(
                proposals.OrderByDescending(one => one.Agent.Readings.Load).ThenBy(one => one.Agent.AgentId, StringComparer.Ordinal),
                proposals);
            foreach (var proposal in proposals)
            {
                var agent = agents.Single(agent => agent.Sight.AgentId == proposal.Agent.AgentId);
                agent.CheckMay(rule, look);
                agent.Acted(look);
                watch.Acted(proposal.Agent);
                total++;
            }
        }

        Assert.True(total > 20, $"seed {seed}: only {total} acts");
    }

    private static Sight Of(string id, double load) => new(id, 1) { Status = "alive", Readings = new Readings(Load: load) };

    private static List<string> See(RuleWatch watch, int at, IEnumerable<Sight> fleet, bool refuses = false)
    {
        watch.Begin(new Look(s_start.AddSeconds(10 * at), TimeSpan.FromSeconds(10 * at)));
        foreach (var agent in fleet)
        {
            watch.See(agent);
        }

        var proposals = watch.End(_ => false);
        foreach (var proposal in proposals)
        {
            if (refuses)
            {
                watch.Refused(proposal.Agent);
            }
            else
            {
                watch.Acted(proposal.Agent);
            }
        }

        return [.. proposals.Select(proposal => proposal.Agent.AgentId)];
    }

    private static string Play(RuleWatch watch, string loads) => string.Concat(loads.Split(' ').Select((load, i) =>
        See(watch, i, load == "-" ? [] : [Of("a", double.Parse(load, CultureInfo.InvariantCulture))]).Count > 0 ? "x" : "."));

    /// <summary>An agent with a mind of its own, and what an honest bookkeeper knows of it.</summary>
    private sealed class Wanderer(string id)
    {
        private double _load = 0.5;
        private int _incarnation = 1;
        private TimeSpan? _heldSince;
        private TimeSpan? _releasedSince;
        private bool _wasReleased = true;
        private DateTimeOffset? _actedAt;
        private int _noted = 1;

        public bool IsThere { get; private set; } = true;

        public Sight Sight => new(id, _incarnation) { Status = "alive", Readings = new Readings(Load: _load) };

        public void Move(Random random)
        {
            _load = Math.Clamp(_load + ((random.NextDouble() - 0.5) * 0.5), 0, 1);
            IsThere = random.Next(30) != 0;
            _incarnation += random.Next(80) == 0 ? 1 : 0;
        }

        public void Note(Rule rule, Look look)
        {
            if (!IsThere)
            {
                _heldSince = null;
                Release(rule.Until is null, rule, look);
                return;
            }

            if (_noted != _incarnation)
            {
                (_noted, _heldSince, _releasedSince, _wasReleased) = (_incarnation, null, null, true);
            }

            _heldSince = _load > 0.8 ? _heldSince ?? look.Clock : null;
            Release(rule.Until is null ? _load <= 0.8 : _load < 0.6, rule, look);
        }

        public void CheckMay(Rule rule, Look look)
        {
            Assert.True(look.Clock - _heldSince >= rule.For, $"{id}: not held for the whole time");
            Assert.True(_wasReleased, $"{id}: not released in between");
            Assert.True(_actedAt is null || look.Now - _actedAt >= rule.CoolDown, $"{id}: twice within a cool-down");
        }

        public void Acted(Look look) => (_actedAt, _wasReleased, _releasedSince) = (look.Now, false, null);

        private void Release(bool isReleased, Rule rule, Look look)
        {
            _releasedSince = isReleased ? _releasedSince ?? look.Clock : null;
            _wasReleased |= look.Clock - _releasedSince >= rule.UntilFor;
        }
    }
}
