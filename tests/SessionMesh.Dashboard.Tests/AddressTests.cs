using System.Reflection;

namespace SessionMesh.Dashboard.Tests;

public sealed class AddressTests
{
    [Fact]
    public void Address_IsReadAsItWasWritten()
    {
        var address = new Address
        {
            Tab = "agents", Agent = "a:1", Filter = "lost", Search = "two words & more", Group = "root", Sort = "-load",
            Cluster = "eu west", Specialization = "image/ocr", AnySpecialization = "a,b", Label = "env=prod,tier!=free", User = "ann",
            Parent = "p", Subtree = "s", Prefix = "a-",
        };
        Assert.Equal(address, Address.Of("http://localhost" + address.ToUri()));
        Assert.Equal("/", new Address().ToUri());
    }

    [Theory]
    [InlineData("?tab=nothing")]
    [InlineData("?tab=agents&tab=keys")]
    [InlineData("?agent=")]
    [InlineData("#code=00")]
    public void Address_ThatSaysNothing_IsTheOverview(string rest) =>
        Assert.Equal(new Address(), Address.Of("http://localhost/" + rest));

    /// <summary>A part that is added and not written, or not read, is lost on the way.</summary>
    [Fact]
    public void Address_HasEveryPart()
    {
        var parts = typeof(Address).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(part => part.CanWrite);
        var full = new Address();
        foreach (var part in parts)
        {
            part.SetValue(full, part.Name == nameof(Address.Tab) ? "agents" : part.Name);
        }

        Assert.Equal(full, Address.Of("http://localhost" + full.ToUri()));
    }

    [Fact]
    public void Address_LongerThanANameIs_IsNotTaken()
    {
        Assert.Null(Address.Of("http://localhost/?agent=" + new string('a', 257)).Agent);
        Assert.Null(Address.Of("http://localhost/?label=" + new string('a', 2049)).Label);
        Assert.NotNull(Address.Of("http://localhost/?label=" + new string('a', 2048)).Label);
    }
}
