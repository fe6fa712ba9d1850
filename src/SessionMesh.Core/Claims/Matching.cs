using SessionMesh.Contracts;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Claims;

/// <summary>Which of the agents with room comes first.</summary>
public enum Strategy : byte
{
    LeastLoaded,
    MostSkilled,
    Spread,
}

/// <summary><see cref="Strategy"/> as the words of the wire.</summary>
public static class StrategyWords
{
    public static readonly IReadOnlyList<string> All = Contracts.Registry.MatchStrategy.All;

    public static string Word(this Strategy value) => All[(int)value];

    /// <summary>The value of a word that was checked before; the default for any other.</summary>
    public static Strategy Parse(string? word) => (Strategy)Math.Max(0, word is null ? 0 : All.ToList().IndexOf(word));

    internal static IComparer<RoomPlace> Order(this Strategy value) => value switch
    {
        Strategy.MostSkilled => RoomPlace.MostSkilled,
        Strategy.Spread => RoomPlace.LongestAgo,
        _ => RoomPlace.LeastLoaded,
    };
}

/// <summary>
/// Which agents should do a job: those that are alive, not paused, and have room. The strategies other than
/// <see cref="Strategy.LeastLoaded"/> choose among the <see cref="Limits.ListLooks"/> least loaded.
/// </summary>
public sealed record Matching
{
    /// <summary>In its form; one below it counts too.</summary>
    public required string Specialization { get; init; }
    public Strategy Strategy { get; init; }
    public string? Cluster { get; init; }

    /// <summary>Whether an agent has the labels that are wanted; null where any will do. Pure.</summary>
    public Predicate<Agent>? Labels { get; init; }

    /// <summary>The best of the agents as they are, best first; on any thread.</summary>
    public List<RoomPlace> Find(MeshState state, Key key, int count) =>
        Find(state, state.AgentAt, agent => state.Reaches(key, agent), [], count);

    /// <summary>The best agent as this batch has left them; null for none.</summary>
    internal RoomPlace? FindIn(MeshDraft draft)
    {
        var changed = draft.ChangedAgents.Where(agent => agent.Skills.Paths.Contains(Specialization)).ToList();
        return Find(draft.Base, draft.FindAt, draft.Reaches, changed, 1) is [var best, ..] ? best : null;
    }

    /// <param name="changed">Agents of which the state does not know yet what they are.</param>
    private List<RoomPlace> Find(MeshState state, Func<int, Agent?> find, Func<Agent, bool> reaches, List<Agent> changed, int count)
    {
        var found = new List<RoomPlace>();
        var numbers = changed.ConvertAll(agent => agent.Number).ToHashSet();
        var looks = Limits.ListLooks;
        state.Indexes.OrderOf(Specialization)?.Visit(place =>
        {
            // The order is as of a moment ago: what counts is the record as it is now.
            if (!numbers.Contains(place.Number) && find(place.Number) is { } agent && agent.Id == place.AgentId && Accepts(agent)
                && RoomPlace.RoomFor(agent, Specialization) is not null && reaches(agent))
            {
                found.Add(place);
            }

            return --looks > 0 && (Strategy != Strategy.LeastLoaded || found.Count < count);
        });

        foreach (var agent in changed)
        {
            var load = agent.Number < state.Slots.Count && state.Slots[agent.Number] is { } slot && slot.Agent.Born == agent.Born
                ? slot.Load
                : float.NaN;
            if (Accepts(agent) && RoomPlace.Of(agent, load, Specialization) is { } place && reaches(agent))
            {
                found.Add(place);
            }
        }

        found.Sort(Strategy.Order());
        return found.Count > count ? found.GetRange(0, count) : found;
    }

    private bool Accepts(Agent agent) => (Cluster is null || agent.Cluster == Cluster) && Labels?.Invoke(agent) != false;
}
