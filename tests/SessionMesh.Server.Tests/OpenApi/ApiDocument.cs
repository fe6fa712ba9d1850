using System.Text.Json.Nodes;
using SessionMesh.Contracts;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.OpenApi;

/// <summary>An operation of the OpenAPI document, with what a page or a generated client reads of it.</summary>
internal sealed record ApiOperation(string Path, HttpMethod Method, JsonNode Node)
{
    public string Id => Node["operationId"]!.GetValue<string>();

    public IEnumerable<JsonNode> Parameters => Node["parameters"]?.AsArray().Select(parameter => parameter!) ?? [];

    public IEnumerable<string> Statuses => Node["responses"]!.AsObject().Select(answer => answer.Key);

    /// <summary>The content type of the body; null where there is no body.</summary>
    public string? ContentType => Node["requestBody"]?["content"]!.AsObject().Single().Key;

    public JsonNode? Body => Node["requestBody"]?["content"]!.AsObject().Single().Value;
}

/// <summary>The operations of the OpenAPI document.</summary>
internal static class ApiDocument
{
    public static async Task<List<ApiOperation>> ReadAsync(MeshHost mesh) =>
        Operations((await mesh.GetAsync("~" + Routes.OpenApi, key: "")).Json);

    /// <summary>Of the snapshot, for what is known before a server runs: which tests there are.</summary>
    public static List<ApiOperation> Reviewed() => Operations(JsonNode.Parse(File.ReadAllText(DocumentTests.SnapshotPath()))!);

    private static List<ApiOperation> Operations(JsonNode document) =>
        [.. document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(
            method => new ApiOperation(path.Key, new HttpMethod(method.Key.ToUpperInvariant()), method.Value!)))];
}
