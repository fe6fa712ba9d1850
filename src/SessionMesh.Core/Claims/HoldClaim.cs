using SessionMesh.Contracts.Errors;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Claims;

/// <summary><c>POST /registry/claims/{id}/renew</c>: the lease of a claim begins anew.</summary>
public sealed record RenewClaim : Command<Claim>
{
    public required string ClaimId { get; init; }

    /// <summary>Seconds; null for what it was.</summary>
    public int? Ttl { get; init; }

    public override Outcome<Claim> Decide(MeshDraft draft)
    {
        var found = ClaimRules.Find(draft, ClaimId);
        if (!found.Succeeded)
        {
            return found.Error;
        }

        var claim = found.Value;
        draft.Emit(new ClaimRenewed { Subject = claim.AgentId, ClaimId = claim.Id, Ttl = Ttl ?? claim.Ttl });
        return draft.FindClaim(claim.Revision)!;
    }
}

/// <summary><c>DELETE /registry/claims/{id}</c>: gives the slot back.</summary>
public sealed record ReleaseClaim : Command<Claim>
{
    public required string ClaimId { get; init; }

    public override Outcome<Claim> Decide(MeshDraft draft)
    {
        var found = ClaimRules.Find(draft, ClaimId);
        if (!found.Succeeded)
        {
            return found.Error;
        }

        var claim = found.Value;
        draft.Emit(new ClaimEnded { Subject = claim.AgentId, ClaimId = claim.Id, Specialization = claim.Specialization });
        return claim;
    }
}

/// <summary>Ends claims that nobody renewed. Each is checked again: it may have been renewed since it was found.</summary>
public sealed record LapseClaims : Command<int>
{
    public override bool IsForTheJudge => true;

    /// <summary>Of the claims to check.</summary>
    public required IReadOnlyList<long> Revisions { get; init; }

    public override int Weight => BaseWeight + (Revisions.Count * sizeof(long));

    /// <summary>Returns how many ended.</summary>
    public override Outcome<int> Decide(MeshDraft draft)
    {
        var ended = 0;
        foreach (var revision in Revisions)
        {
            if (!draft.Sparing && !draft.HasRenewed(revision) && draft.FindClaim(revision) is { } claim
                && draft.Base.Claims.HasLapsed(revision, draft.Now))
            {
                draft.Emit(new ClaimEnded
                {
                    Subject = claim.AgentId,
                    ClaimId = claim.Id,
                    Specialization = claim.Specialization,
                    HasLapsed = true,
                });
                ended++;
            }
        }

        return ended;
    }
}

/// <summary>Who may hold on to a claim, or give it back.</summary>
internal static class ClaimRules
{
    /// <summary>A claim that the caller may renew or release: its own, one of a key below its own, or any for an admin.</summary>
    public static Outcome<Claim> Find(MeshDraft draft, string claimId)
    {
        if (draft.FindClaim(Claim.RevisionIn(claimId)) is not { } claim || draft.FindAgent(claim.AgentId) is null)
        {
            return new MeshError(
                ErrorKind.NotFound,
                ErrorCodes.ClaimNotFound,
                $"No claim '{claimId}' is held: it was released, it lapsed, or its agent ended. "
                + "See what is held with GET /api/session-mesh/registry/claims.");
        }

        return MayHold(draft, claim)
            ? claim
            : new MeshError(
                ErrorKind.Forbidden,
                ErrorCodes.ClaimOfAnother,
                $"Claim '{claimId}' is another key's. The key that claimed, one above it, or one with the scope admin may renew and "
                + "release it.");
    }

    private static bool MayHold(MeshDraft draft, Claim claim)
    {
        if (draft.Caller is not { } caller || caller.Has(ScopeSet.Admin))
        {
            return true;
        }

        for (var lineage = claim.Lineage; lineage is not null; lineage = draft.LineageAbove(lineage))
        {
            if (lineage == caller.Lineage)
            {
                return true;
            }
        }

        return false;
    }
}
