using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;
using SessionMesh.Core.Steering;

namespace SessionMesh.Core.Tests.Agents;

/// <summary>
/// Whom a selection means, searched for on the writer, before it or on another thread, is whom looking at every agent finds.
/// </summary>
public sealed class SelectionTests
{
    private static readonly string[] s_names = ["x", "y"];

    public static TheoryData<int> Seeds() => [1, 2, 3, 4, Random.Shared.Next()];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Match_WithWhatWasFoundBefore_FindsWhoeverMatchesNow(int seed)
    {
        var random = new Random(seed);
        var state = new MeshState();
        var keys = new string[8];
        var asked = 0;
        for (var step = 0; step < 300; step++)
        {
            if (step % 10 == 0)
            {
                Batch(state, random, draft => Mint(draft, random, keys));
            }

            var selection = Selection(random);
            var eligible = random.Next(2) == 0 ? KillMany.Eligible : SteerMany.Eligible(hold: random.Next(2) == 0);
            var caller = random.Next(3) == 0 ? Actors.Mesh : keys[random.Next(keys.Length)];
            var found = selection.Find(state, state.Keys.Find(caller), eligible);
            for (var i = 0; i < random.Next(4); i++)
            {
                Batch(state, random, _ => { });
            }

            Batch(state, random, draft =>
            {
                if (!draft.ActFor(caller))
                {
                    return; // bound to an agent that ended
                }

                asked++;
                var expected = Enumerable.Range(0, 200).Select(draft.FindAt).OfType<Agent>()
                    .Where(agent => IsMeant(draft, selection, agent, eligible)).Select(agent => agent.Id).ToList();
                Assert.Equal(expected, selection.Match(draft, eligible, found).Select(agent => agent.Id));
                Assert.Equal(expected, selection.Match(draft, eligible).Select(agent => agent.Id));
            });
        }

        Assert.True(asked > 200, $"only {asked} were asked");
    }

    [Fact]
    public void Match_WithWhatWasFoundTooLongAgo_SearchesAgain()
    {
        var state = new MeshState();
        var draft = new MeshDraft(state, new Moment(1_000_000, 1));
        for (var i = 0; i < 3; i++)
        {
            Register(draft, $"{i}", new Profile { Labels = new Dictionary<string, string> { ["a"] = i == 0 ? "x" : "y" } });
        }

        draft.Commit();
        var selection = new Selection { Labels = new Dictionary<string, string> { ["a"] = "x" } };
        var found = selection.Find(state, null, KillMany.Eligible);
        Register(draft = new MeshDraft(state, new Moment(1_000_000, 1)), "2", new Profile { Labels = selection.Labels });
        draft.Commit();
        for (var i = 0; i < RecentAgents.Kept; i++)
        {
            state.Recent.Add(state.Revision, [1]);
        }

        Assert.False(state.Recent.TryAddSince(found!.Revision, []));
        Assert.Equal(
            ["0", "2"],
            selection.Match(new MeshDraft(state, new Moment(1_000_000, 1)), KillMany.Eligible, found).Select(agent => agent.Id));
    }

    /// <summary>The writer does not go through a fleet that no call may reach at once: it says what the search counted.</summary>
    [Fact]
    public void Steer_ManyMoreThanOneCallMayReach_IsRefusedWithTheCountOfTheSearch()
    {
        var draft = new MeshDraft(new MeshState(), new Moment(1_000_000, 1));
        var steer = new SteerMany
        {
            Actor = Actors.Mesh,
            Selection = new Selection { Cluster = "default" },
            Message = new() { Verb = Verb.Steer, Direction = "n", Ttl = 60 },
            Found = new Candidates(0, [], 1_000_000),
        };
        foreach (var expect in new int?[] { null, 3, 1_000_000 })
        {
            Assert.Equal("too_many_matched", (steer with { Expect = expect }).Decide(draft).Error!.Code);
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void ReachMemo_SaysWhatTheReachSays(int seed)
    {
        var random = new Random(seed);
        var state = new MeshState();
        Batch(state, random, draft => Mint(draft, random, new string[30]));

        foreach (var key in state.Keys.All)
        {
            var memo = new ReachMemo(key, state.AgentAt);
            for (var i = 0; i < 200; i++)
            {
                var agent = state.AgentAt(random.Next(state.Slots.Count))!;
                Assert.Equal(state.Reaches(key, agent), memo.Reaches(agent));
                var parent = random.Next(-1, state.Slots.Count);
                Assert.Equal(key.Reach?.CoversPlace(agent.Id, "x", parent, state.AgentAt) ?? true, memo.CoversPlace(agent.Id, "x", parent));
            }
        }
    }

    private static bool IsMeant(MeshDraft draft, Selection selection, Agent agent, IReadOnlyList<Liveness> eligible) =>
        eligible.Contains(agent.Liveness)
        && (selection.Specialization is null || agent.Specializations.Contains(selection.Specialization))
        && (selection.Cluster is null || agent.Cluster == selection.Cluster)
        && (selection.Labels is null || selection.Labels.All(label => agent.Labels.Labels.GetValueOrDefault(label.Key) == label.Value))
        && (selection.AgentIds?.Contains(agent.Id) ?? true)
        && (selection.Subtree is null || IsAtOrBelow(draft, agent, draft.FindAgent(selection.Subtree)))
        && draft.Reaches(agent);

    private static bool IsAtOrBelow(MeshDraft draft, Agent agent, Agent? root) =>
        root is not null
        && (root.Number == agent.Number || draft.Descendants(root.Number).Exists(below => below.Number == agent.Number));

    private static Selection Selection(Random random) => new()
    {
        Specialization = random.Next(3) == 0 ? Name(random) : null,
        Cluster = random.Next(3) == 0 ? Name(random) : null,
        Labels = random.Next(2) == 0 ? new Dictionary<string, string> { ["a"] = Name(random) } : null,
        Subtree = random.Next(6) == 0 ? Id(random) : null,
        AgentIds = random.Next(6) == 0 ? [Id(random), Id(random), Id(random), "nobody"] : null,
    };

    private static void Batch(MeshState state, Random random, Action<MeshDraft> then)
    {
        var draft = new MeshDraft(state, new Moment(1_000_000, 1));
        for (var i = 0; i < random.Next(4); i++)
        {
            var id = Id(random);
            if (random.Next(4) == 0)
            {
                new KillAgent
                {
                    Actor = Actors.Mesh,
                    AgentId = id,
                    Order = new StopOrder { Grace = 1, AtOnce = random.Next(2) == 0, Cascade = random.Next(2) == 0 },
                }.Decide(draft);
                new ReportExit { Actor = Actors.Mesh, AgentId = id, Incarnation = draft.KnownAgent(id)?.Incarnation ?? 1 }.Decide(draft);
            }
            else
            {
                Register(draft, id, new Profile
                {
                    ParentId = random.Next(3) == 0 ? Id(random) : null,
                    Cluster = Name(random),
                    Skills = [new(Name(random))],
                    Labels = new Dictionary<string, string> { ["a"] = Name(random) },
                });
            }
        }

        then(draft);
        draft.Commit();
    }

    private static void Register(MeshDraft draft, string id, Profile profile) =>
        new RegisterAgent { Actor = Actors.Mesh, AgentId = id, Profile = profile, Takeover = true }.Decide(draft);

    /// <summary>Makes a new key of those that are over, or are not yet.</summary>
    private static void Mint(MeshDraft draft, Random random, string[] keys)
    {
        for (var i = 0; i < 20; i++)
        {
            Register(
                draft,
                $"agent-{i}",
                new Profile { Cluster = Name(random), ParentId = random.Next(2) == 0 || i == 0 ? null : $"agent-{random.Next(i)}" });
        }

        foreach (var i in Enumerable.Range(0, keys.Length).Where(i => keys[i] is null || draft.FindKey(keys[i]) is null))
        {
            keys[i] = $"key-{i}-{draft.Revision}";
            draft.ActFor(Actors.Mesh);
            var within = random.Next(4) switch
            {
                0 => ["cluster:" + Name(random)],
                1 => [Reach.OfSubtree(Id(random))],
                2 => [Reach.OfSubtree(Id(random)), "cluster:" + Name(random)],
                _ => (string[]?)null,
            };
            new MintKey
            {
                Actor = Actors.Mesh,
                KeyId = keys[i],
                Hash = "h",
                Scopes = ScopeSet.Steer | ScopeSet.Kill,
                Within = i == 5 ? null : within,
                AgentId = i is 6 or 7 ? Id(random) : null,
            }.Decide(draft);
        }
    }

    private static string Id(Random random) => $"agent-{random.Next(20)}";

    private static string Name(Random random) => s_names[random.Next(s_names.Length)];
}
