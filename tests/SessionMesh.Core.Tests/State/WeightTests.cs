using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;

namespace SessionMesh.Core.Tests.State;

/// <summary>What waits is bounded by its weight: whatever a caller can make long counts.</summary>
public sealed class WeightTests
{
    private const int Light = 1024;

    [Fact]
    public void Selection_CountsItsIdsAndLabels()
    {
        var ids = Enumerable.Range(0, 1000).Select(i => new string('x', 100) + i).ToList();
        var labels = new Dictionary<string, string> { ["name"] = new string('y', 5000) };
        Assert.InRange(Kill(new Selection { Cluster = "c" }).Weight, 1, Light);
        Assert.InRange(Kill(new Selection { AgentIds = ids }).Weight, 100_000, 110_000);
        Assert.InRange(Kill(new Selection { Labels = labels }).Weight, 5000, 5000 + Light);
    }

    /// <summary>Advice that cannot be followed is none: past the bound no count would do.</summary>
    [Theory]
    [InlineData(0, null, ErrorCodes.NothingMatched)]
    [InlineData(2, null, ErrorCodes.ExpectRequired)]
    [InlineData(2, 3, ErrorCodes.ExpectationFailed)]
    [InlineData(Limits.SelectorMatches + 1, null, ErrorCodes.TooManyMatched)]
    [InlineData(Limits.SelectorMatches + 1, 3, ErrorCodes.TooManyMatched)]
    [InlineData(Limits.SelectorMatches, Limits.SelectorMatches, null)]
    public void Count_IsCheckedInTheOrderInWhichItCanBeMended(int matched, int? expected, string? code) =>
        Assert.Equal(code, Selection.CheckCount(matched, expected)?.Code);

    private static KillMany Kill(Selection selection) =>
        new() { Actor = Actors.Mesh, Selection = selection, Order = new StopOrder { Grace = 1 } };
}
