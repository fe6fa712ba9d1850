using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;
using SessionMesh.Client;

namespace SessionMesh.Extensions.AI.Tests.Support;

/// <summary>A mesh, an agent in it, and functions that its model can call for.</summary>
internal sealed partial class Scene : IAsyncDisposable
{
    private TaskCompletionSource _go = NewSignal();
    private int _begun;

    private Scene(RealMesh mesh, MeshAgent agent) => (Mesh, Agent) = (mesh, agent);

    public RealMesh Mesh { get; }

    public MeshAgent Agent { get; }

    /// <summary>What functions there are: <c>look</c> returns at once, <c>work</c> when it is let.</summary>
    public ChatOptions Options => new()
    {
        Tools = [AIFunctionFactory.Create(() => "seen", "look"), AIFunctionFactory.Create(WorkAsync, "work")],
    };

    public static async Task<Scene> BeginAsync(MeshAgentOptions? options = null)
    {
        var mesh = await RealMesh.StartAsync();
        options ??= new MeshAgentOptions();
        return new Scene(mesh, await MeshAgent.ConnectAsync(options with
        {
            AgentId = "writer",
            Client = options.Client ?? mesh.Options,
        }));
    }

    /// <summary>Functions are called, and all is under the mesh.</summary>
    public IChatClient Client(Model model, bool reportsExit = true) =>
        model.AsBuilder().UseFunctionInvocation().UseSessionMesh(Agent, reportsExit).Build();

    /// <summary>So many functions are waiting to be let.</summary>
    public Task WorkBeginsAsync(int times = 1) =>
        Eventually.True(() => Volatile.Read(ref _begun) == times, () => $"{times} functions work: {_begun}");

    /// <summary>All that wait return; the next one waits again.</summary>
    public void LetWork()
    {
        var go = _go;
        (_begun, _go) = (0, NewSignal());
        go.SetResult();
    }

    /// <summary>Steers an agent; returns the id, once this process has the directive.</summary>
    public async Task<string> SteerAsync(string message, string agent = "writer")
    {
        var steer = await Mesh.TellAsync(agent, more: $$""","message":"{{message}}" """);
        await HasComeAsync(agent);
        return steer;
    }

    /// <summary>
    /// All that an agent was told before is in this process: directives are taken in order, and this one is answered at once. Not for an
    /// agent that is paused.
    /// </summary>
    public async Task HasComeAsync(string agent = "writer") =>
        await Mesh.BecomesAsync(await Mesh.TellAsync(agent, "resume"), "acknowledged");

    /// <summary>The lines of a request with each steer as its message alone.</summary>
    public static List<string> Short(List<string> request) =>
        [.. request.Select(line => Words().Replace(line, match => $"steer {match.Groups["message"].Value}"))];

    public async ValueTask DisposeAsync()
    {
        _go.TrySetResult();
        await Agent.DisposeAsync();
        await Mesh.DisposeAsync();
    }

    private async Task<string> WorkAsync()
    {
        var go = _go.Task;
        Interlocked.Increment(ref _begun);
        await go;
        return "worked";
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [GeneratedRegex(
        @"Session Mesh: a steer from the operator with key \w{12}, sent at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ to this agent, [\w.-]+ "
        + @"\(directive [\w.:-]+\)\.\nDirection: north\nMessage: (?<message>.*)",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Words();
}
