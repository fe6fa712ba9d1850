using System.Globalization;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Store;
using SessionMesh.Storage;

namespace SessionMesh.Server.Tests.Engine;

/// <summary>
/// Random commands in random batches, time that passes, and commits that fail: afterwards memory, tables and the replayed log
/// are equal. A failing seed replays with <c>SESSION_MESH_SEED</c>.
/// </summary>
public sealed class EnginePropertyTests
{
    private const int Steps = 120;

    public static TheoryData<int> Seeds()
    {
        var given = Environment.GetEnvironmentVariable("SESSION_MESH_SEED");
        return given is null
            ? [1, 2, 3, 4, 5, 6, Random.Shared.Next(), Random.Shared.Next()]
            : [int.Parse(given, CultureInfo.InvariantCulture)];
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task RandomCommands_SomeOnAFullDisk_LeaveMemoryTablesAndLogEqual(int seed)
    {
        using var rig = new EngineRig();
        var random = new Random(seed);
        var commands = new RandomCommands(random, rig.Engine);
        var failures = 0;
        for (var step = 0; step < Steps; step++)
        {
            rig.Time.Advance(TimeSpan.FromSeconds(random.Next(10)));
            if (random.Next(15) == 0)
            {
                rig.Time.JumpWall(TimeSpan.FromSeconds(random.Next(-3600, 60))); // somebody sets the clock
            }

            var full = random.Next(3) == 0;
            if (full)
            {
                rig.FillDisk();
            }

            var before = full ? Projection.OfMemory(rig.State) : null;
            var batch = Enumerable.Range(0, random.Next(1, 30)).Select(_ => commands.Next()).ToList();
            if (full)
            {
                batch.Add(commands.NextLarge());
            }

            var codes = await Task.WhenAll(batch);
            if (full)
            {
                rig.FreeDisk();
            }

            failures += codes.Contains("disk_full") ? 1 : 0;
            if (full && codes.All(code => code is not null))
            {
                Assert.Equal(before, Projection.OfMemory(rig.State));
            }

            Assert.DoesNotContain("internal", codes);
            if (step % 20 == 0 || step == Steps - 1)
            {
                AssertAllEqual(rig);
            }
        }

        Assert.True(failures > 0, "no commit failed: the fault was not there");
    }

    /// <summary>
    /// The same over a log that others write too, and that fails, falls behind, throws and loses its answers: what a caller was told is
    /// true.
    /// </summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task RandomCommands_OverALogThatFailsFallsBehindAndLosesTheAnswer_LeaveMemoryTablesAndLogEqual(int seed)
    {
        var random = new Random(seed);
        FaultyLog? faulty = null;
        using var rig = new EngineRig((log, state) => faulty = new FaultyLog(log, state, new Random(seed + 1)));
        var commands = new RandomCommands(random, rig.Engine);
        var told = new Dictionary<string, string?>(StringComparer.Ordinal);
        for (var step = 0; step < Steps; step++)
        {
            rig.Time.Advance(TimeSpan.FromSeconds(random.Next(10)));
            var batch = Enumerable.Range(0, random.Next(1, 30)).Select(_ => commands.Next()).ToList();
            var marked = $"marked-{step}";
            var mark = rig.Engine.ExecuteAsync(
                new DeclareAgent { Actor = Actors.Mesh, AgentId = marked, Profile = new Profile() }, Core.Audit.Origin.Mesh);
            await Task.WhenAll(batch);
            told[marked] = (await mark).Error?.Code;
        }

        faulty!.IsFaulty = false;
        await rig.Engine.ExecuteAsync(new NoteAdmin { Actor = Actors.Mesh, Operation = "check" }, Core.Audit.Origin.Mesh);
        AssertAllEqual(rig);
        foreach (var (id, code) in told)
        {
            var isThere = rig.State.Find(id) is not null;
            Assert.True(
                code == "outcome_unknown" || isThere == (code is null),
                $"{id} was answered '{code}', and is {(isThere ? "there" : "not there")}");
        }

        Assert.Equal(
            ["behind", "caught up", "failed", "found out", "given up", "lost, not there", "lost, there", "thrown"],
            faulty.Ends.Keys.Order(StringComparer.Ordinal));
    }

    /// <summary>
    /// The same, with passes of compaction on the way: only what is over and old goes, memory does not notice, and a restart finds what it
    /// needs.
    /// </summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task RandomCommands_CompactedOnTheWay_LeaveMemoryAndTablesEqual_AndTheRestOfTheLogWhole(int seed)
    {
        using var rig = new EngineRig();
        var random = new Random(seed);
        var commands = new RandomCommands(random, rig.Engine);
        var trimmed = default(Trimmed);
        for (var step = 0; step < Steps; step++)
        {
            rig.Time.Advance(TimeSpan.FromSeconds(random.Next(10)));
            await Task.WhenAll(Enumerable.Range(0, random.Next(1, 30)).Select(_ => commands.Next()));
            if (step % 10 != 9)
            {
                continue;
            }

            var now = rig.Engine.Now.Wall;
            var kept = step == Steps - 1 ? 1 : 100_000; // of the last pass nothing that is over is spared
            var limits = new TrimLimits(now - random.Next(kept), now - random.Next(kept), now - random.Next(kept));
            var memory = Projection.OfMemory(rig.State);
            var before = Read(rig);
            var pass = new TrimPass(limits, agent => Newest(rig, agent));
            while (await rig.Engine.UpkeepAsync(() => pass.Step(rig.Store.Connection)))
            {
            }

            var after = Read(rig);
            Assert.Equal(memory, Projection.OfMemory(rig.State));
            var reloaded = Projection.Reloaded(rig.Store);
            Assert.Equal(memory, Projection.OfMemory(reloaded));
            Assert.Equal(rig.State.Snapshot().Digest(), reloaded.Snapshot().Digest());
            Assert.Equal(
                before.Log.Where(c => c.Revision == rig.State.Revision || c.At >= limits.Log).Select(c => c.Revision),
                after.Log.Select(c => c.Revision));
            Assert.Equal(pass.OldestRevision, after.Log[0].Revision);
            Assert.Equal(
                before.Keys.Where(k => k.EndedAt == 0 || k.EndedAt >= limits.Keys).Select(k => k.Revision),
                after.Keys.Select(k => k.Revision));
            foreach (var (agent, were) in before.Directives.GroupBy(d => d.Agent).Select(g => (g.Key, g.OrderBy(d => d.Revision).ToList())))
            {
                // The oldest, as many in a row as are over and old, and never the last, unless its agent was forgotten.
                List<DirectiveRow> last = Newest(rig, agent) == were[^1].Revision ? [were[^1]] : [];
                var left = were.Except(last)
                    .SkipWhile(d => d.State > (int)DeliveryState.Accepted && d.EndedAt < limits.Directives)
                    .Concat(last);
                Assert.Equal(
                    left.Select(d => d.Revision),
                    after.Directives.Where(d => d.Agent == agent).OrderBy(d => d.Revision).Select(d => d.Revision));
            }

            trimmed = new(
                trimmed.Changes + pass.Removed.Changes, trimmed.Directives + pass.Removed.Directives, trimmed.Keys + pass.Removed.Keys);
        }

        Assert.True(trimmed is { Changes: > 0, Directives: > 0, Keys: > 0 }, $"a pass removed nothing: {trimmed}");
    }

    private static long Newest(EngineRig rig, int agent) =>
        agent < rig.State.Slots.Count ? rig.State.Slots[agent]?.Inbox.LastRevision ?? 0 : 0;

    private static (List<ChangeRow> Log, List<DirectiveRow> Directives, List<KeyTableRow> Keys) Read(EngineRig rig)
    {
        using var db = rig.Store.OpenReader();
        return (
            [.. db.Changes.OrderBy(c => c.Revision)], [.. db.Directives.OrderBy(d => d.Revision)], [.. db.Keys.OrderBy(k => k.Revision)]);
    }

    private static void AssertAllEqual(EngineRig rig)
    {
        var memory = Projection.OfMemory(rig.State);
        var reloaded = Projection.Reloaded(rig.Store);
        Assert.Equal(memory, Projection.OfMemory(reloaded));
        var (replayed, directives, keys) = Projection.Replayed(rig.Store);
        Assert.Equal(memory, Projection.OfMemory(replayed));
        var digest = rig.State.Snapshot().Digest();
        Assert.Equal((digest, digest), (reloaded.Snapshot().Digest(), replayed.Snapshot().Digest()));
        Assert.Equal(Projection.OfTables(rig.Store), Projection.OfReplay(directives, keys));
        var (committed, read) = Projection.Log(rig.Store, rig.Feed, rig.State.Revision);
        Assert.Equal(committed, read);
        Projection.AssertIndexes(rig.State);
    }
}
