using SessionMesh.Dashboard.Agents;

namespace SessionMesh.Dashboard.Tests.Agents;

/// <summary>What of a list a request by selector can say.</summary>
public sealed class AgentFilterTests
{
    [Theory]
    [InlineData("specialization=ocr&cluster=blue")]
    [InlineData("subtree=lead&filter=all&sort=-load")]
    [InlineData("label=env%3Dprod,tier%3D")]
    public void List_ThatASelectorCanSay_HasOne(string query)
    {
        var address = Of(query);
        Assert.NotNull(address.ToSelector());
        Assert.Empty(address.Unsayable());
    }

    [Fact]
    public void Selector_IsOfTheSameWords()
    {
        var selector = Of("specialization=ocr&cluster=blue&label=env%3Dprod,tier%3Dfree&subtree=lead").ToSelector()!;
        Assert.Equal(("ocr", "blue", "lead"), (selector.Specialization, selector.Cluster, selector.Subtree));
        Assert.Equal([("env", "prod"), ("tier", "free")], selector.Label!.Select(label => (label.Key, label.Value)));
        Assert.Null(selector.AgentIds);
    }

    [Theory]
    [InlineData("q=word", "the search")]
    [InlineData("filter=idle", "the filter idle")]
    [InlineData("label=tier!%3Dfree", "labels with != or given twice")]
    [InlineData("label=env%3Da,env%3Db", "labels with != or given twice")]
    [InlineData("user=ann", "the user")]
    [InlineData("parent=a", "the parent")]
    [InlineData("prefix=a", "how ids begin")]
    [InlineData("any_specialization=a,b", "one of several specializations")]
    [InlineData("all_specializations=a,b", "all of several specializations")]
    public void List_ThatASelectorCannotSay_NamesWhat_AndHasNone(string query, string what)
    {
        var address = Of("cluster=blue&" + query);
        Assert.Equal([what], address.Unsayable());
        Assert.Null(address.ToSelector());
    }

    /// <summary>An empty selector never means everyone.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("filter=all&sort=id")]
    public void Everybody_IsNoSelector(string query) => Assert.Null(Of(query).ToSelector());

    /// <summary>A filter that is added and forgotten here would let an act reach more than the list shows.</summary>
    [Fact]
    public void Filter_EachOne_IsInTheSelector_OrNamedAsUnsayable()
    {
        string[] places = [nameof(Address.Tab), nameof(Address.Agent), nameof(Address.Group), nameof(Address.Sort)];
        foreach (var part in typeof(Address).GetProperties().Where(part => part.CanWrite && !places.Contains(part.Name)))
        {
            var address = new Address();
            part.SetValue(address, part.Name == nameof(Address.Label) ? "env=prod" : "x");
            Assert.True(address.ToSelector() is not null || address.Unsayable().Count == 1, part.Name);
            Assert.True(address.IsNarrowed(), part.Name);
        }
    }

    private static Address Of(string query) => Address.Of("http://localhost/?tab=agents&" + query);
}
