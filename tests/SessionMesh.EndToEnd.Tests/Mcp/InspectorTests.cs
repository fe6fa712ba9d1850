using System.Text.Json;
using SessionMesh.EndToEnd.Tests.Agents;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Mcp;

/// <summary>The inspector's command line, a client that nobody here wrote, over stdio and over HTTP.</summary>
public sealed class InspectorTests(Mesh mesh) : IClassFixture<Mesh>
{
    public static TheoryData<string> Transports => ["stdio", "http"];

    [SkippableTheory]
    [MemberData(nameof(Transports))]
    public async Task Tools_AreListed_AndCalled(string transport)
    {
        var agent = "seen-by-" + transport;
        await mesh.Http.PostAsync("agents", $$"""{"agent_id":"{{agent}}","ttl":600}""");

        var tools = (await InspectAsync(transport, "--method", "tools/list")).GetProperty("tools");
        Assert.Equal(13, tools.GetArrayLength());
        var row = Assert.Single(
            Content(await CallAsync(transport, "list_agents", "sort=id", $"q={agent}")).GetProperty("sessions").EnumerateArray());
        Assert.Equal(agent, row.GetProperty("agent_id").GetString());
        var steered = Content(await CallAsync(
            transport, "steer_agent", $"agent_id={agent}", "direction=west", "message=leave the east to the others", "ttl=60"));
        var directive = await mesh.Http.GetAsync("directives/" + steered.GetProperty("directive_id").GetString());
        Assert.Equal(("queued", "west", "leave the east to the others"),
            (directive.Text("state"), directive.Text("direction"), directive.Text("message")));
    }

    [SkippableTheory]
    [MemberData(nameof(Transports))]
    public async Task Refusal_IsAnErrorOfTheTool(string transport)
    {
        var refused = await CallAsync(transport, "get_agent", "agent_id=nobody");
        Assert.True(refused.GetProperty("isError").GetBoolean());
        Assert.Contains("agent_not_found", refused.GetProperty("content")[0].GetProperty("text").GetString()!, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task KeyThatIsRefused_OverHttp_IsSeenAsThat()
    {
        var ran = await RunAsync(
            [mesh.Server.Url + "/mcp", "--transport", "http", "--header", "Authorization: Bearer nonsense", "--method", "tools/list"]);
        Assert.NotEqual(0, ran.Code);
        Assert.Contains("401", ran.Error + ran.Out, StringComparison.Ordinal);
    }

    private static JsonElement Content(JsonElement result) => result.GetProperty("structuredContent");

    private Task<JsonElement> CallAsync(string transport, string tool, params string[] arguments) => InspectAsync(
        transport, ["--method", "tools/call", "--tool-name", tool, .. arguments.SelectMany(argument => new[] { "--tool-arg", argument })]);

    private async Task<JsonElement> InspectAsync(string transport, params string[] arguments)
    {
        string[] server = transport == "stdio"
            ?
            [
                "-e", $"SESSION_MESH_URL={mesh.Server.Url}", "-e", $"SESSION_API_KEY={mesh.Server.RootKey}",
                Path.Combine(mesh.Scratch.Bin, "session-mesh"), "mcp",
            ]
            : [mesh.Server.Url + "/mcp", "--transport", "http", "--header", "Authorization: Bearer " + mesh.Server.RootKey];
        var ran = await RunAsync([.. server, .. arguments]);
        Assert.True(ran.Code == 0, ran.ToString());
        return ran.Json;
    }

    private async Task<Ran> RunAsync(IReadOnlyList<string> arguments)
    {
        using var inspector = new Started(
            "node", [await AgentPrograms.McpInspectorAsync(), "--cli", .. arguments], mesh.Environment(), mesh.Scratch.Root);
        return await inspector.EndAsync();
    }
}
