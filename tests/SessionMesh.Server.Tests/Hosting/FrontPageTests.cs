using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Hosting;

/// <summary><c>/</c> says what this is and where to go, and nothing else: without the dashboard in a browser, too.</summary>
public sealed partial class FrontPageTests
{
    private const string Browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

    [Theory]
    [InlineData(null)]
    [InlineData("*/*")]
    [InlineData("text/*")]
    [InlineData("application/json")]
    [InlineData("text/html;q=0, */*")]
    [InlineData("nonsense")]
    public async Task Program_GetsAFewLinesOfText(string? accept)
    {
        await using var mesh = await MeshHost.StartAsync();
        var reply = await GetAsync(mesh, accept);
        Assert.Equal(200, reply.Status);
        Assert.Equal("text/plain; charset=utf-8", reply.Headers["Content-Type"]);
        Assert.Equal("Accept", reply.Headers["Vary"]);
        Assert.DoesNotContain("Content-Security-Policy", reply.Headers.Keys);
        Assert.Equal(
            """
            Session Mesh: the control plane for fleets of agents.
            The API is under /api/session-mesh and needs a key. /openapi/v1.json describes it, /swagger is a page to try it.
            In a terminal: session-mesh --help

            """,
            reply.Text);
    }

    [Theory]
    [InlineData(Browser)]
    [InlineData("TEXT/HTML; q=0.1")]
    public async Task Browser_GetsAPageThatLoadsNothing(string accept)
    {
        await using var mesh = await MeshHost.StartAsync(options: "--no-dashboard");
        var reply = await GetAsync(mesh, accept);
        Assert.Equal(200, reply.Status);
        Assert.Equal("text/html; charset=utf-8", reply.Headers["Content-Type"]);
        Assert.Equal("Accept", reply.Headers["Vary"]);
        Assert.Equal("same-origin", reply.Headers["Cross-Origin-Opener-Policy"]);
        var style = Assert.Single(Style().Matches(reply.Text)).Groups["css"].Value;
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(style)));
        Assert.Equal(
            $"default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            reply.Headers["Content-Security-Policy"]);
        Assert.DoesNotMatch("(?i)<script|<img|<link|<form|<iframe| style=| on[a-z]+=| src=|url\\(|@import|https?:", reply.Text);
    }

    [Fact]
    public async Task Page_LinksToWhatIsThere()
    {
        await using var mesh = await MeshHost.StartAsync(options: "--no-dashboard");
        var page = (await GetAsync(mesh, Browser)).Text;
        var links = Link().Matches(page).Select(match => match.Groups["to"].Value).ToList();
        Assert.Equal(["/swagger", "/openapi/v1.json", "/readyz"], links);
        foreach (var link in links)
        {
            Assert.Equal(200, (await mesh.GetAsync("~" + link, key: "")).Status);
        }
    }

    /// <summary>Nobody who asks without a key learns anything of the mesh.</summary>
    [Fact]
    public async Task Page_IsTheSameWhateverTheMeshHolds()
    {
        await using var mesh = await MeshHost.StartAsync(options: "--no-dashboard");
        var before = await GetAsync(mesh, Browser);
        await mesh.RegisterAsync("secret-agent");
        Assert.Equal(before.Text, (await GetAsync(mesh, Browser)).Text);
        Assert.Equal(before.Text, (await GetAsync(mesh, Browser, "?q=secret")).Text);
    }

    /// <summary>A mail, a file or another site may lead to the front page, and to nothing else.</summary>
    [Theory]
    [InlineData("~/", "navigate", "document", 200)]
    [InlineData("~/", "navigate", "iframe", 403)]
    [InlineData("~/", "no-cors", "document", 403)]
    [InlineData("~/swagger/index.html", "navigate", "document", 403)]
    public async Task Link_FromElsewhere_MayLeadHere(string path, string mode, string destination, int status)
    {
        await using var mesh = await MeshHost.StartAsync();
        using var request = mesh.Request(HttpMethod.Get, path, key: "");
        request.Headers.Add("Sec-Fetch-Site", "cross-site");
        request.Headers.Add("Sec-Fetch-Mode", mode);
        request.Headers.Add("Sec-Fetch-Dest", destination);
        Assert.Equal(status, (await mesh.SendAsync(request)).Status);
    }

    [Fact]
    public async Task OtherMethods_AreRefused_AndAnAllowedOriginKeepsItsVary()
    {
        await using var mesh = await MeshHost.StartAsync(options: ["--allow-origin", "https://console.example"]);
        (await mesh.SendAsync(HttpMethod.Post, "~/", "{}", key: "")).ShouldBeProblem(405, "method_not_allowed");
        Assert.Equal("Origin, Accept", (await GetAsync(mesh, Browser)).Headers["Vary"]);
    }

    private static async Task<Reply> GetAsync(MeshHost mesh, string? accept, string query = "")
    {
        using var request = mesh.Request(HttpMethod.Get, "~/" + query, key: "");
        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        return await mesh.SendAsync(request);
    }

    [GeneratedRegex("<style>(?<css>.*?)</style>", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Style();

    [GeneratedRegex("href=\"(?<to>[^\"]*)\"", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Link();
}
