using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Agents;

/// <summary>
/// Which agents a call by selector means: those that match every criterion given. At least one is required, so that leaving something out
/// never means every agent.
/// </summary>
public sealed record Selection
{
    public string? Specialization { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
    public string? Cluster { get; init; }

    /// <summary>An agent and all below it.</summary>
    public string? Subtree { get; init; }
    public IReadOnlyList<string>? AgentIds { get; init; }

    /// <summary>Characters of the texts that can be long.</summary>
    public int Length =>
        (AgentIds?.Sum(id => id.Length) ?? 0) + (Labels?.Sum(label => label.Key.Length + label.Value.Length) ?? 0);

    public bool IsEmpty => Specialization is null && Cluster is null && Subtree is null && AgentIds is null && Labels is not { Count: > 0 };

    /// <summary>
    /// Searches the agents as they are, on any thread, for those that match and are in one of these states. Null when the selection, or the
    /// key's reach, is so narrow that there is nothing to search; <see cref="Match"/> then finds them by itself.
    /// </summary>
    public Candidates? Find(MeshState state, Key? caller, IReadOnlyList<Liveness> eligible) =>
        AgentIds is not null || Subtree is not null || caller is { Reach: not null, AgentId: not null }
        || caller?.Reach is { Agents.Count: > 0 } or { Subtrees.Count: > 0 }
            ? null
            : Search(state, caller, eligible);

    /// <summary>
    /// The agents that match and are in one of these states, in order of their numbers. What this batch has already decided is taken into
    /// account.
    /// </summary>
    /// <param name="found">What <see cref="Find"/> found before, for the same caller and states; null to search now.</param>
    public List<Agent> Match(MeshDraft draft, IReadOnlyList<Liveness> eligible, Candidates? found = null)
    {
        var below = Subtree is null ? null : SubtreeOf(draft, draft.FindAgent(Subtree));
        var numbers = new List<int>(Named(draft, below) ?? Searched(draft, eligible, found));
        numbers.Sort();
        var ids = AgentIds?.ToHashSet(StringComparer.Ordinal);
        var reach = new ReachMemo(draft.Caller, draft.FindAt);
        var matched = new List<Agent>();
        var last = -1;
        foreach (var number in numbers)
        {
            if (number == last)
            {
                continue;
            }

            last = number;
            if (draft.FindAt(number) is { } agent && eligible.Contains(agent.Liveness) && Matches(agent)
                && ids?.Contains(agent.Id) != false && below?.Contains(number) != false && reach.Reaches(agent))
            {
                matched.Add(agent);
            }
        }

        return matched;
    }

    /// <summary>Null when as many match as the caller expects, and one call may reach that many.</summary>
    public static MeshError? CheckCount(int matched, int? expected) =>
        matched == 0
            ? new MeshError(
                ErrorKind.NotFound,
                ErrorCodes.NothingMatched,
                "The selector matches no agent. See what there is with GET /api/session-mesh/alive.")
        : matched > Limits.SelectorMatches
            ? new MeshError(
                ErrorKind.Invalid,
                ErrorCodes.TooManyMatched,
                $"The selector matches {matched} agents; one call reaches at most {Limits.SelectorMatches}. "
                + "Narrow it, or name agents in agent_ids.")
        : expected is null
            ? new MeshError(
                ErrorKind.Invalid,
                ErrorCodes.ExpectRequired,
                $"The selector matches {Agents(matched)}. Send \"expect\": {matched} to confirm, or \"dry_run\": true to see which.")
        : expected != matched
            ? new MeshError(
                ErrorKind.Conflict,
                ErrorCodes.ExpectationFailed,
                $"The selector matches {Agents(matched)}, not {expected}. Nothing was sent. Look again with \"dry_run\": true.")
        : null;

    private static string Agents(int count) => count == 1 ? "1 agent" : $"{count} agents";

    /// <summary>Whether an agent's own record matches.</summary>
    private bool Matches(Agent agent) =>
        (Specialization is null || agent.Skills.Paths.Contains(Specialization))
        && (Cluster is null || agent.Cluster == Cluster)
        && (Labels is null || HasLabels(agent));

    private bool HasLabels(Agent agent)
    {
        foreach (var (name, wanted) in Labels!)
        {
            if (!agent.Labels.Labels.TryGetValue(name, out var value) || value != wanted)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Numbers by the narrowest criterion that names agents one by one; null if none does. The caller checks the others for each agent.
    /// </summary>
    private IEnumerable<int>? Named(MeshDraft draft, HashSet<int>? below)
    {
        if (AgentIds is not null)
        {
            return AgentIds.Select(draft.KnownAgent).OfType<Agent>().Select(agent => agent.Number);
        }

        if (below is not null || draft.Caller is not { Reach: { } reach } caller)
        {
            return below;
        }

        var within = reach.Agents is [var only, ..] ? Numbers(draft.KnownAgent(only))
            : reach.Subtrees is [var root, ..] ? SubtreeOf(draft, draft.KnownAgent(root))
            : null;
        return within is null || caller.AgentId is null ? within : within.Concat(Numbers(draft.KnownAgent(caller.AgentId)));
    }

    private List<int> Searched(MeshDraft draft, IReadOnlyList<Liveness> eligible, Candidates? found)
    {
        found = found is { IsTooMany: false } ? found : null;
        var searched = found ?? Search(draft.Base, draft.Caller, eligible, most: int.MaxValue);
        var numbers = new List<int>(searched.Numbers);
        if (!draft.Base.Recent.TryAddSince(searched.Revision, numbers))
        {
            numbers = [.. Search(draft.Base, draft.Caller, eligible, most: int.MaxValue).Numbers];
        }

        numbers.AddRange(draft.ChangedAgents.Select(agent => agent.Number)); // the indexes do not know yet what this batch did
        return numbers;
    }

    /// <summary>Searches only by what an agent's own record says: when that changes, the agent is among those that changed since.</summary>
    private Candidates Search(MeshState state, Key? caller, IReadOnlyList<Liveness> eligible, int most = Candidates.Most)
    {
        var revision = state.Revision;
        var query = new NumberQuery();
        query.WithinAny(eligible.Select(state.Indexes.With));
        if (Specialization is not null)
        {
            query.Within(state.Indexes.TryGetSpecialization(Specialization, out var specialized) ? specialized : null);
        }

        foreach (var cluster in caller is { AgentId: null, Reach: { } reach } ? reach.Clusters.Append(Cluster) : [Cluster])
        {
            if (cluster is not null)
            {
                query.Within(state.Indexes.TryGetCluster(cluster, out var clustered) ? clustered : null);
            }
        }

        var numbers = new List<int>();
        var count = 0;
        foreach (var number in query.Numbers(state.Slots.Count))
        {
            if (state.AgentAt(number) is { } agent && Matches(agent) && ++count <= most)
            {
                numbers.Add(number);
            }
        }

        return new Candidates(revision, count <= most ? numbers : [], count);
    }

    private static IEnumerable<int> Numbers(Agent? agent) => agent is null ? [] : [agent.Number];

    private static HashSet<int> SubtreeOf(MeshDraft draft, Agent? root) =>
        root is null ? [] : [root.Number, .. draft.Descendants(root.Number).Select(a => a.Number)];
}

/// <summary>
/// The agents that matched a selection at a revision, found off the writer's thread. On the writer's thread only these are checked again,
/// and those that changed since.
/// </summary>
/// <param name="Revision">The search saw at least the state at this revision.</param>
/// <param name="Numbers">Ascending; empty when there are far more than any call may reach.</param>
/// <param name="Count">How many agents matched.</param>
public sealed record Candidates(long Revision, IReadOnlyList<int> Numbers, int Count)
{
    /// <summary>Past this many, changes before the decision cannot make the call succeed.</summary>
    public const int Most = 2 * Contracts.Limits.SelectorMatches;

    /// <summary>Whether they are too many to be checked again: the count is then that of the search.</summary>
    public bool IsTooMany => Count > Most;
}
