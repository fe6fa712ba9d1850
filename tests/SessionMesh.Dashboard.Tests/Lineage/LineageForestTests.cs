using SessionMesh.Contracts.Agents;
using SessionMesh.Dashboard.Lineage;

namespace SessionMesh.Dashboard.Tests.Lineage;

public sealed class LineageForestTests
{
    [Fact]
    public void Lines_HaveParentsBeforeChildren_AndFoldWhatIsLarge()
    {
        var many = Enumerable.Range(0, LineageForest.OpenLines).Select(i => Row($"m{i}", 1, "big"));
        var forest = new LineageForest(
            [Row("a", 3), Row("b", 2, "a"), Row("c", 1, "b"), Row("big", 61), Row("e", 1, "gone"), .. many]);
        Assert.Equal(3, forest.Trees);
        Assert.Equal(["0 a", "1 b", "2 c", "0 big", "0 e"], Shown(forest, []));
        Assert.Equal(["0 a", "0 big", "0 e"], Shown(forest, new() { ["a"] = false }));
        Assert.Equal(5 + LineageForest.OpenLines, Shown(forest, new() { ["big"] = true }).Count);
    }

    [Fact]
    public void Lines_EndWhereTheLimitIs_AndSaySo()
    {
        var forest = new LineageForest(Enumerable.Range(0, LineageForest.MostLines + 1).Select(i => Row("a" + i, 1)));
        var (lines, hasMore) = forest.Lines(new Dictionary<string, bool>());
        Assert.Equal(LineageForest.MostLines, lines.Count);
        Assert.True(hasMore);
    }

    private static List<string> Shown(LineageForest forest, Dictionary<string, bool> isOpen) =>
        [.. forest.Lines(isOpen).Lines.Select(line => $"{line.Depth} {line.Row.AgentId}")];

    private static TopologyRow Row(string id, int agents, string? parent = null) => new()
    {
        AgentId = id,
        ParentId = parent,
        Subtree = new SubtreeSummary { Agents = agents, Alive = agents, Stalled = 0, Lost = 0, Load = null, Pending = 0 },
    };
}
