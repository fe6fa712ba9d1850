using Microsoft.Playwright;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Page;

/// <summary>Debian's Chromium, without a window. One for the tests of the page; each has a profile of its own.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async Task InitializeAsync()
    {
        _playwright = await Playwright.CreateAsync();
        Assertions.SetDefaultExpectTimeout((float)Eventually.Bound.TotalMilliseconds);
        _browser = await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = "/usr/bin/chromium",
            Args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }

    /// <summary>A tab of somebody who has never been here.</summary>
    internal Task<Tab> OpenAsync(Mesh mesh, ColorScheme scheme = ColorScheme.Light, int width = 1280) =>
        OpenAsync(mesh.Server.Url, mesh.Server.RootKey, scheme, width);

    /// <summary>The same of a page at an address.</summary>
    internal async Task<Tab> OpenAsync(string url, string rootKey, ColorScheme scheme = ColorScheme.Light, int width = 1280)
    {
        var context = await _browser!.NewContextAsync(new()
        {
            BaseURL = url,
            ColorScheme = scheme,
            ViewportSize = new() { Width = width, Height = 800 },
            ReducedMotion = ReducedMotion.Reduce,
        });
        context.SetDefaultTimeout((float)Eventually.Bound.TotalMilliseconds);
        return new Tab(context, await context.NewPageAsync(), rootKey);
    }
}

/// <summary>One class of tests after another: they share a browser.</summary>
[CollectionDefinition(Name)]
public sealed class PageCollection : ICollectionFixture<Chromium>
{
    public const string Name = "the page";
}
