using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Sessions;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Tests.State;

/// <summary>What a draft finds by its indexes is what looking at every record finds, however often its batch has changed them.</summary>
public sealed class DraftModelTests
{
    public static TheoryData<int> Seeds() => [1, 2, 3, 4, Random.Shared.Next()];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Children_OfAgentsThatAreMovedAbout_AreWhatTheRecordsSay(int seed)
    {
        var random = new Random(seed);
        var state = new MeshState();
        for (var batch = 0; batch < 30; batch++)
        {
            var draft = new MeshDraft(state, new Moment(1_000_000 + batch, batch + 1));
            for (var i = 0; i < random.Next(12); i++)
            {
                var parent = random.Next(3) == 0 ? null : $"{random.Next(15)}";
                new RegisterAgent
                {
                    Actor = Actors.Mesh,
                    AgentId = $"{random.Next(15)}",
                    Profile = new Profile { ParentId = parent },
                    Takeover = true,
                }.Decide(draft);
                if (random.Next(3) == 0 && draft.KnownAgent($"{random.Next(15)}") is { Liveness: not Liveness.Dead } gone)
                {
                    // Its number is the next new agent's, its children are nobody's.
                    new ReportExit { Actor = Actors.Mesh, AgentId = gone.Id, Incarnation = gone.Incarnation }.Decide(draft);
                    new ForgetAgent { Actor = Actors.Mesh, AgentId = gone.Id }.Decide(draft);
                }

                var agents = Enumerable.Range(0, 200).Select(draft.FindAt).OfType<Agent>().ToList();
                Assert.All(agents, agent => Assert.Equal(
                    agents.Where(a => a.Parent == agent.Number).Select(a => a.Number), draft.Children(agent.Number).Order()));
            }

            if (random.Next(3) > 0)
            {
                draft.Commit();
            }
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Keys_AreFoundByWhatTheyAre(int seed)
    {
        var random = new Random(seed);
        var state = new MeshState();
        var draft = new MeshDraft(state, new Moment(1_000_000, 1));
        new RegisterAgent { Actor = Actors.Mesh, AgentId = "a", Profile = new Profile() }.Decide(draft);
        draft.Commit();
        var ids = new List<string>();
        for (var batch = 0; batch < 40; batch++)
        {
            draft = new MeshDraft(state, new Moment(1_000_000 + (batch * 20_000), batch + 1));
            for (var i = 0; i < random.Next(10); i++)
            {
                Change(draft);
                AssertFound(draft, ids.ConvertAll(draft.FindKey).FindAll(key => key is not null)!);
            }

            if (random.Next(4) > 0)
            {
                draft.Commit();
                AssertTable(state.Keys, [.. ids.Select(state.Keys.Find).OfType<Key>().OrderBy(key => key.Revision)]);
            }
        }

        void Change(MeshDraft to)
        {
            var known = ids.Count == 0 ? "none" : ids[random.Next(ids.Count)];
            switch (random.Next(6))
            {
                case 0: new RevokeKey { Actor = Actors.Mesh, KeyId = known }.Decide(to); break;
                case 1: new ExpireKeys { Actor = Actors.Mesh }.Decide(to); break;
                default:
                    ids.Add($"k{ids.Count}");
                    to.ActFor(random.Next(3) == 0 ? Actors.Mesh : known);
                    new MintKey
                    {
                        Actor = to.Actor,
                        KeyId = ids[^1],
                        Hash = "h",
                        Name = random.Next(2) == 0 ? "n" : null,
                        Ttl = random.Next(2) == 0 ? 60 : null,
                        AgentId = random.Next(4) == 0 ? "a" : null,
                        Scopes = ScopeSet.KeysMint | ScopeSet.RegistryWrite,
                    }.Decide(to);
                    to.ActFor(Actors.Mesh);
                    break;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Sessions_ThatAreOver_AreFoundByTheirEnds(int seed)
    {
        var random = new Random(seed);
        var state = new MeshState();
        var time = 1_000_000L;
        for (var batch = 0; batch < 60; batch++)
        {
            time += random.Next(3_000);
            var draft = new MeshDraft(state, new Moment(time, batch + 1));
            for (var i = 0; i < random.Next(12); i++)
            {
                ChangeSession(draft, random, $"s{random.Next(40)}");
            }

            var all = Enumerable.Range(0, 40).Select(n => draft.KnownSession($"s{n}")).OfType<Session>().ToList();
            var before = random.Next(2) == 0 ? long.MaxValue : (time - random.Next(10_000)) * 1000;
            Assert.Equal(all.Count, draft.SessionCount);
            Assert.Equal(
                all.Where(s => s.OverSince(time * 1000) is { } since && since < before)
                    .Select(s => s.Id).Order(StringComparer.Ordinal),
                draft.SessionsOver(before).Select(s => s.Id).Order(StringComparer.Ordinal));
            if (random.Next(4) == 0)
            {
                continue;
            }

            draft.Commit();
            Assert.Equal(
                state.Sessions.After(0).Where(s => !s.IsExpired && s.IsOverAt(time * 1000))
                    .OrderBy(s => s.ExpiresAt).ThenBy(s => s.Revision).Select(s => s.Id).Take(3),
                state.Sessions.Due(time, most: 3));
            Assert.Equal(
                state.Sessions.After(0).Where(s => s.IsOverAt(time * 1000)).Select(s => s.OverSince(time * 1000)).Order(),
                new MeshDraft(state, new Moment(time, 1)).SessionsOver(long.MaxValue).Select(s => s.OverSince(time * 1000)));
        }
    }

    [Fact]
    public void Cleanup_OfMoreThanItsLimit_TakesThoseThatEndedFirst()
    {
        var state = new MeshState();
        var draft = new MeshDraft(state, new Moment(1_000_000, 1));
        foreach (var (id, ttl) in new[] { ("third", 30), ("first", 10), ("second", 20), ("never", 0), ("later", 90) })
        {
            new CreateSession { Actor = Actors.Mesh, Id = id, Ttl = ttl }.Decide(draft);
        }

        draft.Commit();
        draft = new MeshDraft(state, new Moment(1_060_000, 2));
        var cleaned = new CleanupSessions { Actor = Actors.Mesh, Limit = 2 }.Decide(draft).Value!;
        Assert.Equal((["first", "second"], 3, true), (cleaned.Removed, cleaned.Remaining, cleaned.More), Same);
        cleaned = new CleanupSessions { Actor = Actors.Mesh, Limit = 2 }.Decide(draft).Value!;
        Assert.Equal((["third"], 2, false), (cleaned.Removed, cleaned.Remaining, cleaned.More), Same);

        static bool Same((IReadOnlyList<string> Ids, int Left, bool More) a, (IReadOnlyList<string> Ids, int Left, bool More) b) =>
            a.Ids.SequenceEqual(b.Ids) && (a.Left, a.More) == (b.Left, b.More);
    }

    private static void ChangeSession(MeshDraft draft, Random random, string id)
    {
        switch (random.Next(7))
        {
            case 0 or 1: new CreateSession { Actor = Actors.Mesh, Id = id, Ttl = random.Next(6) }.Decide(draft); break;
            case 2: new RefreshSession { Actor = Actors.Mesh, Id = id, Ttl = random.Next(6) }.Decide(draft); break;
            case 3: new ExpireSession { Actor = Actors.Mesh, Id = id }.Decide(draft); break;
            case 4: new DeleteSession { Actor = Actors.Mesh, Id = id }.Decide(draft); break;
            case 5:
                new ExpireSessions { Actor = Actors.Mesh, Ids = [.. Enumerable.Range(0, 20).Select(n => $"s{n}")] }.Decide(draft);
                break;
            default:
                new ImportSessions
                {
                    Actor = Actors.Mesh,
                    Records = [new(id, "u", random.Next(2) == 0, null, Meta.Empty, 5, random.Next(3), random.Next(2) * 900_000_000L, 0)],
                }.Decide(draft);
                break;
        }
    }

    private static void AssertFound(MeshDraft draft, List<Key> living)
    {
        Assert.All(living.Select(key => key.Lineage).Distinct(), lineage =>
        {
            Assert.Equal(Ids(living.Where(key => key.Lineage == lineage)), Ids(draft.KeysIn(lineage)));
            Assert.Equal(Ids(living.Where(key => key.Parent == lineage)), Ids(draft.KeysUnder(lineage)));
            Assert.Equal(Ids(living.Where(key => key.Parent == lineage && key.Name == "n")), Ids(draft.KeysNamed(lineage, "n")));
            Assert.Equal(living.First(key => key.Lineage == lineage).Parent, draft.LineageAbove(lineage));
            Assert.True(draft.HasKeysIn(lineage));
        });
        Assert.Equal(Ids(living.Where(key => key.AgentId == "a")), Ids(draft.KeysBoundTo("a")));
        Assert.All(
            draft.ChangedKeys.Where(key => !living.Exists(one => one.Lineage == key.Lineage)),
            key => Assert.False(draft.HasKeysIn(key.Lineage)));
    }

    private static void AssertTable(KeyTable table, List<Key> keys)
    {
        Assert.Equal(Ids(keys), Ids(table.All));
        Assert.Equal(keys.Skip(3).Select(key => key.Id), keys.Count < 3 ? [] : table.After(keys[2].Revision).Select(key => key.Id));
        Assert.All(
            keys,
            key => Assert.Equal(keys.Where(k => k.Lineage == key.Lineage).MaxBy(k => k.Generation)!.Id, table.NewestOf(key.Lineage)!.Id));
        Assert.All(keys, key => Assert.Equal(Ids(keys.Where(one => IsAtOrBelow(one, key.Lineage))), Ids(table.Family(key.Lineage))));

        bool IsAtOrBelow(Key key, string upper) =>
            key.Lineage == upper
            || (key.Parent is { } parent && keys.Find(k => k.Lineage == parent) is { } above && IsAtOrBelow(above, upper));
    }

    private static List<string> Ids(IEnumerable<Key> keys) => [.. keys.Select(key => key.Id).Order(StringComparer.Ordinal)];
}
