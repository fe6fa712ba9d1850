using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Push;
using SessionMesh.Server.Store;
using SessionMesh.Server.Store.Loading;
using SessionMesh.Server.Store.Sqlite;

namespace SessionMesh.Server.Tests.Engine;

/// <summary>
/// Everything that is durable, as lines of text, from three sides: the state in memory, the tables, and the log replayed from
/// nothing. Records are written with every public property by reflection, so that no field is left out, a new one included.
/// </summary>
internal static class Projection
{
    public static List<string> OfMemory(MeshState state)
    {
        var lines = new List<string>
        {
            $"revision {state.Revision}",
            $"epoch {state.Epoch}",
            $"forgotten {state.ForgottenIncarnation}",
            $"free [{string.Join(", ", FreeNumbers(state))}]",
        };
        for (var number = 0; number < state.Slots.Count; number++)
        {
            if (state.Slots[number] is not { } slot)
            {
                continue;
            }

            lines.Add("agent " + Dump(slot.Agent));
            lines.Add(
                $"inbox {number} {slot.Inbox.LastSeq} {slot.Inbox.LastRevision} [{string.Join(", ", slot.Inbox.Pending.Select(Dump))}]");
            lines.Add($"children {number} [{string.Join(", ", state.Forest.Children(number).Order())}]");
        }

        lines.AddRange(state.Keys.All.OrderBy(k => k.Revision).Select(k => "key " + Dump(k)));
        lines.AddRange(state.Sessions.After(0).Select(s => "session " + Dump(s)));
        lines.AddRange(state.Claims.After(0).Select(c => "claim " + Dump(c)));
        lines.AddRange(state.Links.After(0).Select(l => "link " + Dump(l)));
        lines.AddRange(state.Receipts.All.Select(r => "receipt " + Dump(r)));
        return lines;
    }

    /// <summary>
    /// The numbers that the next new agents get, as far as they are below that of one that is known: above it they simply follow.
    /// </summary>
    private static List<int> FreeNumbers(MeshState state)
    {
        var newest = Enumerable.Range(0, state.Slots.Count).LastOrDefault(n => state.Slots[n] is not null, -1);
        var free = new List<int>();
        for (var next = state.Free.Next(0, newest + 1); next >= 0; next = state.Free.Next(next + 1, newest + 1))
        {
            free.Add(next);
        }

        Assert.Equal(Enumerable.Range(0, newest + 1).Where(n => state.Slots[n] is null), free);
        return free;
    }

    /// <summary>What a restart would load.</summary>
    public static MeshState Reloaded(MeshStore store)
    {
        var state = new MeshState();
        using var db = store.OpenReader();
        StateLoader.Load(db, state, at => new Moment(at, 1));
        return state;
    }

    /// <summary>The log, replayed from nothing; what is over on its way is collected, since memory does not keep it.</summary>
    public static (MeshState State, Dictionary<long, DirectiveRecord> Directives, Dictionary<string, Key> Keys) Replayed(MeshStore store)
    {
        var state = new MeshState();
        var directives = new Dictionary<long, DirectiveRecord>();
        var keys = new Dictionary<string, Key>(StringComparer.Ordinal);
        using var db = store.OpenReader();
        foreach (var row in db.Changes.OrderBy(c => c.Revision))
        {
            var draft = new MeshDraft(state, new Moment(row.At, 1));
            draft.Apply(Read(row));
            foreach (var directive in draft.ChangedDirectives)
            {
                directives[directive.Revision] = directive;
            }

            foreach (var key in draft.ChangedKeys)
            {
                keys[key.Id] = key;
            }

            draft.Commit();
        }

        return (state, directives, keys);
    }

    /// <summary>
    /// The newest changes with their envelopes, as they were committed and as the log gives them back: as many as memory keeps.
    /// </summary>
    public static (List<string> Committed, List<string> Read) Log(MeshStore store, ChangeFeed feed, long revision)
    {
        var after = Math.Max(0, revision - ChangeFeed.Kept);
        using var db = store.OpenReader();
        return (
            [.. feed.After(after, revision, ChangeFeed.Kept)!.Select(Envelope)],
            [.. db.Changes.Where(c => c.Revision > after).OrderBy(c => c.Revision).AsEnumerable().Select(row => Envelope(Read(row)))]);
    }

    /// <summary>Directives and keys that are over, from the tables.</summary>
    public static List<string> OfTables(MeshStore store)
    {
        using var db = store.OpenReader();
        var messages = new KeptMessages(db);
        return
        [
            .. db.Directives.OrderBy(d => d.Revision).ToList().Select(d => "directive " + Dump(StateLoader.ToDirective(d, "", messages))),
            .. db.Keys.OrderBy(k => k.Revision).AsEnumerable().Select(k => "key " + Dump(StateLoader.ToKey(k))),
        ];
    }

    public static List<string> OfReplay(Dictionary<long, DirectiveRecord> directives, Dictionary<string, Key> keys) =>
        [
            .. directives.Values.OrderBy(d => d.Revision).Select(d => "directive " + Dump(d with { AgentId = "" })),
            .. keys.Values.OrderBy(k => k.Revision).Select(k => "key " + Dump(k)),
        ];

    /// <summary>Every index, recomputed from the records alone, against the index itself.</summary>
    public static void AssertIndexes(MeshState state)
    {
        var agents = Enumerable.Range(0, state.Slots.Count).Select(n => state.Slots[n]?.Agent).OfType<Agent>().ToList();
        var count = state.Slots.Count;
        foreach (var liveness in Enum.GetValues<Liveness>())
        {
            Assert.Equal(Numbers(agents, a => a.Liveness == liveness), Members(state.Indexes.With(liveness), count));
        }

        var paths = agents.SelectMany(a => a.Specializations.Names).SelectMany(name => SpecializationName.Above(name).Append(name))
            .ToHashSet(StringComparer.Ordinal);
        foreach (var path in paths)
        {
            bool Has(Agent agent) => agent.Specializations.Names.Any(name => SpecializationName.IsAtOrBelow(name, path));
            Assert.True(state.Indexes.TryGetSpecialization(path, out var set));
            Assert.Equal(Numbers(agents, Has), Members(set, count));
            AssertRoom(state, path, agents.FindAll(Has));
        }

        foreach (var cluster in agents.Select(a => a.Cluster).Distinct(StringComparer.Ordinal))
        {
            Assert.True(state.Indexes.TryGetCluster(cluster, out var set));
            Assert.Equal(Numbers(agents, a => a.Cluster == cluster), Members(set, count));
        }

        Assert.Equal(
            paths.Count + agents.Select(a => a.Cluster).Distinct().Count(),
            state.Indexes.Names);
        foreach (var account in agents.Select(a => a.Owner).OfType<string>().Distinct())
        {
            Assert.Equal(agents.Count(a => a.Owner == account), state.Indexes.Accounts.AgentsOf(account));
            Assert.Equal(
                agents.Where(
                    a => a.Owner == account && a.Liveness == Liveness.Dead && a.LastExit!.Confirmed).Select(a => (
                        a.GoneAt, a.Born, a.Number)).Order(),
                state.Indexes.Accounts.Ended(account));
        }

        Assert.Equal(agents.Select(a => a.Owner).OfType<string>().Distinct().Count(), state.Indexes.Accounts.Count);
        Assert.Equal(state.Links.After(0).Count(), state.Links.Count);
        for (var number = 0; number < count; number++)
        {
            Assert.Equal(state.Links.After(0).Where(l => l.From == number), state.Links.From(number));
            Assert.Equal(state.Links.After(0).Where(l => l.To == number), state.Links.To(number));
            Assert.Equal(state.Links.From(number).Count(), state.Links.CountFrom(number));
            Assert.Equal(state.Links.To(number).Count(), state.Links.CountTo(number));
        }

        Assert.All(state.Links.After(0), l => Assert.Equal((l.FromId, l.ToId), (state.AgentAt(l.From)!.Id, state.AgentAt(l.To)!.Id)));
        Assert.Equal(agents.Count, state.AgentCount);
        Assert.All(agents, a => Assert.Same(a, state.Find(a.Id)!.Agent));
    }

    /// <summary>Who has room, and the order in which they are found; and that nobody holds what nobody claimed.</summary>
    private static void AssertRoom(MeshState state, string path, List<Agent> agents)
    {
        var expected = agents.Select(a => RoomPlace.Of(a, state.Slots[a.Number]!.Load, path)).OfType<RoomPlace>()
            .Order(RoomPlace.LeastLoaded).ToList();
        var found = new List<RoomPlace>();
        state.Indexes.OrderOf(path)!.Visit(place =>
        {
            found.Add(place);
            return true;
        });
        Assert.Equal(expected, found);
        Assert.Equal(expected.Count, state.Indexes.RoomOf(path));
        foreach (var agent in agents)
        {
            var claims = state.Claims.After(0).Where(claim => claim.Agent == agent.Number).ToList();
            Assert.All(claims, claim => Assert.Equal(agent.Id, claim.AgentId));
            Assert.Equal(
                claims.GroupBy(c => c.Specialization).Select(g => $"{g.Key}={g.Count()}").Order(StringComparer.Ordinal),
                agent.Holds.Entries);
        }
    }

    private static Change Read(ChangeRow row) =>
        ChangeCodec.Read(row.Revision, row.At, row.Actor, Origin.Of(row.RemoteAddress, row.RequestId), row.Kind, row.Subject, row.Payload);

    private static string Envelope(Change c) => $"{c.Revision} {c.At} {c.Actor} {c.Kind} {c.Subject} {c.Origin}";

    private static string Dump<T>(T record) => JsonSerializer.Serialize(record);

    private static List<int> Numbers(List<Agent> agents, Func<Agent, bool> matches) => [.. agents.Where(matches).Select(a => a.Number)];

    private static List<int> Members(NumberSet set, int count)
    {
        List<int> members = [.. Enumerable.Range(0, count).Where(set.Contains)];
        Assert.Equal(set.Count, members.Count);
        return members;
    }
}
