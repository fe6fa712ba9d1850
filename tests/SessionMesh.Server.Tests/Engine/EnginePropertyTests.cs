using System.Globalization;

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

    private static void AssertAllEqual(EngineRig rig)
    {
        var memory = Projection.OfMemory(rig.State);
        Assert.Equal(memory, Projection.OfMemory(Projection.Reloaded(rig.Store)));
        var (replayed, directives, keys) = Projection.Replayed(rig.Store);
        Assert.Equal(memory, Projection.OfMemory(replayed));
        Assert.Equal(Projection.OfTables(rig.Store), Projection.OfReplay(directives, keys));
        var (committed, read) = Projection.Log(rig.Store, rig.Feed, rig.State.Revision);
        Assert.Equal(committed, read);
        Projection.AssertIndexes(rig.State);
    }
}
