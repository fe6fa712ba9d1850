using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using SessionMesh.Contracts;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Auth;

/// <summary>Which routes ask for a scope, and the few that are for anybody.</summary>
public sealed class RequiredScopeTests
{
    private static readonly string[] s_anonymous =
    [
        "/", "/livez", "/readyz", "/openapi/{documentName}.json", "/.well-known/agent-card.json",
        "/api/session-mesh/keys/codes/trade",
        "/page/{name}", "/_content/Microsoft.AspNetCore.Components.QuickGrid/{name}",
        "/_blazor", "/_blazor/negotiate", "/_blazor/disconnect/", "/_blazor/initializers/",
    ];

    [Fact]
    public async Task Route_EveryOne_DeclaresAScopeOrIsOnTheAnonymousList()
    {
        await using var mesh = await MeshHost.StartAsync();
        var routes = mesh.Service<IEnumerable<EndpointDataSource>>().SelectMany(s => s.Endpoints).OfType<RouteEndpoint>().ToList();
        Assert.NotEmpty(routes);
        foreach (var route in routes)
        {
            var anonymous = route.Metadata.GetMetadata<Anonymous>() is not null;
            Assert.True(
                anonymous == s_anonymous.Contains(route.RoutePattern.RawText), $"{route.RoutePattern.RawText} is anonymous: {anonymous}");
            Assert.True(
                anonymous != (route.Metadata.GetMetadata<RequiredScope>() is { AnyOf.Length: > 0 }),
                $"{route.RoutePattern.RawText} declares no scope");
        }

        Assert.Equal(
            s_anonymous.Order(),
            routes.Where(r => r.Metadata.GetMetadata<Anonymous>() is not null).Select(r => r.RoutePattern.RawText!).Distinct().Order());
    }

    [Theory]
    [InlineData("~/", "text/plain")]
    [InlineData("~/livez", "text/plain")]
    [InlineData("~/readyz", "application/json")]
    [InlineData("~/openapi/v1.json", "application/json")]
    [InlineData("~/.well-known/agent-card.json", "application/json")]
    [InlineData("~/swagger/index.html", "text/html")]
    [InlineData("~/swagger/swagger-ui-bundle.js", "text/javascript")]
    public async Task Anonymous_Answers(string path, string type)
    {
        await using var mesh = await MeshHost.StartAsync();
        var reply = await mesh.GetAsync(path, key: "");
        Assert.Equal(200, reply.Status);
        Assert.StartsWith(type, reply.Headers["Content-Type"], StringComparison.Ordinal);
        // Works offline.
        Assert.DoesNotContain("https://", path.EndsWith(".html", StringComparison.Ordinal) ? reply.Text : "", StringComparison.Ordinal);
    }
}
