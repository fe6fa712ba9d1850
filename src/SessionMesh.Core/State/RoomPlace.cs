using SessionMesh.Core.Agents;

namespace SessionMesh.Core.State;

/// <summary>An agent with room for a job, and what decides whether it should take it.</summary>
/// <param name="Skill">Its specialization that would be claimed.</param>
/// <param name="Held">Claims of it that are held.</param>
/// <param name="Load">As it reported it; <see cref="float.NaN"/> for never.</param>
/// <param name="ClaimedAt">Wall milliseconds of its last claim of any specialization; 0 for none.</param>
public sealed record RoomPlace(int Number, string AgentId, Skill Skill, int Held, float Load, long ClaimedAt)
{
    /// <summary>Least of its capacity taken first, then least load, an unknown one last, then by id.</summary>
    public static IComparer<RoomPlace> LeastLoaded { get; } = Comparer<RoomPlace>.Create(static (a, b) =>
        a.Share.CompareTo(b.Share) is not 0 and var share ? share
        : a.KnownLoad.CompareTo(b.KnownLoad) is not 0 and var load ? load
        : string.CompareOrdinal(a.AgentId, b.AgentId));

    /// <summary>Highest level first, then as <see cref="LeastLoaded"/>.</summary>
    public static IComparer<RoomPlace> MostSkilled { get; } = Comparer<RoomPlace>.Create(static (a, b) =>
        b.Skill.Level.CompareTo(a.Skill.Level) is not 0 and var level ? level : LeastLoaded.Compare(a, b));

    /// <summary>Whoever was claimed longest ago first, then as <see cref="LeastLoaded"/>.</summary>
    public static IComparer<RoomPlace> LongestAgo { get; } = Comparer<RoomPlace>.Create(static (a, b) =>
        a.ClaimedAt.CompareTo(b.ClaimedAt) is not 0 and var at ? at : LeastLoaded.Compare(a, b));

    private double Share => (double)Held / Skill.Capacity;

    private float KnownLoad => float.IsNaN(Load) ? float.PositiveInfinity : Load;

    /// <summary>
    /// The place of an agent under a name; null where it has no room: it is not alive, is paused, or all its slots there are taken. Of
    /// several specializations below the name the one counts that is taken least, of those the one of the highest level.
    /// </summary>
    public static RoomPlace? Of(Agent agent, float load, string path) =>
        RoomFor(agent, path) is { } skill
            ? new RoomPlace(agent.Number, agent.Id, skill, agent.Holds.Of(skill.Name), load, agent.ClaimedAt)
            : null;

    /// <summary>The specialization that would be claimed; null for none.</summary>
    public static Skill? RoomFor(Agent agent, string path)
    {
        if (agent is not { Liveness: Liveness.Alive, Paused: false })
        {
            return null;
        }

        Skill? best = null;
        var (bestHeld, skills) = (0, agent.Skills);
        foreach (var skill in skills.Skills)
        {
            var held = agent.Holds.Of(skill.Name);
            if (held >= skill.Capacity || !SpecializationName.IsAtOrBelow(skill.Name, path))
            {
                continue;
            }

            var share = best is null ? -1 : ((long)held * best.Capacity).CompareTo((long)bestHeld * skill.Capacity);
            if (share < 0 || (share == 0 && skill.Level > best!.Level))
            {
                (best, bestHeld) = (skill, held);
            }
        }

        return best;
    }
}
