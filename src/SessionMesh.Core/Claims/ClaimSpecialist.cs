using System.Globalization;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core.Agents;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Claims;

/// <summary>
/// <c>POST /registry/claim</c>: finds the best agent with room and takes one of its slots, in one step: no two callers get the same slot.
/// </summary>
public sealed record ClaimSpecialist : Command<Claim>
{
    public required Matching Matching { get; init; }

    /// <summary>Seconds of the lease.</summary>
    public required int Ttl { get; init; }

    public override Outcome<Claim> Decide(MeshDraft draft)
    {
        if (CheckQuota(draft) is { } tooMany)
        {
            return tooMany;
        }

        if (Matching.FindIn(draft) is not { } best)
        {
            return NoCapacity(draft);
        }

        var revision = draft.Emit(new ClaimMade { Subject = best.AgentId, Specialization = best.Skill.Name, Ttl = Ttl });
        return draft.FindClaim(revision)!;
    }

    private static MeshError? CheckQuota(MeshDraft draft)
    {
        var account = draft.Caller?.Account;
        return draft.ClaimCount >= Limits.Claims
            ? TooMany($"{Limits.Claims} claims are held in this mesh, which is the limit.")
            : account is not null && draft.ClaimsOf(account) >= Limits.ClaimsPerAccount
                ? TooMany($"The key {account} and those below it hold {Limits.ClaimsPerAccount} claims, which is the limit.")
                : null;
    }

    private static MeshError TooMany(string detail) =>
        new(ErrorKind.Exhausted, ErrorCodes.ClaimQuota, detail + " Release what is no longer used, or wait until it lapses.");

    /// <summary>Says what there is, as far as the caller may know it.</summary>
    private MeshError NoCapacity(MeshDraft draft)
    {
        var (alive, taken) = (0, 0);
        if (draft.Caller?.Reach is null && draft.Base.Indexes.TryGetSpecialization(Matching.Specialization, out var agents))
        {
            alive = agents.CountWith(draft.Base.Indexes.With(Liveness.Alive));
            taken = alive - draft.Base.Indexes.RoomOf(Matching.Specialization);
        }

        var why = alive == 0 ? "" : string.Create(
            CultureInfo.InvariantCulture, $" Of {alive} that have it and are alive, {taken} are full or paused.");
        return new MeshError(
            ErrorKind.Conflict,
            ErrorCodes.NoCapacity,
            $"No agent that is alive and not paused has room for '{Matching.Specialization}'.{why} "
            + "Wait for one with \"wait\", or see who there is with GET /api/session-mesh/registry?specialization=….");
    }
}
