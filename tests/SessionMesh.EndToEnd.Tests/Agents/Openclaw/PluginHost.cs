using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Agents.Openclaw;

/// <summary>The plugin, in the version that is shipped, under Node and against a real server; <c>driver.mjs</c> is its OpenClaw.</summary>
internal sealed class PluginHost : IAsyncDisposable
{
    private readonly Started _node;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };

    private PluginHost(Mesh mesh, Started node) => (Mesh, _node) = (mesh, node);

    public Mesh Mesh { get; }

    public string Printed => _node.Out + _node.Error;

    /// <summary>The agent that the gateway is.</summary>
    public string GatewayId { get; private set; } = "";

    /// <param name="hold">Milliseconds that the config lets a tool call wait.</param>
    /// <param name="platform">As Node names the one that the plugin is to take this for.</param>
    public static async Task<PluginHost> StartAsync(int hold = 600_000, string platform = "linux")
    {
        var mesh = await Mesh.StartAsync();
        var folder = mesh.Scratch.File("plugin");
        PluginFolder.Write(folder, mesh.Scratch);
        var config = mesh.Scratch.Write("openclaw.json", $$$"""
            {"gateway": {"auth": {"token": "of-a-test"}}, "agents": {"defaults": {"workspace": "/home/dev/project"}},
             "plugins": {"entries": {"session-mesh": {"hooks": {"timeouts": {"before_tool_call": {{{hold}}} } } } } } }
            """);
        var environment = new Dictionary<string, string>(mesh.Scratch.Environment())
        {
            ["SESSION_MESH_URL"] = mesh.Server.Url,
            ["SESSION_MESH_DATA"] = mesh.Server.Data,
        };
        var driver = Path.Combine(Built.Repository, "tests", "SessionMesh.EndToEnd.Tests", "Agents", "Openclaw", "driver.mjs");
        var host = new PluginHost(mesh, new Started("node", [driver, folder, config, platform], environment, mesh.Scratch.Root));
        await Eventually.True(
            () => host._node.Out.StartsWith("port ", StringComparison.Ordinal), () => $"the driver listens\n{host.Printed}");
        host._http.BaseAddress = new Uri($"http://127.0.0.1:{host._node.Out.Split('\n')[0]["port ".Length..]}/");
        await host.HookAsync("gateway_start", """{"event": {"port": 1}, "ctx": {"port": 1}}""");
        await Eventually.True(
            async () => (await mesh.Http.GetAsync("alive?label=agent=openclaw-gateway")).Json.GetProperty("sessions") is var rows
                && rows.GetArrayLength() == 1 && (host.GatewayId = rows[0].Text("agent_id")!).Length > 0,
            () => $"the gateway is in the mesh\n{host.Printed}");
        return host;
    }

    /// <summary>What OpenClaw really gave its hooks, of an event, as if the session had another key.</summary>
    public static string Sample(string name, params (string From, string To)[] changes)
    {
        var text = File.ReadAllText(Path.Combine(Samples, name + ".json"));
        return changes.Aggregate(text, (now, change) => now.Replace(change.From, change.To, StringComparison.Ordinal));
    }

    public static string Samples => Path.Combine(Built.Repository, "tests", "agents", "samples", "openclaw");

    /// <summary>What the hook answered; a null for nothing.</summary>
    public Task<JsonNode?> HookAsync(string name, string input) => PostAsync($"hook/{name}", input);

    /// <summary>The text that was added to a tool's result; null for none.</summary>
    public async Task<string?> ResultAsync(string input) =>
        (await PostAsync("result", input))?["result"]!["content"]!.AsArray() is { Count: 2 } content ? (string?)content[1]!["text"] : null;

    public Task RunAsync(string input) => PostAsync("run", input);

    public Task GatewayAsync(string input) => PostAsync("gateway", input);

    public Task AnswerAsync(string input) => PostAsync("answer", input);

    /// <summary>The plugin's calls to the mesh wait whose path ends so; none, and those that wait go on, for null.</summary>
    public Task HoldMeshAsync(string? end) => PostAsync("mesh", new JsonObject { ["held"] = end }.ToJsonString());

    /// <summary>So much time passes at once. What the plugin waits for in its calls comes to its end in no other way.</summary>
    public Task PassAsync(TimeSpan time) => PostAsync("clock", $$"""{"ms": {{(long)time.TotalMilliseconds}}}""");

    /// <summary>What the gateway was asked by that name, in order.</summary>
    public async Task<List<JsonNode>> CallsAsync(string method) =>
        [.. (await PostAsync("calls", "{}"))!.AsArray().Where(call => (string?)call!["method"] == method).Select(call => call!["params"]!)];

    /// <summary>Waits until the plugin has heard all that was sent to an agent: it hears a resume last, and answers it at once.</summary>
    public async Task HeardAsync(string id)
    {
        await SteerAsync(id, """ "verb": "resume" """);
        await StateAsync(id, "acknowledged");
    }

    /// <summary>How often the plugin has looked what an agent was told.</summary>
    public async Task<int> LooksAsync(string id) => (await CallsAsync("mesh")).Count(
        path => ((string?)path)!.EndsWith($"/agents/{id}/directives/history", StringComparison.Ordinal));

    /// <summary>The agent of the session, once it is registered.</summary>
    public async Task<Answer> AgentAsync(string id, Func<Answer, bool>? wanted = null) =>
        await Mesh.Http.AgentAsync(id, wanted ?? (row => row.IsDone), $"is as wanted\n{Printed}");

    public async Task<string?> StateAsync(string id) => (await StatesAsync(id))[^1];

    /// <summary>Of all its directives, the oldest first.</summary>
    public async Task<string[]> StatesAsync(string id) =>
    [
        .. (await Mesh.Http.GetAsync($"agents/{id}/directives/history")).Json.GetProperty("directives").EnumerateArray()
            .Select(row => row.Text("state")!).Reverse(),
    ];

    public Task StateAsync(string id, string wanted) =>
        Eventually.True(async () => await StateAsync(id) == wanted, () => $"the directive of {id} is {wanted}\n{Printed}");

    public Task StatesAsync(string id, params string[] wanted) => Eventually.True(
        async () => (await StatesAsync(id)).SequenceEqual(wanted),
        () => $"the directives of {id} are {string.Join(", ", wanted)}\n{Printed}");

    public async Task<Answer> SteerAsync(string id, string members) =>
        await Mesh.Http.PostAsync("steer", $$"""{"agent_id": "{{id}}", {{members}}}""") is { IsDone: true } sent
            ? sent
            : throw new Xunit.Sdk.XunitException($"{id} was not steered");

    /// <summary>What hooks doctor reads.</summary>
    public async Task<JsonElement> LedgerAsync() =>
        Members.Parse(await Eventually.Line(Path.Combine(Mesh.Scratch.Home, ".local", "state", "session-mesh", "hooks", "openclaw.json")));

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _node.Dispose();
        await Mesh.DisposeAsync();
    }

    private async Task<JsonNode?> PostAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await _http.PostAsync(new Uri(path, UriKind.Relative), content);
        var json = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        Assert.True(json["error"] is null, $"{path} failed: {json["error"]}");
        return json["result"];
    }
}
