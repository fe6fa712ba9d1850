using System.ClientModel;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using OpenAI;
using SessionMesh.Client;
using SessionMesh.EndToEnd.Tests.Agents;
using SessionMesh.EndToEnd.Tests.Support;
using SessionMesh.Extensions.AI;

namespace SessionMesh.EndToEnd.Tests.OwnAgents;

/// <summary>A real agent of Microsoft's Agent Framework, over OpenAI's client, against a scripted model.</summary>
public sealed class AgentFrameworkTests(Mesh mesh) : IClassFixture<Mesh>
{
    private const string Script = """
        {"main":[{"tool":"build","input":{}},{"tool":"researcher","input":{"query":"SUBTASK look it up"}},
                 {"tools":[["list_files",{}],["build",{}]]},{"tool":"build","input":{}},{"text":"shipped"}],
         "sub":[{"tool":"build","input":{}},{"text":"found"}]}
        """;

    [Fact]
    public Task Agent_IsSteeredInMidRun_Paused_Resumed_AndStopped_WithItsSubAgent() => RunAsync(
        "shipper", async (agent, cancellation) => (await agent.RunAsync("MAINTASK ship it", cancellationToken: cancellation)).Text);

    [Fact]
    public Task Agent_ThatStreams_IsSteeredInMidRun_Paused_Resumed_AndStopped_WithItsSubAgent() => RunAsync(
        "streamer",
        async (agent, cancellation) =>
        {
            var text = "";
            await foreach (var update in agent.RunStreamingAsync("MAINTASK ship it", cancellationToken: cancellation))
            {
                text += update.Text;
            }

            return text;
        });

    private async Task RunAsync(string id, Func<AIAgent, CancellationToken, Task<string>> run)
    {
        using var model = await Standin.StartAsync(mesh.Scratch, Script);
        await using var member = await MeshAgent.ConnectAsync(new MeshAgentOptions
        {
            AgentId = id,
            Client = new MeshClientOptions { BaseUrl = new Uri(mesh.Server.Url), Token = mesh.Server.RootKey },
        });
        var gate = new Gate();
        var build = AIFunctionFactory.Create(gate.PassAsync, "build");
        var researcher = new ChatClientAgent(
            Ask(model).AsBuilder().UseSessionMeshSubAgent(new() { Specializations = ["research"] }).Build(),
            "You look things up.", name: "researcher", tools: [build]);
        var agent = new ChatClientAgent(
            Ask(model).AsBuilder().UseSessionMesh(member).Build(),
            "You ship.", tools: [build, AIFunctionFactory.Create(() => "a.cs b.cs", "list_files"), researcher.AsAIFunction()]);

        var running = run(agent, CancellationToken.None);

        // Steered while its tool runs: the words are in the request after it.
        await gate.IsReachedAsync();
        await mesh.Http.AgentAsync(id, row => row.Text("activity") == "working" && row.Text("note") == "build", "builds");
        var steer = await SteerAsync(id, "TURN-MARK");
        gate.Open();
        await mesh.Http.AgentAsync($"{id}.researcher", row => row.Status == 200 && row.Text("status") == "alive", "is called");
        await BecomesAsync(steer, "acknowledged");
        Assert.DoesNotContain("TURN-MARK", model.Requests("main")[0], StringComparison.Ordinal);
        Assert.Contains("TURN-MARK", model.Requests("main")[1], StringComparison.Ordinal);

        // So is its sub-agent, below it, and nobody else.
        await gate.IsReachedAsync();
        Assert.Equal(id, (await mesh.Http.GetAsync($"agents/{id}.researcher")).Text("parent_id"));
        var below = await SteerAsync($"{id}.researcher", "SUB-MARK");
        gate.Open();
        await BecomesAsync(below, "acknowledged");
        Assert.Contains("SUB-MARK", model.Requests("sub")[1], StringComparison.Ordinal);
        await mesh.Http.AgentAsync(
            $"{id}.researcher",
            row => row.Text("status") == "dead" && row.Json.GetProperty("last_exit").GetProperty("confirmed").GetBoolean(), "is over");

        // Paused while a tool runs: the next request waits for the resume.
        await gate.IsReachedAsync();
        var pause = await TellAsync(id, "pause");
        await Eventually.True(() => member.IsPaused, () => "it is to pause");
        gate.Open();
        await BecomesAsync(pause, "acknowledged");
        Assert.Equal(3, model.Requests("main").Count);
        await BecomesAsync(await TellAsync(id, "resume"), "acknowledged");

        // The conversation still has what it was told, where it stood, and knows nothing of what another was.
        await gate.IsReachedAsync();
        await mesh.Http.AgentAsync(id, row => row.Text("progress") == "4", "has had four results");
        var requests = model.Requests("main");
        Assert.Equal(4, requests.Count);
        Assert.Equal(1, requests[3].Split("TURN-MARK").Length - 1);
        Assert.DoesNotContain(requests, request => request.Contains("SUB-MARK", StringComparison.Ordinal));

        // Stopped while a tool runs: confirmed once that has returned, and the model is asked no more.
        Assert.Equal("stopping", (await mesh.Http.DeleteAsync($"agents/{id}?grace=60")).Text("status"));
        await Eventually.True(() => member.Stopping.IsCancellationRequested, () => "it is told to stop");
        gate.Open();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await mesh.Http.AgentAsync(
            id, row => row.Text("status") == "dead" && row.Json.GetProperty("last_exit").GetProperty("confirmed").GetBoolean(), "is over");
        Assert.Equal(4, model.Requests("main").Count);
    }

    private static IChatClient Ask(Standin model) => new OpenAI.Chat.ChatClient(
        "stub",
        new ApiKeyCredential("none"),
        new OpenAIClientOptions { Endpoint = new Uri($"http://127.0.0.1:{model.Port}/v1") }).AsIChatClient();

    private async Task<string> TellAsync(string id, string verb, string more = "")
    {
        var told = await mesh.Http.PostAsync("steer", $$"""{"agent_id":"{{id}}","verb":"{{verb}}"{{more}}}""");
        Assert.True(told.IsDone, told.ToString());
        return told.Text("directive_id")!;
    }

    /// <summary>Returns once the directive has reached the process.</summary>
    private async Task<string> SteerAsync(string id, string message)
    {
        var steer = await TellAsync(id, "steer", $$""","direction":"north","message":"{{message}}" """);
        await BecomesAsync(steer, "delivered");
        await Task.Delay(50);
        return steer;
    }

    private async Task BecomesAsync(string directive, string state)
    {
        Answer? last = null;
        await Eventually.True(
            async () => (last = await mesh.Http.GetAsync("directives/" + directive)).Text("state") == state,
            () => $"the directive is {state}: {last}");
    }

    /// <summary>A tool that returns when it is let.</summary>
    private sealed class Gate
    {
        private readonly SemaphoreSlim _reached = new(0);
        private readonly SemaphoreSlim _open = new(0);

        public async Task<string> PassAsync()
        {
            _reached.Release();
            await _open.WaitAsync();
            return "built";
        }

        public async Task IsReachedAsync() => Assert.True(await _reached.WaitAsync(Eventually.Bound), "the tool is called");

        public void Open() => _open.Release();
    }
}
