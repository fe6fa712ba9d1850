using SessionMesh.Contracts.Registry;

namespace SessionMesh.Client;

public sealed partial class MeshClient
{
    /// <summary><c>GET /registry/match</c>: who should do it, best first. It takes nothing.</summary>
    public Task<MatchAnswer> MatchAsync(MatchQuery query, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Match(query), ClientJson.Context.MatchAnswer, cancellation);

    /// <summary><c>POST /registry/claim</c>; 409 <c>no_capacity</c> where nobody has room in the time that is waited.</summary>
    public Task<ClaimRow> ClaimAsync(ClaimRequest request, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Claim(request), ClientJson.Context.ClaimRow, cancellation);

    /// <summary>One page of <c>GET /registry/claims</c>, oldest first.</summary>
    public Task<ClaimPage> ClaimsAsync(ClaimQuery? query = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Claims(query), ClientJson.Context.ClaimPage, cancellation);

    /// <summary><c>POST /registry/claims/{id}/renew</c>: its lease begins anew.</summary>
    public Task<ClaimRow> RenewClaimAsync(string claimId, RenewClaimRequest? request = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.RenewClaim(claimId, request), ClientJson.Context.ClaimRow, cancellation);

    /// <summary><c>DELETE /registry/claims/{id}</c>: gives the slot back.</summary>
    public Task<ReleasedClaim> ReleaseClaimAsync(string claimId, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.ReleaseClaim(claimId), ClientJson.Context.ReleasedClaim, cancellation);
}
