using System.Text;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Hooks;

/// <summary>Events that are not as they should be: the agent hears nothing of it, and nothing is lost that could be understood.</summary>
public sealed class HookInputTests
{
    [Theory]
    [InlineData("", "unreadable")]
    [InlineData("not JSON", "unreadable")]
    [InlineData("[]", "unreadable")]
    [InlineData("""{"hook_event_name":"PreToolUse","session_id":"1""", "unreadable")]
    [InlineData("""{"hook_event_name":"PreToolUse","session_id":"1"}}""", "unreadable")]
    [InlineData("""{"hook_event_name":"PreToolUse","session_id":"s","cwd":"\ud800"}""", "unreadable")]
    [InlineData("""{"hook_event_name":"PreToolUse"}""", "without_id")]
    [InlineData("""{"hook_event_name":"PreToolUse","session_id":7}""", "without_id")]
    [InlineData("""{"hook_event_name":"PreToolUse","session_id":"../x"}""", "without_id")]
    [InlineData("""{"hook_event_name":"PreToolUse","session_id":"s","agent_id":"a b"}""", "without_id")]
    [InlineData("""{"hook_event_name":"Tomorrow","session_id":"s"}""", "unknown")]
    [InlineData("""{"session_id":"s"}""", "unknown")]
    public async Task Event_ThatIsNotUnderstood_IsAnsweredWithNothing_AndCounted(string body, string outcome)
    {
        await using var mesh = await MeshHost.StartAsync();
        (await mesh.PostAsync("hooks/claude-code", body)).ShouldBe(200, "{}");
        Assert.Equal("[]", (await mesh.GetAsync("agents?filter=all")).Json["sessions"]!.ToJsonString());
        var metrics = await mesh.GetAsync("~/metrics");
        var counted = $"session_mesh_hooks_total{{outcome=\"{outcome}\",program=\"claude-code\"}} 1";
        Assert.Contains(counted, Sorted(metrics.Text), StringComparison.Ordinal);
        Assert.DoesNotContain(mesh.Log.Lines, line => line.Contains("not JSON", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"agent_id":"\\ud800"}""")]
    [InlineData("""{"\\ud800":1,"agent_id":"x"}""")]
    [InlineData("""{"agent_id":"x""")]
    public async Task Event_WithAResult_ThatIsNoJson_CountsInFull(string result)
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Codex);
        await hooked.PassAsync("SessionStart");
        await hooked.TakeAsync("PostToolUse", change: happening => happening["tool_response"] = result);
        Assert.Equal(1, (await hooked.AgentAsync())["progress"]!.GetValue<int>());
    }

    /// <summary>Tools read and write megabytes: only what is needed of an event is kept.</summary>
    [Fact]
    public async Task Event_OfSixteenMegabytes_CountsInFull_AndOneByteMoreIsNothing()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart");
        const string Most = "..";
        var head = hooked.Event("PostToolUse", change: happening => happening["tool_response"] = Most);
        var body = head.Replace(Most, new string('x', (16 * 1024 * 1024) - head.Length + Most.Length), StringComparison.Ordinal);
        Assert.Equal(16 * 1024 * 1024, Encoding.UTF8.GetByteCount(body));
        (await hooked.Mesh.PostAsync("hooks/claude-code", body)).ShouldBe(200, "{}");
        Assert.Equal(1, (await hooked.AgentAsync())["progress"]!.GetValue<int>());
        (await hooked.Mesh.PostAsync("hooks/claude-code", body + " ")).ShouldBe(200, "{}");
        Assert.Equal(1, (await hooked.AgentAsync())["progress"]!.GetValue<int>());
    }

    [Fact]
    public async Task Event_WithMembersThatNobodyKnows_CountsInFull()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.TakeAsync("PreToolUse", change: happening =>
        {
            happening["tomorrow"] = System.Text.Json.Nodes.JsonNode.Parse(
                """{"session_id":"other","deep":[{"hook_event_name":"Stop"},"}\"]",1e5]}""");
            happening["tool_name"] = "a\u0000\n\"b";
        });
        Assert.Equal([$"{hooked.Main} alive working"], await hooked.AgentsAsync());
    }

    [Fact]
    public async Task Call_WithoutTheScope_OrForAnotherProgram_IsRefused()
    {
        await using var mesh = await MeshHost.StartAsync();
        var reader = await mesh.MintAsync("""{"session_key":"r","scopes":["mesh:read"]}""");
        (await mesh.PostAsync("hooks/claude-code", "{}", reader)).ShouldBeProblem(403, "missing_scope");
        (await mesh.PostAsync("hooks/cursor", "{}")).ShouldBeProblem(404, "not_found");
        (await mesh.PostAsync("hooks/claude-code?hold=571", "{}")).ShouldBlame("?hold");
    }

    /// <summary>The order of labels in the text is the library's, and it adds one of its own.</summary>
    private static string Sorted(string metrics) => string.Join('\n', metrics.Split('\n').Select(Sort));

    private static string Sort(string line)
    {
        var (open, close) = (line.IndexOf('{') + 1, line.LastIndexOf('}'));
        if (open == 0 || close < open)
        {
            return line;
        }

        var labels = line[open..close].Split(',').Where(label => !label.StartsWith("otel", StringComparison.Ordinal));
        return line[..open] + string.Join(',', labels.Order(StringComparer.Ordinal)) + line[close..];
    }
}
