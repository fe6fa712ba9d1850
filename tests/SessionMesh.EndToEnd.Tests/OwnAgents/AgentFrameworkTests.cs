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
        "shipper",
        sharesClient: false,
        async (agent, cancellation) => (await agent.RunAsync("MAINTASK ship it", cancellationToken: cancellation)).Text);

    [Fact]
    public Task Agent_ThatStreams_IsSteeredInMidRun_Paused_Resumed_AndStopped_WithItsSubAgent() => RunAsync(
        "streamer",
        sharesClient: true,
        async (agent, cancellation) =>
        {
            var text = "";
            await foreach (var update in agent.RunStreamingAsync("MAINTASK ship it", cancellationToken: cancellation))
            {
                text += update.Text;
            }

            return text;
        });

    /// <summary>The framework keeps the conversation and hands out copies of it; the words are where they stood.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Session_OfSeveralRuns_StillHasWhatItWasTold(bool streams)
    {
        using var model = await Standin.StartAsync(mesh.Scratch, """{"main":[{"text":"first"},{"text":"second"},{"text":"third"}]}""");
        await using var member = await MeshAgent.ConnectAsync(new() { AgentId = $"keeper-{streams}", Client = Options() });
        var agent = new ChatClientAgent(
            Ask(model).AsBuilder().UseSessionMesh(member).Build(), tools: [AIFunctionFactory.Create(() => "", "nothing")]);
        var session = await agent.CreateSessionAsync();
        var steer = await SteerAsync(member.AgentId, "KEPT-MARK");

        foreach (var words in new[] { "MAINTASK one", "two", "three" })
        {
            if (!streams)
            {
                await agent.RunAsync(words, session);
                continue;
            }

            await foreach (var _ in agent.RunStreamingAsync(words, session))
            {
                // To its end.
            }
        }

        await BecomesAsync(steer, "acknowledged");
        Assert.All(model.Requests("main"), request => Assert.Equal(2, request.Split("KEPT-MARK").Length));
        var last = model.Requests("main")[^1];
        string[] order = ["MAINTASK one", "KEPT-MARK", "first", "two", "second", "three"];
        Assert.Equal(order, order.OrderBy(words => last.IndexOf(words, StringComparison.Ordinal)));
    }

    /// <param name="sharesClient">Whether the sub-agent asks by the client of its caller, or by one of its own.</param>
    private async Task RunAsync(string id, bool sharesClient, Func<AIAgent, CancellationToken, Task<string>> run)
    {
        using var model = await Standin.StartAsync(mesh.Scratch, Script);
        await using var member = await MeshAgent.ConnectAsync(new() { AgentId = id, Client = Options() });
        var gate = new Gate();
        var build = AIFunctionFactory.Create(gate.PassAsync, "build");
        var client = Ask(model).AsBuilder().UseSessionMesh(member).Build();
        var researcher = new ChatClientAgent(
            sharesClient ? client : Ask(model).AsBuilder().UseSessionMeshSubAgent(new() { Specializations = ["research"] }).Build(),
            "You look things up.", name: "researcher", tools: [build]);
        var agent = new ChatClientAgent(
            client, "You ship.", tools: [build, AIFunctionFactory.Create(() => "a.cs b.cs", "list_files"), researcher.AsAIFunction()]);

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

    private MeshClientOptions Options() => new() { BaseUrl = new Uri(mesh.Server.Url), Token = mesh.Server.RootKey };

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

    /// <summary>Returns once the directive is in the process: they are taken in order, and the second is answered at once.</summary>
    private async Task<string> SteerAsync(string id, string message)
    {
        var steer = await TellAsync(id, "steer", $$""","direction":"north","message":"{{message}}" """);
        await BecomesAsync(await TellAsync(id, "resume"), "acknowledged");
        Assert.Equal("delivered", (await mesh.Http.GetAsync("directives/" + steer)).Text("state"));
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
