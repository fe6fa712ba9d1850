
namespace SessionMesh.Dashboard.Tests;

public sealed class AddressTests
{
    [Fact]
    public void Address_IsReadAsItWasWritten()
    {
        var address = new Address
        {
            Tab = "agents", Agent = "a:1", Filter = "lost", Search = "two words & more", Group = "root", Sort = "-load",
            Cluster = "eu west", Specialization = "image/ocr",
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

    [Fact]
    public void Address_LongerThanANameIs_IsNotTaken() =>
        Assert.Null(Address.Of("http://localhost/?agent=" + new string('a', 257)).Agent);
}
