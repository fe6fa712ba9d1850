using System.Text.Json;
using System.Text.Json.Nodes;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Agents.Opencode;

/// <summary>opencode's plugin under Node, with a client and a tool that only keep what they are told.</summary>
public sealed class PluginTests : IDisposable
{
    private const string Main = "ses_main";
    private const string Child = "child-1";
    private const string Written = "session-mesh:written";

    private readonly Scratch _scratch = new();
    private readonly string _plugin;

    public PluginTests()
    {
        _plugin = Directory.CreateDirectory(_scratch.File("plugin")).FullName;
        foreach (var file in Directory.EnumerateFiles(
            Path.Combine(Built.Repository, "src", "SessionMesh.Cli", "Hooks", "Opencode", "plugin")))
        {
            File.Copy(file, Path.Combine(_plugin, Path.GetFileName(file)));
        }

        File.Copy(Beside("stub.mjs"), Path.Combine(_plugin, "stub.mjs"));
        Tool("node", Path.Combine(_plugin, "stub.mjs"));
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Turn_IsTold_InOrder()
    {
        var ran = await RunAsync(
            "{}",
            $$"""
            ["event", {"event": {"type": "session.created",
              "properties": {"sessionID": "{{Main}}", "info": {"id": "{{Main}}", "directory": "/here"} } } }],
            {{Prompt}}, {{Request}}, {{Before}}, {{After}},
            ["experimental.text.complete", {"sessionID": "{{Main}}"}, {"text": "done"}],
            ["event", {"event": {"type": "permission.asked", "properties": {"sessionID": "{{Main}}"} } }],
            ["dispose"]
            """);
        Members.Equal("""{"exports":["SessionMesh"],"steps":[null,null,null,null,null,null,null,null,null],"calls":[]}""", ran);
        Assert.Equal(
            [
                Told("session.start"), Told("prompt"), Told("model.call"), Told("tool.before", """ "tool_name":"bash","""),
                Told("tool.after", """ "tool_name":"bash","""), Told("text"), Told("permission"), Told("session.end"),
            ],
            Events().Select(one => one.Replace("/here", "/project", StringComparison.Ordinal)));
        Assert.All(Events(), told => Assert.Contains("\"cwd\":\"/here\"", told, StringComparison.Ordinal));
    }

    [Fact]
    public async Task ArgumentsOfTools_AreTold_WhereTheyWereAskedFor()
    {
        string[] command = ["node", Path.Combine(_plugin, "stub.mjs")];
        _scratch.Write("plugin/tool.json", JsonSerializer.Serialize(new { command, detail = true }));
        await RunAsync("{}", $"{Before}, [\"dispose\"]");
        Assert.Equal(
            $$"""
            {"words":["hook","opencode","--receipt","--detail"],"hook_event_name":"tool.before","session_id":"{{Main}}","tool_name":"bash",
            """
            + """ "tool_input":{"command":"secret"},"cwd":"/project"}"""[1..],
            Events()[1]);
    }

    [Fact]
    public async Task SubAgent_IsTold_WithItsMainSession()
    {
        await RunAsync(
            "{}", $$"""["tool.execute.before", {"sessionID": "{{Child}}", "tool": "read"}, {"args": {} }], {{Idle(Child)}}""");
        Assert.Equal(
            [
                Told("session.start"), Told("subagent.start", $$""" "agent_id":"{{Child}}","""),
                Told("tool.before", $$""" "agent_id":"{{Child}}","tool_name":"read","""),
                Told("subagent.idle", $$""" "agent_id":"{{Child}}","""),
            ],
            Events());
    }

    /// <summary>As a message of the user, for the agent and the model of the turn; and the plugin's own message is no prompt.</summary>
    [Fact]
    public async Task Words_GoIntoTheTurn_AndAreAskedOnlyWhereARequestHasThem()
    {
        var ran = await RunAsync(
            """{"tool.after":[{"tell":"go north","receipt":"7"}]}""",
            $$"""
            {{Prompt}}, {{Before}}, {{After}},
            ["experimental.chat.messages.transform", {}, {"messages": [{"info": {"id": "m1", "sessionID": "{{Main}}"} }]}],
            ["chat.params", {"sessionID": "{{Main}}", "agent": "build"}, {}],
            ["experimental.chat.messages.transform", {}, {"messages": [
              {"info": {"id": "m1", "sessionID": "{{Main}}"} }, {"info": {"id": "own-1", "sessionID": "{{Main}}"} }]}],
            ["chat.params", {"sessionID": "{{Main}}", "agent": "title"}, {}],
            ["chat.params", {"sessionID": "{{Main}}", "agent": "build"}, {}],
            ["dispose"]
            """);
        Members.Equal($$"""
            [["get","{{Main}}"],["prompt","{{Main}}",{"agent":"build","model":{"providerID":"p","modelID":"m"},"noReply":true,
              "parts":[{"type":"text","text":"go north"}]}]]
            """, ran.GetProperty("calls"));
        Assert.Equal(["session.start", "prompt", "tool.before", "tool.after", Written, "model.call", "session.end"], Names());
        Assert.Equal(
            $$"""{"words":["hook","opencode","--receipt"],"hook_event_name":"{{Written}}","session_id":"{{Main}}","receipt":"7"}""",
            Events()[4]);
    }

    [Theory]
    [InlineData("throws")]
    [InlineData("error")]
    public async Task WordsThatAreRefused_StayWithTheMesh(string refusal)
    {
        var ran = await RunAsync(
            $$"""{"tool.after":[{"tell":"go north","receipt":"7"}],"client.prompt":["{{refusal}}"]}""",
            $"{Prompt}, {Before}, {After}, {Request}, {Idle(Main)}, [\"dispose\"]");
        Assert.Equal("prompt", ran.GetProperty("calls")[1][0].GetString());
        Assert.Equal(
            ["session.start", "prompt", "tool.before", "tool.after", "model.call", "session.idle", "session.end"],
            Names().Where((_, at) => !IsWake(at)));
    }

    [Theory]
    [InlineData("throws")]
    [InlineData("error")]
    public async Task WordsThatAreRefusedAtRest_AreWaitedForAgainAfterAWhile(string refusal)
    {
        var ran = await RunAsync(
            $$"""
            {"session.idle --wake":[{"exit":2,"stderr":"go north","stdout":"{\"receipt\":\"7\"}"},
              {"exit":2,"stderr":"go north again","stdout":"{\"receipt\":\"8\"}"}], "client.promptAsync":["{{refusal}}"]}
            """,
            $"{Prompt}, {Idle(Main)}, [\"clock\", 10000], [\"wait\", 3], [\"dispose\"]");
        Members.Equal(
            """["go north","go north again"]""",
            JsonSerializer.SerializeToElement(
                ran.GetProperty("calls").EnumerateArray().Skip(1).Select(call => call[2].GetProperty("parts")[0].Text("text"))));
        Assert.Equal(
            ["session.start", "prompt", "session.idle", "prompt", "session.idle", "prompt", Written, "session.end"],
            Names().Where((_, at) => !IsWake(at)));
        Assert.EndsWith("\"receipt\":\"8\"}", Events()[^2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"deny":"not now"}""", "not now", false)]
    [InlineData("""{"deny":"stopped","end":true}""", "stopped", true)]
    [InlineData("{}", null, false)]
    [InlineData("\"no JSON\"", null, false)]
    [InlineData("""{"exit":1,"stderr":"error: no mesh"}""", null, false)]
    public async Task Tool_RunsUnlessItIsDenied(string answer, string? thrown, bool ends)
    {
        var ran = await RunAsync($$"""{"tool.before":[{{answer}}]}""", $"{Prompt}, {Before}, {Idle(Main)}, [\"dispose\"]");
        Assert.Equal(thrown, ran.GetProperty("steps")[1].GetString());
        Assert.Equal(ends, ran.GetProperty("calls").EnumerateArray().Any(call => call[0].GetString() == "abort"));
    }

    [Fact]
    public async Task SessionAtRest_IsWoken()
    {
        var ran = await RunAsync(
            """{"session.idle --wake":[{"exit":2,"stderr":"go north"}]}""", $"{Prompt}, {Idle(Main)}, [\"wait\", 2], [\"dispose\"]");
        Members.Equal($$"""
            ["promptAsync","{{Main}}",{"agent":"build","model":{"providerID":"p","modelID":"m"},"noReply":false,
              "parts":[{"type":"text","text":"go north"}]}]
            """, ran.GetProperty("calls")[1]);
        Assert.Equal(["session.start", "prompt", "session.idle", "session.idle", "prompt", "session.end"], Names());
        Assert.Contains("\"words\":[\"hook\",\"opencode\",\"--wake\",\"--receipt\"]", Events()[3], StringComparison.Ordinal);
    }

    /// <summary>What holds a tool while the agent is paused is given up when the session is stopped, and so is the tool.</summary>
    [Fact]
    public async Task ToolThatIsHeld_IsDenied_WhenTheSessionIsBrokenOff()
    {
        _scratch.Write("plugin/hang.mjs", """
            import { readFileSync, writeFileSync } from "node:fs"
            if (JSON.parse(readFileSync(0, "utf8")).hook_event_name === "tool.before") {
                writeFileSync(`${import.meta.dirname}/held`, "")
                setInterval(() => {}, 1000)
            }
            """);
        Tool("node", Path.Combine(_plugin, "hang.mjs"));
        var ran = await RunAsync("{}", $"{Prompt}, [\"broken off\", {Before}, {Idle(Main)}], [\"dispose\"]");
        Assert.Equal("the session was stopped while this tool was held", ran.GetProperty("steps")[1].GetString());
    }

    [Theory]
    [InlineData("""{"command":["/nowhere/session-mesh"]}""")]
    [InlineData("""{"command":"session-mesh"}""")]
    [InlineData("no JSON")]
    [InlineData(null)]
    public async Task ToolThatIsMissing_ChangesNothing(string? file)
    {
        File.Delete(Path.Combine(_plugin, "tool.json"));
        if (file is not null)
        {
            _scratch.Write("plugin/tool.json", file);
        }

        var ran = await RunAsync("{}", $"{Prompt}, {Request}, {Before}, {After}, {Idle(Main)}, [\"dispose\"]");
        Assert.All(ran.GetProperty("steps").EnumerateArray(), step => Assert.Null(step.GetString()));
    }

    private static string Prompt => $$"""
        ["chat.message", {"sessionID": "{{Main}}"},
         {"message": {"id": "m1", "agent": "build", "model": {"providerID": "p", "modelID": "m"} },
          "parts": [{"type": "text", "text": "work"}]}]
        """;

    private static string Request => $$"""
        ["experimental.chat.messages.transform", {}, {"messages": [{"info": {"id": "m1", "sessionID": "{{Main}}"} }]}],
        ["chat.params", {"sessionID": "{{Main}}", "agent": "build"}, {}]
        """;

    private static string Before =>
        $$"""["tool.execute.before", {"sessionID": "{{Main}}", "tool": "bash"}, {"args": {"command": "secret"} }]""";

    private static string After => $$"""["tool.execute.after", {"sessionID": "{{Main}}", "tool": "bash"}, {"output": ""}]""";

    private static string Idle(string session) =>
        $$"""["event", {"event": {"type": "session.idle", "properties": {"sessionID": "{{session}}"} } }]""";

    private static string Told(string name, string more = "") =>
        JsonNode.Parse($$"""
            {"words":["hook","opencode","--receipt"],"hook_event_name":"{{name}}","session_id":"{{Main}}",{{more}}"cwd":"/project"}
            """)!.ToJsonString();

    private static string Beside(string file) =>
        Path.Combine(Built.Repository, "tests", "SessionMesh.EndToEnd.Tests", "Agents", "Opencode", file);

    private void Tool(params string[] command) =>
        _scratch.Write("plugin/tool.json", JsonSerializer.Serialize(new { command }));

    private List<string> Events() =>
        [.. File.ReadAllLines(Path.Combine(_plugin, "events.jsonl")).Select(line => JsonNode.Parse(line)!.ToJsonString())];

    private List<string> Names() => [.. Events().Select(line => JsonNode.Parse(line)!["hook_event_name"]!.GetValue<string>())];

    private bool IsWake(int at) => Events()[at].Contains("\"--wake\"", StringComparison.Ordinal);

    private async Task<JsonElement> RunAsync(string answers, string steps)
    {
        _scratch.Write("plugin/answers.json", answers);
        using var node = new Started(
            "node", [Beside("driver.mjs"), Path.Combine(_plugin, "index.js"), _scratch.Write("steps.json", $"[{steps}]")],
            _scratch.Environment(), _scratch.Root);
        var ran = await node.EndAsync();
        Assert.True(ran is { Code: 0, Error: "" }, ran.ToString());
        return ran.Json;
    }
}
