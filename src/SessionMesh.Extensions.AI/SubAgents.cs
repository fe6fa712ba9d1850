using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using SessionMesh.Client;

namespace SessionMesh.Extensions.AI;

/// <summary>
/// Who asks by one client: its own agent, or a sub-agent, one for each time that it is called as a function. Whose model has called for
/// that is known from the call that runs now. Thread-safe.
/// </summary>
/// <param name="options">What to register of a sub-agent.</param>
/// <param name="own">Whose client it is; null where it is for sub-agents alone.</param>
internal sealed class SubAgents(MeshAgentOptions options, ModelSteering? own = null)
{
    private readonly ConditionalWeakTable<FunctionInvocationContext, Seat> _seats = [];

    /// <summary>Who asks now; null for nobody that the mesh knows.</summary>
    public async ValueTask<ModelSteering?> CurrentAsync(CancellationToken cancellation)
    {
        if (FunctionInvokingChatClient.CurrentContext is not { } call
            || ModelSteering.CallerOf(call.CallContent) is not { } parent
            || (own is not null && !parent.IsAtOrBelow(own)))
        {
            return own;
        }

        var child = await _seats.GetOrCreateValue(call).TakeAsync(() => BeginAsync(parent, call)).WaitAsync(cancellation);
        return child.Steering;
    }

    /// <summary>Registers it; where that cannot be, it is nobody for the rest of the call.</summary>
    private async Task<ChildAgent> BeginAsync(ModelSteering parent, FunctionInvocationContext call)
    {
        var place = await parent.Children.PlaceAsync(
            call.CallContent, parent.Agent.AgentId, options.AgentId ?? call.Function.Name);
        try
        {
            var agent = await parent.Agent.ConnectChildAsync(options with
            {
                AgentId = place.AgentId,
                ParentId = null,
                Takeover = true, // what lived there was below a process that is gone
                Log = options.Log ?? parent.Agent.Options.Log,
            });
            return place.Child = new ChildAgent(agent, place, parent);
        }
        catch (Exception e) when (e is MeshException or ObjectDisposedException)
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

    public ChildAgent(MeshAgent agent, ChildPlace place, ModelSteering parent) =>
        (_agent, _place, Steering) = (agent, place, ModelSteering.OfRun(agent, parent, () => _ = EndAsync()));

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
            await _agent.DisposeAsync();
            _place.Dispose();
        }
    }
}
