using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using SessionMesh.Client;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Extensions.AI;

/// <summary>
/// One agent's requests to its model, over whatever clients they go: what they carry, and whether the agent is at work. Thread-safe.
/// </summary>
/// <remarks>
/// An agent works while a request is under way or held, or a function runs that a model has called for and that no request has brought the
/// result of. Once it is to stop and does not work, its exit is reported.
/// </remarks>
internal sealed class ModelSteering
{
    private static readonly ConditionalWeakTable<MeshAgent, ModelSteering> s_all = [];

    /// <summary>Which agent's model has called for a function.</summary>
    private static readonly ConditionalWeakTable<FunctionCallContent, ModelSteering> s_callers = [];

    private readonly Lock _gate = new();
    private readonly OpenCalls _calls = new();
    private readonly ToldSteers _told = new();
    private readonly ModelSteering? _parent;
    private readonly Action? _runIsOver;
    private volatile bool _reportsExit = true;
    private int _underWay;
    private long _returned;

    private ModelSteering(MeshAgent agent, ModelSteering? parent = null, Action? runIsOver = null)
    {
        (Agent, _parent, _runIsOver) = (agent, parent, runIsOver);
        agent.Report(activity: AgentActivity.Idle);
        agent.Stopping.UnsafeRegister(static self => _ = ((ModelSteering)self!).EndIfStoppedAsync(), this);
    }

    public MeshAgent Agent { get; }

    /// <summary>Sub-agents that it runs now.</summary>
    public ChildAgents Children { get; } = new();

    /// <param name="reportsExit">False from one of its clients is false for all.</param>
    public static ModelSteering Of(MeshAgent agent, bool reportsExit)
    {
        var steering = s_all.GetValue(agent, missing => new ModelSteering(missing));
        steering._reportsExit &= reportsExit;
        return steering;
    }

    /// <summary>Of an agent that is there for one run.</summary>
    public static ModelSteering OfRun(MeshAgent agent, ModelSteering parent, Action runIsOver) => new(agent, parent, runIsOver);

    /// <summary>Whose model has called for a function; null for one that nobody here knows.</summary>
    public static ModelSteering? CallerOf(FunctionCallContent call) => s_callers.TryGetValue(call, out var caller) ? caller : null;

    /// <summary>Whether this is that agent, or a sub-agent of it at any depth.</summary>
    public bool IsAtOrBelow(ModelSteering other) => this == other || _parent?.IsAtOrBelow(other) == true;

    /// <summary>Waits until the agent may ask, and takes what waits for its model.</summary>
    /// <exception cref="OperationCanceledException">The agent is to stop, or the caller has cancelled.</exception>
    public async Task<ModelRequest> BeginAsync(IEnumerable<ChatMessage> messages, CancellationToken cancellation)
    {
        List<ChatMessage> all = [.. messages];
        TakeReturns(all);
        lock (_gate)
        {
            _underWay++;
        }

        try
        {
            if (!await Agent.MayContinueAsync(cancellation))
            {
                throw Stopped();
            }

            Agent.Report(activity: AgentActivity.Working);
            var steers = Agent.TakeSteers();
            var words = steers.Select(steer => new ChatMessage(ChatRole.User, SteerWords.Of(steer))).ToList();
            return new ModelRequest(this, steers, words, [.. _told.PutInto(all), .. words], cancellation);
        }
        catch
        {
            await LeaveAsync();
            throw;
        }
    }

    /// <summary>The model has answered.</summary>
    /// <exception cref="OperationCanceledException">It calls for functions, and the agent was told to stop meanwhile.</exception>
    public void Answered(ModelRequest request)
    {
        foreach (var steer in request.Steers)
        {
            Agent.Acknowledge(steer, "the model was asked with it, and has answered");
        }

        _told.Remember(request.Words, request.Answer.Mark);
        var calls = request.Answer.Calls;
        if (calls.Count == 0)
        {
            return;
        }

        if (Agent.Stopping.IsCancellationRequested)
        {
            throw Stopped(); // nobody is to call them
        }

        foreach (var call in calls)
        {
            s_callers.AddOrUpdate(call, this);
        }

        lock (_gate)
        {
            _calls.Add(calls);
        }

        Agent.Report(note: calls.Last().Name);
    }

    /// <summary>A request is over, answered or not.</summary>
    public async ValueTask LeaveAsync()
    {
        bool isAtWork;
        lock (_gate)
        {
            _underWay--;
            isAtWork = IsAtWork;
        }

        if (!isAtWork)
        {
            Agent.Report(activity: AgentActivity.Waiting);
            _runIsOver?.Invoke();
        }

        await EndIfStoppedAsync();
    }

    /// <param name="because">What came of cancelling, where something did.</param>
    public OperationCanceledException Stopped(Exception? because = null) => new(
        $"agent {Agent.AgentId} was told to stop: {Agent.Stop?.Reason ?? "its exit is reported"}", because, Agent.Stopping);

    private bool IsAtWork => _underWay > 0 || _calls.Any();

    /// <summary>Functions have returned whose results the next request brings.</summary>
    private void TakeReturns(List<ChatMessage> messages)
    {
        List<FunctionCallContent> returned;
        lock (_gate)
        {
            returned = _calls.Remove(messages);
            _returned += returned.Count;
        }

        if (returned.Count > 0)
        {
            Agent.Report(progress: _returned);
            Children.End(returned);
        }
    }

    private async Task EndIfStoppedAsync()
    {
        lock (_gate)
        {
            if (!_reportsExit || _runIsOver is not null || !Agent.Stopping.IsCancellationRequested || IsAtWork)
            {
                return;
            }
        }

        await Agent.ExitAsync();
    }
}
