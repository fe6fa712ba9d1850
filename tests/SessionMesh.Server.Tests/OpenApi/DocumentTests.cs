using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using SessionMesh.Contracts;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.OpenApi;

public sealed class DocumentTests
{
    private const string Update = "UPDATE_OPENAPI_SNAPSHOT";
    private static readonly string[] s_anonymous = ["/livez", "/readyz", "/openapi/{documentName}.json"];

    /// <summary>The document is reviewed like code: a change of the API shows in the diff of <c>docs/openapi.json</c>.</summary>
    [Fact]
    public async Task Document_EqualsTheReviewedSnapshot()
    {
        await using var mesh = await MeshHost.StartAsync();
        var reply = await mesh.GetAsync("~" + Routes.OpenApi, key: "");
        Assert.Equal(200, reply.Status);
        var now = reply.Json.ToJsonString(new JsonSerializerOptions { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) + "\n";
        var path = SnapshotPath();
        if (Environment.GetEnvironmentVariable(Update) is not (null or ""))
        {
            await File.WriteAllTextAsync(path, now);
        }

        var reviewed = File.Exists(path) ? (await File.ReadAllTextAsync(path)).ReplaceLineEndings("\n") : "";
        if (reviewed != now)
        {
            Assert.Fail($"The API's document is not the one in docs/openapi.json.\n{FirstDifference(reviewed, now)}\nIf that is meant: {Update}=1 dotnet test tests/SessionMesh.Server.Tests --filter {nameof(DocumentTests)}, and review the diff.");
        }
    }

    [Fact]
    public async Task Document_EveryOperation_NeedsAKeyAndNamesItsScope()
    {
        await using var mesh = await MeshHost.StartAsync();
        var document = (await mesh.GetAsync("~" + Routes.OpenApi, key: "")).Json;
        var operations = Operations(document).ToList();
        Assert.NotEmpty(operations);
        Assert.All(operations, o =>
        {
            Assert.NotNull(o.Operation["operationId"]);
            Assert.Matches("Scope: (`|any\\.)|Opened by a refresh token", o.Operation["description"]!.GetValue<string>());
            Assert.Equal("bearer", o.Operation["security"]![0]!.AsObject().Single().Key);
            foreach (var status in new[] { "400", "401", "403" })
            {
                Assert.Equal("#/components/schemas/Problem", o.Operation["responses"]![status]!["content"]!["application/problem+json"]!["schema"]!["$ref"]!.GetValue<string>());
            }

            // What changes something takes an Idempotency-Key, what reads does not.
            var keyed = o.Operation["parameters"]?.AsArray().Any(p => p!["name"]!.GetValue<string>() == "Idempotency-Key") == true;
            Assert.Equal(o.Method != "get", keyed);
            foreach (var name in o.Path.Split('/').Where(part => part.StartsWith('{')))
            {
                Assert.Contains(o.Operation["parameters"]!.AsArray(), p => $"{{{p!["name"]}}}" == name && p["in"]!.GetValue<string>() == "path");
            }
        });
        Assert.Equal(operations.Count, operations.Select(o => o.Operation["operationId"]!.GetValue<string>()).Distinct().Count());
    }

    [Fact]
    public async Task Route_EveryOne_DeclaresAScopeOrIsOnTheAnonymousList()
    {
        await using var mesh = await MeshHost.StartAsync();
        var routes = mesh.Service<IEnumerable<EndpointDataSource>>().SelectMany(s => s.Endpoints).OfType<RouteEndpoint>().ToList();
        Assert.NotEmpty(routes);
        foreach (var route in routes)
        {
            var anonymous = route.Metadata.GetMetadata<Anonymous>() is not null;
            Assert.True(anonymous == s_anonymous.Contains(route.RoutePattern.RawText), $"{route.RoutePattern.RawText} is anonymous: {anonymous}");
            Assert.True(anonymous != (route.Metadata.GetMetadata<RequiredScope>() is { AnyOf.Length: > 0 }), $"{route.RoutePattern.RawText} declares no scope");
        }

        Assert.Equal(s_anonymous.Order(), routes.Where(r => r.Metadata.GetMetadata<Anonymous>() is not null).Select(r => r.RoutePattern.RawText!).Distinct().Order());
    }

    [Fact]
    public async Task Route_EveryOneOfTheApi_IsInTheDocument()
    {
        await using var mesh = await MeshHost.StartAsync();
        var described = Operations((await mesh.GetAsync("~" + Routes.OpenApi, key: "")).Json).Select(o => $"{o.Method} {o.Path}").Order();
        var routed = mesh.Service<IEnumerable<EndpointDataSource>>().SelectMany(s => s.Endpoints).OfType<RouteEndpoint>()
            .Where(r => r.RoutePattern.RawText!.StartsWith(Routes.Prefix, StringComparison.Ordinal))
            .SelectMany(r => r.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(m => $"{m.ToLowerInvariant()} {r.RoutePattern.RawText}")).Order();
        Assert.Equal(routed, described);
    }

    [Theory]
    [InlineData("~/livez", "text/plain")]
    [InlineData("~/readyz", "application/json")]
    [InlineData("~/openapi/v1.json", "application/json")]
    [InlineData("~/swagger/index.html", "text/html")]
    [InlineData("~/swagger/swagger-ui-bundle.js", "text/javascript")]
    public async Task Anonymous_Answers(string path, string type)
    {
        await using var mesh = await MeshHost.StartAsync();
        var reply = await mesh.GetAsync(path, key: "");
        Assert.Equal(200, reply.Status);
        Assert.StartsWith(type, reply.Headers["Content-Type"], StringComparison.Ordinal);
        Assert.DoesNotContain("https://", path.EndsWith(".html", StringComparison.Ordinal) ? reply.Text : "", StringComparison.Ordinal); // works offline
    }

    [Fact]
    public async Task Health_SaysHowTheMeshStands()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.RegisterAsync("b");
        await mesh.DeleteAsync("agents/b?force=true");
        Assert.Equal("ok\n", (await mesh.GetAsync("~/livez", key: "")).Text);
        (await mesh.GetAsync("~/readyz", key: "")).ShouldBe(200, $$"""{"status":"ready","revision":{{mesh.Revision}},"agents":2,"alive":1,"expiry_slowed":false,"reserve_in_use":false}""");
    }

    [Fact]
    public async Task Health_EngineThatHangs_IsNotReady_ButLives()
    {
        await using var mesh = await MeshHost.StartAsync();
        await using (await HeldEngine.HoldAsync(mesh))
        {
            var ready = mesh.GetAsync("~/readyz", key: "");
            await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(2));
            mesh.Time.Advance(TimeSpan.FromSeconds(2));
            Assert.Equal(503, (await ready).Status);
            Assert.Equal("busy", (await ready).Json["status"]!.GetValue<string>());
            Assert.Equal(200, (await mesh.GetAsync("~/livez", key: "")).Status);
        }

        Assert.Equal(200, (await mesh.GetAsync("~/readyz", key: "")).Status);
    }

    private static IEnumerable<(string Path, string Method, JsonNode Operation)> Operations(JsonNode document) =>
        document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(method => (path.Key, method.Key, method.Value!)));

    private static string SnapshotPath()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "SessionMesh.sln")))
        {
            directory = directory.Parent;
        }

        return Path.Combine(directory?.FullName ?? throw new DirectoryNotFoundException("the tests do not run inside the repository"), "docs", "openapi.json");
    }

    private static string FirstDifference(string reviewed, string now)
    {
        var (before, after) = (reviewed.Split('\n'), now.Split('\n'));
        var line = Enumerable.Range(0, Math.Max(before.Length, after.Length)).First(i => before.ElementAtOrDefault(i) != after.ElementAtOrDefault(i));
        return $"line {line + 1}: reviewed {before.ElementAtOrDefault(line)?.Trim() ?? "(end)"}, now {after.ElementAtOrDefault(line)?.Trim() ?? "(end)"}";
    }
}
