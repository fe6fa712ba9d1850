using System.Net;
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

    /// <summary>The key was forgotten whenever the mesh did not take it at once, such as for being asked too often.</summary>
    [Fact]
    public async Task Key_OfATab_IsKept_WhileTheMeshCannotSay()
    {
        await using var host = await PageHost.StartAsync();
        var script = host.Page.JSInterop.SetupModule(PageAssets.Url("page.js"));
        script.Mode = JSRuntimeMode.Loose;
        script.Setup<string?>("kept", "key").SetResult(host.RootKey);
        host.Instead = HttpStatusCode.TooManyRequests;
        var page = host.Open("/?tab=keys");
        page.WaitForAssertion(() => Assert.EndsWith(
            "The page tries again.", page.Find("[role=status]").TextContent, StringComparison.Ordinal));
        host.Instead = null;
        page.WaitForAssertion(() => Assert.Contains("Mint a key", page.Find("main").TextContent, StringComparison.Ordinal));
        Assert.DoesNotContain(script.Invocations, call => call.Identifier == "keep");
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
    public void Tabs_HaveABoundOfAnAddress_AndOneOfAll()
    {
        var viewers = new Viewers(address => address.GetAddressBytes()[3]);
        for (byte address = 1; address <= Viewers.Most / Viewers.MostOfAddress; address++)
        {
            for (var i = 0; i < Viewers.MostOfAddress; i++)
            {
                Assert.Null(viewers.Refusal(Address(address)));
                Assert.True(viewers.TryEnter(Address(address)));
            }

            Assert.False(viewers.TryEnter(Address(address)));
        }

        Assert.Equal(
            "500 tabs of this page are open, which is the most. Close one, and load the page again.", viewers.Refusal(Address(99)));
        Assert.False(viewers.TryEnter(Address(99)));
        viewers.Leave(Address(1));
        Assert.Null(viewers.Refusal(Address(1)));
        Assert.Equal(
            "50 tabs of this page are open from your address, which is the most. Close one, and load the page again.",
            viewers.Refusal(Address(2)));
        Assert.False(viewers.TryEnter(Address(2)));
        Assert.True(viewers.TryEnter(null)); // without an address, as on a Unix socket

        static IPAddress Address(byte last) => new([10, 0, 0, last]);
    }
}
