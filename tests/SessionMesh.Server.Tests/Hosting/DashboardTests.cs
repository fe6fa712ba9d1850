using System.Net.WebSockets;
using System.Text.RegularExpressions;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Hosting;

/// <summary>What the server sends of the live page before a browser does anything with it.</summary>
public sealed partial class DashboardTests
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src data:; connect-src 'self'; "
        + "base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

    [Fact]
    public async Task Page_LoadsFilesOfThisServerAlone_AndThoseAreKeptForEver()
    {
        await using var mesh = await MeshHost.StartAsync();
        var page = await PageAsync(mesh);
        Assert.Equal(200, page.Status);
        Assert.Equal("text/html; charset=utf-8", page.Headers["Content-Type"]);
        Assert.Equal(Policy, page.Headers["Content-Security-Policy"]);
        Assert.Equal("same-origin", page.Headers["Cross-Origin-Opener-Policy"]);
        Assert.StartsWith("no-store", page.Headers["Cache-Control"], StringComparison.Ordinal);
        var files = File().Matches(page.Text).Select(match => match.Groups["path"].Value).ToList();
        Assert.Equal(["/page/page.css", "/page/blazor.web.js", "/page/page.js"], files.Select(file => file.Split('?')[0]));
        foreach (var file in files)
        {
            var asset = await mesh.GetAsync("~" + file, key: "");
            Assert.Equal(200, asset.Status);
            Assert.Equal("public, max-age=31536000, immutable", asset.Headers["Cache-Control"]);
            Assert.Equal("no-cache", (await mesh.GetAsync("~" + file.Split('?')[0], key: "")).Headers["Cache-Control"]);
        }

        (await mesh.GetAsync("~/page/appsettings.json", key: "")).ShouldBeProblem(404, "not_found");
        Assert.DoesNotMatch("(?i)<script>|<style| on[a-z]+=|https?:", page.Text);
    }

    /// <summary>Nobody who asks without a key learns anything of the mesh: but for what is signed, pages are alike.</summary>
    [Fact]
    public async Task Page_IsTheSameWhateverTheMeshHolds()
    {
        await using var mesh = await MeshHost.StartAsync();
        var before = Unsigned(await PageAsync(mesh));
        await mesh.RegisterAsync("secret-agent");
        Assert.Equal(before, Unsigned(await PageAsync(mesh)));
        Assert.Equal(before, Unsigned(await PageAsync(mesh, "?agent=secret-agent&tab=agents")));
    }

    [Fact]
    public async Task NoDashboard_LeavesNothingOfIt()
    {
        await using var mesh = await MeshHost.StartAsync(options: "--no-dashboard");
        Assert.DoesNotContain("/page/", (await PageAsync(mesh)).Text, StringComparison.Ordinal);
        foreach (var path in (string[])["~/page/page.js", "~/_blazor", "~/_blazor/initializers"])
        {
            (await mesh.GetAsync(path, key: "")).ShouldBeProblem(404, "not_found");
        }
    }

    /// <summary>The page of another site cannot open the page's connection.</summary>
    [Fact]
    public async Task Hub_RefusesAForeignOrigin()
    {
        await using var mesh = await MeshHost.StartAsync();
        foreach (var path in (string[])["~/_blazor/negotiate?negotiateVersion=1", "~/_blazor"])
        {
            using var request = mesh.Request(HttpMethod.Post, path, key: "");
            request.Headers.Add("Origin", "https://evil.example");
            (await mesh.SendAsync(request)).ShouldBeProblem(403, "origin_not_allowed");
        }
    }

    /// <summary>Nobody takes all the places, and whoever comes too late is told so instead of shown an empty page.</summary>
    [Fact]
    public async Task Tabs_OfOneAddress_HaveABound()
    {
        await using var mesh = await MeshHost.StartAsync();
        var tabs = new List<ClientWebSocket>();
        try
        {
            for (var i = 0; i < 50; i++)
            {
                tabs.Add(await ConnectAsync(mesh));
            }

            await ShowsAsync(mesh, 429);
            var page = await PageAsync(mesh);
            Assert.Contains("50 tabs of this page are open from your address", page.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("<script", page.Text, StringComparison.Ordinal);
            using var late = await ConnectAsync(mesh);
            Assert.True(await IsClosedAsync(late));

            tabs[0].Dispose();
            await ShowsAsync(mesh, 200);
            tabs.Add(await ConnectAsync(mesh));
            await ShowsAsync(mesh, 429);
        }
        finally
        {
            tabs.ForEach(tab => tab.Dispose());
        }
    }

    private static Task ShowsAsync(MeshHost mesh, int status) =>
        Eventually.True(async () => (await PageAsync(mesh)).Status == status, () => $"the page with status {status}");

    /// <summary>A connection as Blazor's script opens it, up to where a page would begin.</summary>
    private static async Task<ClientWebSocket> ConnectAsync(MeshHost mesh)
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(mesh.Address) { Scheme = "ws", Path = "/_blazor" }.Uri, CancellationToken.None);
        var greeting = "{\"protocol\":\"blazorpack\",\"version\":1}\u001e"u8.ToArray();
        await socket.SendAsync(greeting, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        return socket;
    }

    private static async Task<bool> IsClosedAsync(ClientWebSocket socket)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            var buffer = new byte[1024];
            while ((await socket.ReceiveAsync(buffer, bound.Token)).MessageType != WebSocketMessageType.Close)
            {
                // The answer to the greeting.
            }

            return true;
        }
        catch (WebSocketException)
        {
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static async Task<Reply> PageAsync(MeshHost mesh, string query = "")
    {
        using var request = mesh.Request(HttpMethod.Get, "~/" + query, key: "");
        request.Headers.TryAddWithoutValidation("Accept", "text/html");
        return await mesh.SendAsync(request);
    }

    private static string Unsigned(Reply page) => Descriptor().Replace(page.Text, "");

    [GeneratedRegex("(?:href|src)=\"(?<path>/page/[^\"]*)\"", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex File();

    [GeneratedRegex("\"descriptor\":\"[^\"]*\"", RegexOptions.None, 5000)]
    private static partial Regex Descriptor();
}
