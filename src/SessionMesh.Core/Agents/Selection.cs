using System.Numerics;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Agents;

/// <summary>
/// Which agents a call by selector means: those that match every criterion given. At least one must be; nothing here can mean
/// everyone by leaving something out.
/// </summary>
public sealed record Selection
{
    public string? Specialization { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
    public string? Cluster { get; init; }

    /// <summary>An agent and all below it.</summary>
    public string? Subtree { get; init; }
    public IReadOnlyList<string>? AgentIds { get; init; }

    public bool IsEmpty => Specialization is null && Cluster is null && Subtree is null && AgentIds is null && Labels is not { Count: > 0 };

    /// <summary>
    /// The agents, in order of their numbers, that match and are <paramref name="eligible"/>; with what this batch has already
    /// decided taken into account.
    /// </summary>
    public List<Agent> Match(MeshDraft draft, Predicate<Agent> eligible)
    {
        var numbers = new SortedSet<int>(Candidates(draft));
        foreach (var changed in draft.ChangedAgents)
        {
            numbers.Add(changed.Number); // the indexes do not know yet what this batch did
        }

        var below = Subtree is null ? null : SubtreeOf(draft, Subtree);
        var matched = new List<Agent>();
        foreach (var number in numbers)
        {
            if (draft.FindAt(number) is { } agent
                && eligible(agent) && Matches(agent) && below?.Contains(number) != false && draft.Reaches(agent))
            {
                matched.Add(agent);
            }
        }

        return matched;
    }

    /// <summary>Null when that many may be reached with what the caller expects.</summary>
    public static MeshError? CheckCount(int matched, int? expected) =>
        matched == 0
            ? new MeshError(404, ErrorCodes.NothingMatched, "The selector matches no agent. List what there is with GET /api/session-mesh/alive.")
        : expected is null
            ? new MeshError(400, ErrorCodes.ExpectRequired, $"The selector matches {matched} agents. Send \"expect\": {matched} to mean just that, or \"dry_run\": true to see which.")
        : expected != matched
            ? new MeshError(409, ErrorCodes.ExpectationFailed, $"The selector matches {matched} agents, not {expected}. Nothing was sent. Look again with \"dry_run\": true.")
        : matched > Limits.SelectorMatches
            ? new MeshError(400, ErrorCodes.TooManyMatched, $"The selector matches {matched} agents; one call reaches at most {Limits.SelectorMatches}. Narrow it, or name agents in agent_ids.")
        : null;

    private bool Matches(Agent agent) =>
        (Specialization is null || agent.Specializations.Contains(Specialization))
        && (Cluster is null || agent.Cluster == Cluster)
        && (AgentIds is null || AgentIds.Contains(agent.Id))
        && (Labels is null || Labels.All(wanted => agent.Labels.Labels.TryGetValue(wanted.Key, out var value) && value == wanted.Value));

    /// <summary>From the narrowest thing that can be looked up; the rest is checked agent by agent.</summary>
    private IEnumerable<int> Candidates(MeshDraft draft)
    {
        var state = draft.Base;
        if (AgentIds is not null)
        {
            return AgentIds.Select(draft.FindAgent).OfType<Agent>().Select(agent => agent.Number);
        }

        if (Subtree is not null)
        {
            return SubtreeOf(draft, Subtree);
        }

        if (Specialization is not null)
        {
            return state.Indexes.TryGetSpecialization(Specialization, out var specialized) ? Members(specialized, state.Slots.Count) : [];
        }

        if (Cluster is not null)
        {
            return state.Indexes.TryGetCluster(Cluster, out var clustered) ? Members(clustered, state.Slots.Count) : [];
        }

        return Enumerable.Range(0, state.Slots.Count);
    }

    private static HashSet<int> SubtreeOf(MeshDraft draft, string id) =>
        draft.FindAgent(id) is { } root ? [root.Number, .. draft.Descendants(root.Number).Select(a => a.Number)] : [];

    private static IEnumerable<int> Members(NumberSet set, int count)
    {
        for (var word = 0; word << 6 < count; word++)
        {
            for (var bits = set.Word(word); bits != 0; bits &= bits - 1)
            {
                yield return (word << 6) + BitOperations.TrailingZeroCount(bits);
            }
        }
    }
}
