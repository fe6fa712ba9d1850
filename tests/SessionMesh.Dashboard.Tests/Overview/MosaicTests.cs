using System.Globalization;
using SessionMesh.Contracts.Agents;
using SessionMesh.Dashboard.Live;
using SessionMesh.Dashboard.Overview;
using SessionMesh.Dashboard.Tests.Support;

namespace SessionMesh.Dashboard.Tests.Overview;

public sealed class MosaicTests
{
    /// <summary>Whatever the fleet: every cell is inside, none covers another, and a point in it is that cell's.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Layout_HasAPlaceForEveryCell(int seed)
    {
        var random = new Random(seed); // replays
        for (var round = 0; round < 50; round++)
        {
            var groups = Enumerable.Range(0, random.Next(1, MosaicLayout.MostGroups))
                .Select(i => ($"group {i}", random.Next(1, random.Next(2, 400)))).ToList();
            var (width, height) = (random.Next(300, 1600), random.Next(200, 900));
            var layout = MosaicLayout.Of(groups, width, height);
            Assert.InRange(layout.Cell, MosaicLayout.LeastCell, MosaicLayout.MostCell);
            Assert.Equal(groups.Count, layout.Blocks.Count);
            var seen = new HashSet<int>();
            foreach (var block in layout.Blocks)
            {
                for (var at = 0; at < block.Count; at++)
                {
                    var x = block.X + ((at % block.Columns) + 0.5) * layout.Cell;
                    var y = block.Y + ((at / block.Columns) + 0.5) * layout.Cell;
                    Assert.InRange(x, 0, width);
                    Assert.InRange(y, 0, layout.Height);
                    Assert.Equal(block.First + at, layout.IndexAt(x, y));
                    Assert.True(seen.Add(block.First + at));
                }
            }

            Assert.Equal(groups.Sum(group => group.Item2), seen.Count);
            Assert.Equal(-1, layout.IndexAt(-1, -1));
        }
    }

    [Fact]
    public void Layout_OfAHundredThousand_FitsIntoAScreen()
    {
        var layout = MosaicLayout.Of([("all", 100_000)], 1280, 600);
        Assert.InRange(layout.Cell, MosaicLayout.LeastCell, 3);
        Assert.InRange(layout.Height, 1, 600);
        Assert.False(layout.HasNames);
        Assert.True(MosaicLayout.Of([("few", 6)], 1280, 600).HasNames);
    }

    [Fact]
    public void Model_HasTheLargestGroupFirst_AndAgentsById()
    {
        var fleet = Sample.Fleet(
            Sample.Agent("c", cluster: "big"), Sample.Agent("a", cluster: "big"), Sample.Agent("b", cluster: "small") with { Load = 0.5 },
            Sample.Agent("d", AgentStatus.Dead, cluster: "big") with { Load = 1 });
        var model = MosaicModel.Of(fleet, "cluster");
        Assert.Equal(["a", "c", "d", "b"], model.Agents.Select(agent => agent.Id));
        Assert.Equal([("big", 3), ("small", 1)], model.Groups);
        var (alive, dead) = ((byte)Marks.PlaceOf("alive"), (byte)Marks.PlaceOf("dead"));
        Assert.Equal([alive, 255, alive, 255, dead, 254, alive, 127], model.Cells);
    }

    [Fact]
    public void Model_SaysWhatChanged_WhereThePlacesAreTheSame()
    {
        var before = MosaicModel.Of(Sample.Fleet(Sample.Agent("a"), Sample.Agent("b"), Sample.Agent("c")), null);
        var after = MosaicModel.Of(
            Sample.Fleet(Sample.Agent("a"), Sample.Agent("b", AgentStatus.Lost), Sample.Agent("c") with { Load = 0 }), null);
        Assert.True(after.HasPlacesOf(before));
        Assert.Equal(
            [1, 0, 0, 0, (byte)Marks.PlaceOf("lost"), 255, 2, 0, 0, 0, (byte)Marks.PlaceOf("alive"), 0], after.ChangesSince(before));
        Assert.Empty(after.ChangesSince(after));
        Assert.False(MosaicModel.Of(Sample.Fleet(Sample.Agent("a"), Sample.Agent("b"), Sample.Agent("d")), null).HasPlacesOf(before));
    }

    [Fact]
    public void Model_OfManyGroups_PutsTheSmallestTogether_AndSaysSo()
    {
        var fleet = Sample.Fleet([.. Enumerable.Range(0, 100).Select(
            i => Sample.Agent(
                i.ToString("000", CultureInfo.InvariantCulture),
                cluster: "c" + (i % 80).ToString("00", CultureInfo.InvariantCulture)))]);
        var model = MosaicModel.Of(fleet, "cluster");
        Assert.Equal(MosaicLayout.MostGroups, model.Groups.Count);
        Assert.Equal("21 smaller groups", model.Groups[^1].Name);
        Assert.Equal(100, model.Groups.Sum(group => group.Count));
    }
}
