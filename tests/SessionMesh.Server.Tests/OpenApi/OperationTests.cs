using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using SessionMesh.Contracts;
using SessionMesh.Server.A2A;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.OpenApi;

/// <summary>Every route is described, with its key, its scope and its errors.</summary>
public sealed class OperationTests
{
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
            var needsKey = o.Path != Routes.KeyCodesTrade;
            Assert.Matches(
                needsKey ? "Scope: (`|any\\.)|Opened by a refresh token" : "Needs no key\\.",
                o.Operation["description"]!.GetValue<string>());
            Assert.Equal(needsKey ? "bearer" : null, o.Operation["security"]?[0]!.AsObject().Single().Key);
            foreach (var status in new[] { "400", "401", "403" })
            {
                Assert.Equal(
                    "#/components/schemas/Problem",
                    o.Operation["responses"]![status]!["content"]!["application/problem+json"]!["schema"]!["$ref"]!.GetValue<string>());
            }

            // What changes something takes an Idempotency-Key, what reads does not; nor does a code, which is over in a minute.
            var keyed = o.Operation["parameters"]?.AsArray().Any(p => p!["name"]!.GetValue<string>() == "Idempotency-Key") == true;
            Assert.Equal(o.Method != "get" && !o.Path.StartsWith(Routes.KeyCodes, StringComparison.Ordinal), keyed);
            foreach (var name in o.Path.Split('/').Where(part => part.StartsWith('{')))
            {
                Assert.Contains(
                    o.Operation["parameters"]!.AsArray(), p => $"{{{p!["name"]}}}" == name && p["in"]!.GetValue<string>() == "path");
            }
        });
        Assert.Equal(operations.Count, operations.Select(o => o.Operation["operationId"]!.GetValue<string>()).Distinct().Count());
    }

    /// <summary>Those of A2A are described by its specification.</summary>
    [Fact]
    public async Task Route_EveryOneOfTheApi_IsInTheDocument()
    {
        await using var mesh = await MeshHost.StartAsync();
        var described = Operations((await mesh.GetAsync("~" + Routes.OpenApi, key: "")).Json).Select(o => $"{o.Method} {o.Path}").Order();
        var routed = mesh.Service<IEnumerable<EndpointDataSource>>().SelectMany(s => s.Endpoints).OfType<RouteEndpoint>()
            .Where(r => r.RoutePattern.RawText!.StartsWith(Routes.Prefix, StringComparison.Ordinal))
            .Where(r => r.Metadata.GetMetadata<A2AErrors>() is null)
            .SelectMany(r => r.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(
                m => $"{m.ToLowerInvariant()} {r.RoutePattern.RawText}"))
            .Order();
        Assert.Equal(routed, described);
    }

    private static IEnumerable<(string Path, string Method, JsonNode Operation)> Operations(JsonNode document) =>
        document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(method => (path.Key, method.Key, method.Value!)));
}
