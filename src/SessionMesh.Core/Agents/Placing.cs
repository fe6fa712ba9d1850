using SessionMesh.Contracts.Errors;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Agents;

/// <summary>
/// Where a registration or a move puts an agent: its cluster and its parent. A key that is limited to some agents cannot put one outside
/// its reach, cannot move one out of it, and learns nothing about the others.
/// </summary>
internal static class Placing
{
    /// <summary>
    /// The profile, with the place that the caller's key implies if it names none; or the reason why the agent may not be there.
    /// </summary>
    public static Outcome<Profile> Check(MeshDraft draft, string agentId, Profile profile)
    {
        var known = draft.KnownAgent(agentId);
        if (known is null)
        {
            profile = WithDefaults(draft.Caller, agentId, profile);
        }
        else if (!draft.Reaches(known))
        {
            return Outside(draft.Caller!, agentId);
        }

        return (CheckParent(draft, known, agentId, profile.ParentId)
            ?? CheckReach(
                draft, known, agentId, profile.Cluster ?? known?.Cluster ?? RegistrationRules.DefaultCluster,
                profile.ParentId is null ? known?.Parent ?? -1 : draft.KnownAgent(profile.ParentId)!.Number) // known, by now
            ?? (known is null ? ForgettingRules.CheckQuota(draft, profile.ParentId) : null)) is { } error
            ? error
            : profile;
    }

    /// <summary>The reason why an agent may not have that parent, or none; null if it may.</summary>
    public static MeshError? CheckMove(MeshDraft draft, Agent agent, string? parentId) =>
        CheckParent(draft, agent, agent.Id, parentId)
        ?? CheckReach(draft, agent, agent.Id, agent.Cluster, parentId is null ? -1 : draft.KnownAgent(parentId)!.Number);

    private static Profile WithDefaults(Key? caller, string agentId, Profile profile) => caller?.Reach is not { } reach
        ? profile
        : profile with
        {
            Cluster = profile.Cluster ?? (reach.Clusters is [var cluster] ? cluster : null),
            ParentId = profile.ParentId ?? (reach.Subtrees is [var root] && root != agentId ? root : null),
        };

    /// <summary>A parent must be known, and must not be the agent itself or below it.</summary>
    private static MeshError? CheckParent(MeshDraft draft, Agent? agent, string agentId, string? parentId)
    {
        if (parentId is null)
        {
            return null;
        }

        if (parentId == agentId)
        {
            return MeshError.Invalid("/parent_id", "an agent cannot be its own parent");
        }

        var stays = agent is { Parent: >= 0 } && draft.AgentAt(agent.Parent).Id == parentId;
        if ((stays ? draft.KnownAgent(parentId) : draft.FindAgent(parentId)) is not { } parent)
        {
            return MeshError.Invalid("/parent_id", $"no agent '{parentId}' is known; register the parent first");
        }

        for (var above = parent; agent is not null; above = draft.AgentAt(above.Parent))
        {
            if (above.Number == agent.Number)
            {
                return MeshError.Invalid("/parent_id", $"'{parentId}' is below '{agentId}' already; that would make a cycle");
            }

            if (above.Parent < 0)
            {
                break;
            }
        }

        return null;
    }

    /// <param name="parent">Its number; -1 for none.</param>
    private static MeshError? CheckReach(MeshDraft draft, Agent? known, string agentId, string cluster, int parent)
    {
        if (draft.Caller is not { Reach: { } reach } caller)
        {
            return null;
        }

        var stays = known is not null && cluster == known.Cluster && parent == known.Parent;
        if (known is not null && parent != known.Parent && KillRules.CheckReach(draft, KillPlan.Of(draft, [known])) is { } beyond)
        {
            return beyond; // its descendants would move with it
        }

        var mayPlace = agentId != caller.AgentId && caller.Has(ScopeSet.RegistryWrite);
        return stays || (mayPlace && reach.CoversPlace(agentId, cluster, parent, draft.AgentAt)) ? null : Outside(caller, agentId);
    }

    private static MeshError Outside(Key caller, string agentId) =>
        new(
            ErrorKind.Forbidden,
            ErrorCodes.OutsideReach,
            $"This key is limited to agents within {caller.Reach}. Agent '{agentId}' is, or would be, outside; "
            + "and a key cannot move the agent it is bound to.");
}
