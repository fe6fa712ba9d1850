using Microsoft.Extensions.AI;
using SessionMesh.Contracts;

namespace SessionMesh.Extensions.AI;

/// <summary>The sub-agents that an agent runs, each in the call that runs it. Thread-safe.</summary>
internal sealed class ChildAgents
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ChildPlace> _taken = [];

    /// <summary>
    /// An id that no other sub-agent of this agent has now, and that the next one has again. Where the exit of the last is being reported
    /// this waits for that.
    /// </summary>
    public async Task<ChildPlace> PlaceAsync(FunctionCallContent call, string parentId, string name)
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
                        return _taken[id] = new ChildPlace(this, call, id);
                    }

                    free = place.Child is { HasEnded: true } ? place.Free : null;
                }
            }

            await free;
        }
    }

    /// <summary>Those calls have returned: whatever ran in them is over.</summary>
    public void End(IReadOnlyCollection<FunctionCallContent> calls)
    {
        List<ChildPlace> over;
        lock (_gate)
        {
            over = [.. _taken.Values.Where(place => calls.Contains(place.Call, ReferenceEqualityComparer.Instance))];
        }

        over.ForEach(place => _ = place.Child?.EndAsync());
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
/// <param name="children">Whose it is.</param>
/// <param name="call">The call that the sub-agent runs in.</param>
internal sealed class ChildPlace(ChildAgents children, FunctionCallContent call, string agentId) : IDisposable
{
    private readonly TaskCompletionSource _free = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ChildAgent? _child;

    public string AgentId { get; } = agentId;

    public FunctionCallContent Call { get; } = call;

    /// <summary>Who has it; null until it is registered.</summary>
    public ChildAgent? Child
    {
        get => _child;
        set => _child = value;
    }

    /// <summary>Completes when the id can be taken again.</summary>
    public Task Free => _free.Task;

    public void Dispose()
    {
        children.GiveUp(AgentId);
        _free.TrySetResult();
    }
}
