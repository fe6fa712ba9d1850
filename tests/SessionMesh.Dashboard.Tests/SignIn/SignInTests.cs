using Bunit;
using SessionMesh.Contracts.Keys;
using SessionMesh.Dashboard.SignIn;
using SessionMesh.Dashboard.Tests.Support;

namespace SessionMesh.Dashboard.Tests.SignIn;

public sealed class SignInTests
{
    [Theory]
    [InlineData("", "Paste a key.")]
    [InlineData("two words", "This is no key")]
    [InlineData("smk_aaaaaaaaaaaa_bbbb", "The mesh does not know this key")]
    public async Task Key_ThatIsNone_IsRefusedWithAWord(string key, string word)
    {
        await using var host = await PageHost.StartAsync();
        var form = host.Page.Render<SignInForm>();
        form.Find("input").Input(key);
        await form.Find("form").SubmitAsync();
        form.WaitForAssertion(() => Assert.Contains(word, form.Find("[role=alert]").TextContent, StringComparison.Ordinal));
        Assert.False(host.Viewer.IsSignedIn);
    }

    [Fact]
    public async Task Key_ThatTheMeshKnows_IsTaken_WithTheBlanksAroundItLeftOut()
    {
        await using var host = await PageHost.StartAsync();
        string? taken = null;
        var form = host.Page.Render<SignInForm>(parameters => parameters.Add(form => form.OnSignedIn, key => taken = key));
        form.Find("input").Input($" {host.RootKey}\n");
        await form.Find("form").SubmitAsync();
        form.WaitForAssertion(() => Assert.Equal(host.RootKey, taken));
        Assert.Equal("root", host.Viewer.Key!.SessionKey);
    }

    [Fact]
    public async Task Code_IsTradedOnce_ForAKeyOfItsOwn()
    {
        await using var host = await PageHost.StartAsync();
        var code = (await host.Root.CreateSignInCodeAsync(new CreateKeyRequest { Scopes = ["mesh:read"] })).Code;
        var key = await host.Viewer.TradeAsync(code);
        Assert.NotNull(key);
        Assert.Equal(["mesh:read"], host.Viewer.Key!.Scopes);
        host.Viewer.SignOut(notice: null);
        Assert.Null(await host.Viewer.TradeAsync(code));
        Assert.StartsWith("This code is not known", host.Viewer.Notice, StringComparison.Ordinal);
        Assert.False(host.Viewer.IsSignedIn);
    }

    [Fact]
    public void Tabs_HaveABound()
    {
        var viewers = new Viewers();
        for (var i = 0; i < Viewers.Most; i++)
        {
            Assert.True(viewers.TryEnter());
        }

        Assert.False(viewers.TryEnter());
        viewers.Leave();
        Assert.True(viewers.TryEnter());
    }
}
