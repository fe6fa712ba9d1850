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
    private static readonly RequiredScope s_agent = new(ScopeSet.RegistryWrite, ScopeSet.AgentSelf);

    public static IServiceCollection AddRegistry(this IServiceCollection services) => services.AddSingleton<RegistryEndpoints>();

    public static void MapRegistry(this IEndpointRouteBuilder routes)
    {
        var registry = routes.ServiceProvider.GetRequiredService<RegistryEndpoints>();

        routes.MapPost(Routes.Registry, registry.Register)
            .Describe(registry.Register, "registerSpecialization", Tag, s_agent, "Register what an agent is good at",
                "Declares the agent if it is unknown, and renews its lease.")
            .Takes<RegisterSpecializationRequest>().Answers<AgentRegistration>(200, 201, 409).Mutates();
        routes.MapGet(Routes.Registry, registry.Get)
            .Describe(registry.Get, "getRegistry", Tag, s_read, "Specializations, and who has them")
            .WithQuery("specialization", "Only this one, with the agents alive that have it.")
            .WithQuery("limit", "1 to 1000; 100 by default.").WithQuery("cursor", "`next_cursor` of the page before.")
            .Answers<RegistryAnswer>();
        routes.MapDelete(Routes.Registry, registry.Withdraw)
            .Describe(registry.Withdraw, "withdrawSpecialization", Tag, s_agent, "Withdraw a specialization from an agent")
            .WithQuery("specialization", "Which one.", required: true).WithQuery("agent_id", "Whose.", required: true)
            .Answers<AgentRow>(200, 404).Mutates();
    }
}
