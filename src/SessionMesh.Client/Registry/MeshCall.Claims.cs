using SessionMesh.Contracts;
using SessionMesh.Contracts.Registry;

namespace SessionMesh.Client;

public sealed partial record MeshCall
{
    public static MeshCall Match(MatchQuery query) => Get(Routes.Match + query.ToQueryString());

    /// <summary>Takes a slot of the agent that should do it; with <c>wait</c> the server holds its answer until one is free.</summary>
    public static MeshCall Claim(ClaimRequest request) =>
        Write(HttpMethod.Post, Routes.Claim, request, ClientJson.Context.ClaimRequest) with
        {
            Hold = TimeSpan.FromSeconds(request.Wait ?? 0),
        };

    public static MeshCall Claims(ClaimQuery? query = null) => Get(Routes.Claims + (query ?? new()).ToQueryString());

    public static MeshCall RenewClaim(string claimId, RenewClaimRequest? request = null) =>
        Write(HttpMethod.Post, Routes.ClaimRenewal(CheckedId(claimId)), request ?? new(), ClientJson.Context.RenewClaimRequest);

    public static MeshCall ReleaseClaim(string claimId) => Write(HttpMethod.Delete, Routes.OneClaim(CheckedId(claimId)));
}
