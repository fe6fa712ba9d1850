using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.OpenApi;

namespace SessionMesh.Server.Agents;

internal static class AgentRoutes
{
    private const string Tag = "Agents";

    private static readonly RequiredScope s_agent = new(ScopeSet.RegistryWrite, ScopeSet.AgentSelf);
    private static readonly RequiredScope s_write = new(ScopeSet.RegistryWrite);
    private static readonly RequiredScope s_kill = new(ScopeSet.Kill);

    public static IServiceCollection AddAgents(this IServiceCollection services) => services
        .AddSingleton<RowWriter>()
        .AddSingleton<AgentEndpoints>()
        .AddSingleton<KillEndpoints>()
        .AddSingleton<HeartbeatEndpoints>()
        .AddSingleton<BatchedHeartbeats>();

    public static void MapAgents(this IEndpointRouteBuilder routes)
    {
        var agents = routes.ServiceProvider.GetRequiredService<AgentEndpoints>();
        routes.MapPost(Routes.Agents, agents.Register)
            .Describe(agents.Register, "registerAgent", Tag, s_agent, "Register an agent, or renew it",
                "Without `incarnation` a new one begins; with the current one the lease is renewed (200).")
            .Takes<RegisterAgentRequest>(optional: true).Answers<AgentRegistration>(200, 201, 409).Mutates();
        routes.MapKills();
        routes.MapPost(Routes.Agents + "/{id}/exit", agents.Exit)
            .Describe(agents.Exit, "reportExit", Tag, s_agent, "Report that the agent's process ended",
                "From the agent or its runner: the proof of a death.")
            .Takes<ExitRequest>().Answers<KillReport>(200, 404, 409).Mutates();
        routes.MapPost(Routes.Agents + "/{id}/move", agents.Move)
            .Describe(agents.Move, "moveAgent", Tag, s_write, "Put an agent under another parent, or under none",
                "All that is below it goes along. `parent_id` has to be said: null is none.")
            .Takes<MoveAgentRequest>().Answers<AgentRow>(200, 404).Mutates();
        routes.MapHeartbeats();
    }

    private static void MapKills(this IEndpointRouteBuilder routes)
    {
        var kills = routes.ServiceProvider.GetRequiredService<KillEndpoints>();
        routes.MapDelete(Routes.Agents + "/{id}", kills.Kill)
            .Describe(kills.Kill, "killAgent", Tag, s_kill, "Stop an agent, with its descendants",
                "A stop directive and a grace period, then force. `confirmed` is true only when the agent or its runner reported the exit. "
                + "With `forget=true`, of an agent that is dead or lost and not under a tombstone, it is forgotten instead: its place, its "
                + "keys and its directives; the answer is then "
                + "`{\"agent_id\", \"incarnation\", \"status\", \"orphans\"}`.")
            .Stops().WithQuery("wait", "Seconds to hold the answer until the exit is confirmed.")
            .WithFlag("forget", "Forget it at once; alone, with none of the others.").Answers<KillReport>(200, 404, 409).Mutates();
        routes.MapDelete(Routes.Agents, kills.KillMany)
            .Describe(kills.KillMany, "killAgents", Tag, s_kill, "Stop every agent that a selector matches",
                "Agents that match all that is given, if they are as many as `expect` says. An empty selector is refused.")
            .Stops().Selects().Answers<KillManyAnswer>(200, 404, 409).Mutates();
        routes.MapPost(Routes.Agents + "/{id}/revive", kills.Revive)
            .Describe(kills.Revive, "reviveAgent", Tag, s_kill, "Lift the tombstone of an unconfirmed end",
                "For an operator who knows that the process is gone: the agent may register again at once.")
            .Answers<AgentRow>(200, 404, 409).Mutates();
    }

    private static void MapHeartbeats(this IEndpointRouteBuilder routes)
    {
        var beats = routes.ServiceProvider.GetRequiredService<HeartbeatEndpoints>();
        var batches = routes.ServiceProvider.GetRequiredService<BatchedHeartbeats>();
        routes.MapPost(Routes.Agents + "/{id}/heartbeat", beats.Beat)
            .Describe(beats.Beat, "heartbeat", Tag, s_agent, "A sign of life",
                "Reports activity, load and progress, carries acks, and answers with all that is pending (of `verbs`, where given) and "
                + "when to beat next.")
            .Takes<HeartbeatRequest>(optional: true).Answers<HeartbeatAnswer>(200, 404, 409).Mutates();
        routes.MapPost(Routes.Heartbeats, batches.Beat)
            .Describe(batches.Beat, "heartbeats", Tag, s_agent, "Signs of life of many agents",
                "Each entry is an id or an object with `agent_id` and what a heartbeat reports.")
            .Takes<HeartbeatsRequest>().Answers<HeartbeatsAnswer>().Mutates();
    }

    private static RouteHandlerBuilder Stops(this RouteHandlerBuilder route) =>
        route.WithQuery("grace", "Seconds until force follows; 10 by default.")
            .WithFlag("force", "At once; not together with grace.")
            .WithWord("cascade", ["descendants", "none"], "`descendants` (default) or `none`.")
            .WithQuery("reason", "Kept and shown.");

    private static RouteHandlerBuilder Selects(this RouteHandlerBuilder route) =>
        route.WithQuery("specialization", "Agents that have it.")
            .WithQuery("label", "`name=value`, several separated by commas.")
            .WithQuery("cluster", "Agents of this cluster.")
            .WithQuery("subtree", "This agent and all below it.")
            .WithQuery("agent_ids", "These agents, separated by commas.")
            .WithQuery("expect", "How many the caller expects; another count is refused.")
            .WithFlag("dry_run", "Only say which match.");
}
