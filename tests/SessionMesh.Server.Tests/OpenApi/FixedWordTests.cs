using System.Text.Json.Nodes;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.OpenApi;

/// <summary>What takes one of a few words says which in the document, and they are those that the server takes.</summary>
public sealed class FixedWordTests
{
    private const string Wrong = "\"no-such-word\"";

    /// <summary>Each refusal names the words that would do.</summary>
    [Theory]
    [InlineData("listAlive", "filter")]
    [InlineData("listAlive", "kind")]
    [InlineData("listAgents", "filter")]
    [InlineData("listSessions", "kind")]
    [InlineData("listSessions", "status")]
    [InlineData("exportSessions", "status")]
    [InlineData("exportSessions", "format")]
    [InlineData("readAudit", "outcome")]
    [InlineData("killAgent", "cascade")]
    public async Task Parameter_OffersWhatTheServerTakes(string id, string name)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("worker-1");
        var operation = (await ApiDocument.ReadAsync(mesh)).Single(operation => operation.Id == id);
        var path = operation.Path.Replace("{id}", "worker-1", StringComparison.Ordinal);
        var reply = await mesh.SendAsync(operation.Method, $"~{path}?{name}=no-such-word");
        var offered = operation.Parameters.Single(parameter => parameter["name"]!.GetValue<string>() == name)["schema"]!["enum"];
        Assert.Equal(Allowed(reply), Words(offered));
    }

    [Theory]
    [InlineData("steer", "verb", $$"""{"agent_id":"a","verb":{{Wrong}},"direction":"west"}""")]
    [InlineData("steer", "wait", $$"""{"agent_id":"a","direction":"west","wait":{{Wrong}}}""")]
    [InlineData("acknowledge", "state", $$"""{"state":{{Wrong}}}""")]
    [InlineData("heartbeat", "activity", $$"""{"activity":{{Wrong}}}""")]
    [InlineData("heartbeat", "acks/items/state", $$"""{"acks":[{"seq":1,"state":{{Wrong}}}]}""")]
    [InlineData("createKey", "scopes/items", $$"""{"scopes":[{{Wrong}}]}""")]
    public async Task Member_OffersWhatTheServerTakes(string id, string member, string body)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("worker-1");
        var operation = (await ApiDocument.ReadAsync(mesh)).Single(operation => operation.Id == id);
        var path = operation.Path.Replace("{id}", "worker-1", StringComparison.Ordinal).Replace("{seq}", "1", StringComparison.Ordinal);
        var reply = await mesh.PostAsync("~" + path, body);
        var schema = operation.Body!["schema"]!;
        foreach (var step in member.Split('/'))
        {
            schema = step == "items" ? schema["items"]! : schema["properties"]![step]!;
        }

        Assert.Equal(Allowed(reply), Words(schema["enum"]));
    }

    /// <summary>A page shows a choice for these.</summary>
    [Fact]
    public async Task Flag_IsABoolean()
    {
        await using var mesh = await MeshHost.StartAsync();
        var flags = (await ApiDocument.ReadAsync(mesh))
            .SelectMany(operation => operation.Parameters.Select(parameter => (operation.Id, Parameter: parameter)))
            .Where(p => p.Parameter["schema"]!["type"]?.GetValue<string>() == "boolean")
            .Select(p => $"{p.Id} {p.Parameter["name"]}").Order();
        Assert.Equal(
            [
                "getStatus hour", "getTopology dead", "importSessions dry_run", "killAgent force", "killAgent forget", "killAgents dry_run",
                "killAgents force", "listAgents total", "listAlive total", "restore dry_run", "takeHookEvent deny",
                "takeHookEvent detail", "takeHookEvent receipt",
            ],
            flags);
    }

    private static IEnumerable<string> Allowed(Reply reply)
    {
        Assert.Equal(400, reply.Status);
        return Words(Assert.Single(reply.Json["errors"]!.AsArray())!["allowed"]);
    }

    /// <summary>The words without the null of what may be left out.</summary>
    private static IEnumerable<string> Words(JsonNode? words) =>
        words!.AsArray().OfType<JsonNode>().Select(word => word.GetValue<string>());
}
