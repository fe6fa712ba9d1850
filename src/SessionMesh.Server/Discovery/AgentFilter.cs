using SessionMesh.Contracts.Agents;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.State;

namespace SessionMesh.Server.Discovery;

/// <summary>
/// What a word of <see cref="AliveFilter.Allowed"/> means: states that an index knows, and what only a look at each agent shows.
/// </summary>
/// <param name="Among">The states; empty for all of them.</param>
/// <param name="Also">Null where the states say it all.</param>
internal sealed record AgentFilter(IReadOnlyList<Liveness> Among, Func<AgentSlot, MeshState, Moment, bool>? Also = null)
{
    public static readonly AgentFilter Alive = new([Liveness.Alive]);
    public static readonly AgentFilter All = new([]);

    public static readonly AgentFilter Orphaned =
        new([Liveness.Alive, Liveness.Suspect, Liveness.Lost, Liveness.Stopping], (slot, state, _) => IsOrphan(slot.Agent, state));

    private static readonly Dictionary<string, AgentFilter> s_byWord = new(StringComparer.Ordinal)
    {
        [AliveFilter.Active] = Alive,
        [AgentStatus.Alive] = Alive,
        [AgentStatus.Suspect] = new([Liveness.Suspect]),
        [AliveFilter.Stalled] = new([Liveness.Alive], (slot, _, _) => slot.Agent.Stall is not null),
        [AgentActivity.Idle] = Doing(Activity.Idle),
        [AgentActivity.Working] = Doing(Activity.Working),
        [AgentActivity.Waiting] = Doing(Activity.Waiting),
        [AliveFilter.Paused] = new([Liveness.Alive, Liveness.Suspect]) { IsPaused = true },
        [AgentStatus.Lost] = new([Liveness.Lost]),
        [AgentStatus.Stopping] = new([Liveness.Stopping]),
        [AgentStatus.Dead] = new([Liveness.Dead]),
        [AgentStatus.Declared] = new([Liveness.Declared]),
        [AliveFilter.Orphaned] = Orphaned,
        [AliveFilter.All] = All,
    };

    /// <summary>Whether only those that are paused are meant; that, too, an index knows.</summary>
    public bool IsPaused { get; private init; }

    /// <param name="word">One that was checked before.</param>
    public static AgentFilter Of(string word) => s_byWord[word];

    private static AgentFilter Doing(Activity activity) => new([Liveness.Alive], (slot, _, _) => slot.ReadVitals().Activity == activity);

    private static bool IsOrphan(Agent agent, MeshState state) =>
        agent.OrphanedFrom is not null || (agent.Parent >= 0 && state.AgentAt(agent.Parent) is { Liveness: Liveness.Dead });
}
