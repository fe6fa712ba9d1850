using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Registry;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.OpenApi;

namespace SessionMesh.Server.Registry;

internal static class RegistryRoutes
{
    private const string Tag = "Registry";

    private static readonly RequiredScope s_read = new(ScopeSet.MeshRead);
    private static readonly RequiredScope s_steer = new(ScopeSet.Steer);
    private static readonly RequiredScope s_agent = new(ScopeSet.RegistryWrite, ScopeSet.AgentSelf);

    public static IServiceCollection AddRegistry(this IServiceCollection services) => services
        .AddSingleton<RegistryEndpoints>()
        .AddSingleton<MatchEndpoint>()
        .AddSingleton<ClaimEndpoints>();

    public static void MapRegistry(this IEndpointRouteBuilder routes)
    {
        var registry = routes.ServiceProvider.GetRequiredService<RegistryEndpoints>();

        routes.MapPost(Routes.Registry, registry.Register)
            .Describe(registry.Register, "registerSpecialization", Tag, s_agent, "Register what an agent is good at",
                "Declares the agent if it is unknown, and renews its lease. `specialization` names one; `specializations` several, each "
                + "as its name or as `{\"name\", \"version\", \"level\", \"capacity\"}`. What is there stays.")
            .Takes<RegisterSpecializationRequest>().Answers<AgentRegistration>(200, 201, 409).Mutates();
        routes.MapGet(Routes.Registry, registry.Get)
            .Describe(registry.Get, "getRegistry", Tag, s_read, "Specializations, and who has them")
            .WithQuery("specialization", "Only this one, with the agents alive that have it, or one below it.")
            .WithQuery("limit", "1 to 1000; 100 by default.").WithQuery("cursor", "`next_cursor` of the page before.")
            .Answers<RegistryAnswer>();
        routes.MapDelete(Routes.Registry, registry.Withdraw)
            .Describe(registry.Withdraw, "withdrawSpecialization", Tag, s_agent, "Withdraw a specialization from an agent")
            .WithQuery("specialization", "Which one.", required: true).WithQuery("agent_id", "Whose.", required: true)
            .Answers<AgentRow>(200, 404).Mutates();

        var match = routes.ServiceProvider.GetRequiredService<MatchEndpoint>();
        routes.MapGet(Routes.Match, match.Match)
            .Describe(match.Match, "matchAgents", Tag, s_read, "Who should do it, and why",
                "Agents that are alive, not paused, and have room: a slot of their capacity that nobody holds. Best first. It takes "
                + "nothing; see `claim`.")
            .WithQuery("specialization", "What they have to be good at; one below that name will do.", required: true)
            .WithQuery("count", "How many, 1 to 100; 1 by default.")
            .WithWord("strategy", MatchStrategy.All, "`least-loaded` by default.")
            .WithQuery("cluster", "Only agents of this cluster.").WithQuery("label", "`name=value` or `name!=value`, several with commas.")
            .Answers<MatchAnswer>();
        routes.MapClaims();
    }

    private static void MapClaims(this IEndpointRouteBuilder routes)
    {
        var claims = routes.ServiceProvider.GetRequiredService<ClaimEndpoints>();
        routes.MapPost(Routes.Claim, claims.Claim)
            .Describe(claims.Claim, "claimAgent", Tag, s_steer, "Take a slot of the agent that should do it",
                "Matches and takes in one step. The slot is held for `ttl` seconds, or until it is released or the agent's incarnation "
                + "ends.")
            .Takes<ClaimRequest>().Answers<ClaimRow>(201, 409).Mutates();
        routes.MapGet(Routes.Claims, claims.List)
            .Describe(claims.List, "listClaims", Tag, s_read, "Claims that are held, oldest first")
            .WithQuery("agent_id", "Only of this agent.").WithQuery("specialization", "Only of this one, or one below it.")
            .WithQuery("key_id", "Only by this key.")
            .WithQuery("limit", "1 to 1000; 100 by default.").WithQuery("cursor", "`next_cursor` of the page before.")
            .Answers<ClaimPage>();
        routes.MapPost(Routes.Claims + "/{claim_id}/renew", claims.Renew)
            .Describe(claims.Renew, "renewClaim", Tag, s_steer, "Hold on to a claim",
                "Its lease begins anew. Only the key that claimed, one above it, or `admin`.")
            .Takes<RenewClaimRequest>(optional: true).Answers<ClaimRow>(200, 404).Mutates();
        routes.MapDelete(Routes.Claims + "/{claim_id}", claims.Release)
            .Describe(claims.Release, "releaseClaim", Tag, s_steer, "Give a slot back",
                "Only the key that claimed, one above it, or `admin`.")
            .Answers<ReleasedClaim>(200, 404).Mutates();
    }
}
