using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using SessionMesh.Client;
using SessionMesh.Contracts;

namespace SessionMesh.Extensions.AI;

/// <summary>
/// The agents that one sub-agent is, one for each time that it is called as a function: whose model has called for it is known from the
/// call that runs now. Thread-safe.
/// </summary>
internal sealed class SubAgents(MeshAgentOptions options)
{
    private readonly ConditionalWeakTable<FunctionInvocationContext, Seat> _seats = [];

    /// <summary>Who asks now; null for nobody that the mesh knows.</summary>
    public async ValueTask<ModelSteering?> CurrentAsync(CancellationToken cancellation)
    {
        if (FunctionInvokingChatClient.CurrentContext is not { } call || ModelSteering.CallerOf(call.CallContent) is not { } parent)
        {
            return null;
        }

        var child = await _seats.GetOrCreateValue(call).TakeAsync(() => BeginAsync(parent, call)).WaitAsync(cancellation);
        return child.Steering;
    }

    /// <summary>Registers it; where that cannot be, it is nobody for the rest of the call.</summary>
    private async Task<ChildAgent> BeginAsync(ModelSteering parent, FunctionInvocationContext call)
    {
        var place = await parent.Children.PlaceAsync(parent.Agent.AgentId, options.AgentId ?? call.Function.Name);
        try
        {
            var agent = await parent.Agent.ConnectChildAsync(options with
            {
                AgentId = place.AgentId,
                ParentId = null,
                Takeover = true, // what lived there was below a process that is gone
                Log = options.Log ?? parent.Agent.Options.Log,
            });
            var child = new ChildAgent(agent, place);
            parent.Children.Add(call.CallContent.CallId, child);
            return child;
        }
        catch (MeshException e)
        {
            place.Dispose();
            (options.Log ?? parent.Agent.Options.Log)?.Invoke($"sub-agent {place.AgentId} works without the mesh: {e.Message}");
            return ChildAgent.Nobody;
        }
    }

    /// <summary>Who the sub-agent is in one call; after the end of a run somebody else.</summary>
    private sealed class Seat
    {
        private readonly Lock _gate = new();
        private Task<ChildAgent>? _taken;

        public Task<ChildAgent> TakeAsync(Func<Task<ChildAgent>> begin)
        {
            lock (_gate)
            {
                return _taken = _taken is { IsFaulted: false } taken && !(taken.IsCompletedSuccessfully && taken.Result.HasEnded)
                    ? taken
                    : begin();
            }
        }
    }
}

/// <summary>A sub-agent in one call.</summary>
internal sealed class ChildAgent
{
    private readonly MeshAgent? _agent;
    private readonly ChildPlace? _place;
    private int _hasEnded;

    public ChildAgent(MeshAgent agent, ChildPlace place) =>
        (_agent, _place, Steering) = (agent, place, ModelSteering.OfRun(agent, () => _ = EndAsync()));

    private ChildAgent()
    {
    }

    /// <summary>One that could not be registered.</summary>
    public static ChildAgent Nobody { get; } = new();

    public ModelSteering? Steering { get; }

    public bool HasEnded => Volatile.Read(ref _hasEnded) != 0;

    /// <summary>
    /// Its run is over: reports the exit. Nobody waits for that but whoever wants its id next, and the exit of the agent above.
    /// </summary>
    public async Task EndAsync()
    {
        if (_agent is not null && _place is not null && Interlocked.Exchange(ref _hasEnded, 1) == 0)
        {
            _place.IsEnding = true;
            await _agent.DisposeAsync();
            _place.Dispose();
        }
    }
}

/// <summary>The sub-agents that an agent runs, by the calls that run them. Thread-safe.</summary>
internal sealed class ChildAgents
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<ChildAgent>> _byCall = [];
    private readonly Dictionary<string, ChildPlace> _taken = [];

    /// <summary>
    /// An id that no other sub-agent of this agent has now, and that the next one has again. Where the exit of the last is being reported
    /// this waits for that.
    /// </summary>
    public async Task<ChildPlace> PlaceAsync(string parentId, string name)
    {
        var stem = $"{parentId}.{string.Concat(name.Select(c => MeshId.IsValid($"a{c}") ? c : '-'))}";
        while (true)
        {
            Task? free = null;
            for (var number = 1; free is null; number++)
            {
                var suffix = number == 1 ? "" : $"-{number}";
                var id = stem[..Math.Min(stem.Length, MeshId.MaxLength - suffix.Length)] + suffix;
                lock (_gate)
                {
                    if (!_taken.TryGetValue(id, out var place))
                    {
                        return _taken[id] = new ChildPlace(this, id);
                    }

                    free = place.IsEnding ? place.Free : null;
                }
            }

            await free;
        }
    }

    public void Add(string callId, ChildAgent child)
    {
        lock (_gate)
        {
            (_byCall.TryGetValue(callId, out var all) ? all : _byCall[callId] = []).Add(child);
        }
    }

    /// <summary>Those calls have returned: whatever ran in them is over.</summary>
    public void End(IEnumerable<string> callIds)
    {
        List<ChildAgent> children = [];
        lock (_gate)
        {
            foreach (var id in callIds)
            {
                children.AddRange(_byCall.Remove(id, out var all) ? all : []);
            }
        }

        children.ForEach(child => _ = child.EndAsync());
    }

    public void GiveUp(string agentId)
    {
        lock (_gate)
        {
            _taken.Remove(agentId);
        }
    }
}

/// <summary>An id that is taken until this is disposed of.</summary>
internal sealed class ChildPlace(ChildAgents children, string agentId) : IDisposable
{
    private readonly TaskCompletionSource _free = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isEnding;

    public string AgentId { get; } = agentId;

    public bool IsEnding
    {
        get => _isEnding;
        set => _isEnding = value;
    }

    /// <summary>Completes when the id can be taken again.</summary>
    public Task Free => _free.Task;

    public void Dispose()
    {
        children.GiveUp(AgentId);
        _free.TrySetResult();
    }
}
