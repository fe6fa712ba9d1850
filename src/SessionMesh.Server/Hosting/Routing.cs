using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Events;
using SessionMesh.Contracts.Keys;
using SessionMesh.Contracts.Registry;
using SessionMesh.Contracts.Steering;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Agents;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Events;
using SessionMesh.Server.Health;
using SessionMesh.Server.Keys;
using SessionMesh.Server.OpenApi;
using SessionMesh.Server.Push;
using SessionMesh.Server.Registry;
using SessionMesh.Server.Steering;

namespace SessionMesh.Server.Hosting;

/// <summary>Every route, with the scope it needs and what it takes and answers. Handlers are plain request delegates: the hot ones are
/// called a hundred thousand times a second, and none needs a scope of services.</summary>
public static class Routing
{
    private static readonly RequiredScope s_read = new(ScopeSet.MeshRead);
    private static readonly RequiredScope s_readOrSelf = new(ScopeSet.MeshRead, ScopeSet.AgentSelf);
    private static readonly RequiredScope s_agent = new(ScopeSet.RegistryWrite, ScopeSet.AgentSelf);
    private static readonly RequiredScope s_steer = new(ScopeSet.Steer);
    private static readonly RequiredScope s_kill = new(ScopeSet.Kill);
    private static readonly RequiredScope s_keys = new(ScopeSet.KeysMint);

    public static void MapSessionMesh(this WebApplication app)
    {
        app.MapHealth();
        app.MapAgents();
        app.MapRegistry();
        app.MapSteering();
        app.MapKeys();
        app.MapEvents();
    }

    private static void MapHealth(this WebApplication app)
    {
        app.MapGet(Routes.Livez, HealthEndpoints.Live).WithMetadata(Anonymous.Instance).ExcludeFromDescription();
        app.MapGet(Routes.Readyz, app.Services.GetRequiredService<HealthEndpoints>().Ready).WithMetadata(Anonymous.Instance).ExcludeFromDescription();
    }

    private static void MapAgents(this WebApplication app)
    {
        var lists = app.Services.GetRequiredService<AgentLists>();
        var agents = app.Services.GetRequiredService<AgentEndpoints>();
        var beats = app.Services.GetRequiredService<HeartbeatEndpoints>();
        var batches = app.Services.GetRequiredService<BatchedHeartbeats>();

        app.MapGet(Routes.Alive, lists.Alive).Describe(lists.Alive, "listAlive", "Agents", s_read, "The sessions that are alive",
            "Filtered and paged; `filter=active` is the same as `alive`.").Lists().Answers<AgentPage>();
        app.MapGet(Routes.Agents, lists.All).Describe(lists.All, "listAgents", "Agents", s_read, "The agents that are known, whatever their status").Lists().Answers<AgentPage>();
        app.MapGet(Routes.Agents + "/{id}", lists.Get).Describe(lists.Get, "getAgent", "Agents", s_readOrSelf, "One agent, with its evidence of life").Answers<AgentDetail>(404);
        app.MapPost(Routes.Agents, agents.Register).Describe(agents.Register, "registerAgent", "Agents", s_agent, "Register an agent, or renew it",
            "Without `incarnation` a new one begins; with the current one the lease is renewed (200).").Takes<RegisterAgentRequest>(optional: true).Answers<AgentRegistration>(200, 201, 409).Mutates();
        app.MapDelete(Routes.Agents + "/{id}", agents.Kill).Describe(agents.Kill, "killAgent", "Agents", s_kill, "Stop an agent, with its descendants",
            "A stop directive and a grace period, then force. `confirmed` is true only when the agent or its runner reported the exit.")
            .WithQuery("grace", "Seconds until force follows; 10 by default.").WithQuery("force", "At once; not together with grace.").WithQuery("cascade", "`descendants` (default) or `none`.")
            .WithQuery("wait", "Seconds to hold the answer until the exit is confirmed.").WithQuery("reason", "Kept and shown.").Answers<KillReport>(404).Mutates();
        app.MapPost(Routes.Agents + "/{id}/exit", agents.Exit).Describe(agents.Exit, "reportExit", "Agents", s_agent, "Report that the agent's process ended",
            "From the agent or its runner: the proof of a death.").Takes<ExitRequest>().Answers<KillReport>(200, 404, 409).Mutates();
        app.MapPost(Routes.Agents + "/{id}/heartbeat", beats.Beat).Describe(beats.Beat, "heartbeat", "Agents", s_agent, "A sign of life",
            "Reports activity, load and progress, carries acks, and answers with all that is pending and when to beat next.").Takes<HeartbeatRequest>(optional: true).Answers<HeartbeatAnswer>(200, 404, 409).Mutates();
        app.MapPost(Routes.Heartbeats, batches.Beat).Describe(batches.Beat, "heartbeats", "Agents", s_agent, "Signs of life of many agents",
            "Each entry is an id or an object with `agent_id` and what a heartbeat reports.").Takes<HeartbeatsRequest>().Answers<HeartbeatsAnswer>().Mutates();
    }

    private static void MapRegistry(this WebApplication app)
    {
        var registry = app.Services.GetRequiredService<RegistryEndpoints>();
        app.MapPost(Routes.Registry, registry.Register).Describe(registry.Register, "registerSpecialization", "Registry", s_agent, "Register what an agent is good at",
            "Declares the agent if it is unknown, and renews its lease.").Takes<RegisterSpecializationRequest>().Answers<AgentRegistration>(200, 201, 409).Mutates();
        app.MapGet(Routes.Registry, registry.Get).Describe(registry.Get, "getRegistry", "Registry", s_read, "Specializations, and who has them")
            .WithQuery("specialization", "Only this one, with the agents alive that have it.").WithQuery("limit", "1 to 1000; 100 by default.").WithQuery("cursor", "`next_cursor` of the page before.").Answers<RegistryAnswer>();
        app.MapDelete(Routes.Registry, registry.Withdraw).Describe(registry.Withdraw, "withdrawSpecialization", "Registry", s_agent, "Withdraw a specialization from an agent")
            .WithQuery("specialization", "Which one.", required: true).WithQuery("agent_id", "Whose.", required: true).Answers<AgentRow>(200, 404).Mutates();
    }

    private static void MapSteering(this WebApplication app)
    {
        var steering = app.Services.GetRequiredService<SteeringEndpoints>();
        var stream = app.Services.GetRequiredService<InboxEndpoints>();
        app.MapPost(Routes.Steer, steering.Steer).Describe(steering.Steer, "steer", "Steering", s_steer, "Send one word to one agent",
            "Answers once the directive is durable. `wait` holds the answer until it is delivered, accepted or acknowledged.").Takes<SteerRequest>().Answers<Directive>(200, 404, 409, 429).Mutates();
        app.MapGet(Routes.Directives + "/{directive_id}", steering.Get).Describe(steering.Get, "getDirective", "Steering", s_read, "What became of a directive").Answers<Directive>(200, 404);
        app.MapGet(Routes.Agents + "/{id}/directives", stream.Listen).Describe(stream.Listen, "listenToDirectives", "Steering", s_agent, "An agent's pending directives",
            "As a long poll, or with `Accept: text/event-stream` as a stream that resumes at `Last-Event-ID`.")
            .WithQuery("after", "Only those with a higher sequence number.").WithQuery("wait", "Seconds to wait for one, 0 to 60.").WithQuery("incarnation", "The incarnation that listens.").Answers<DirectiveList>(200, 404, 409);
        app.MapPost(Routes.Agents + "/{id}/directives/{seq}/ack", steering.Ack).Describe(steering.Ack, "acknowledge", "Steering", s_agent, "Say what became of a directive").Takes<AckRequest>().Answers<Directive>(200, 404, 409).Mutates();
    }

    private static void MapKeys(this WebApplication app)
    {
        var keys = app.Services.GetRequiredService<KeyEndpoints>();
        app.MapPost(Routes.Keys, keys.Create).Describe(keys.Create, "createKey", "Keys", s_keys, "Mint a key",
            "The token is shown once. The same `session_key` again is its next generation.").Takes<CreateKeyRequest>(optional: true).Answers<CreatedKey>(201, 404, 409).Mutates();
        app.MapDelete(Routes.Keys + "/{key_id}", keys.Revoke).Describe(keys.Revoke, "revokeKey", "Keys", s_keys, "Revoke a key and all below it",
            "At once, open streams included.").Answers<RevokedKey>(200, 404).Mutates();
    }

    private static void MapEvents(this WebApplication app)
    {
        var events = app.Services.GetRequiredService<EventEndpoints>();
        app.MapGet(Routes.Events, events.Follow).Describe(events.Follow, "followEvents", "Events", s_read, "The log, as a stream of server-sent events",
            "Resumes at `Last-Event-ID` or after `after`; without either it begins now.").WithQuery("after", "Begin after this revision; 0 for everything.").Streams<MeshEvent>();
    }

    private static RouteHandlerBuilder Answers<T>(this RouteHandlerBuilder route, params ReadOnlySpan<int> statuses)
    {
        if (statuses.IndexOf(200) >= 0 || !statuses.ContainsAnyInRange(200, 299))
        {
            route.Produces<T>(200);
        }

        foreach (var status in statuses)
        {
            if (status is > 200 and < 300)
            {
                route.Produces<T>(status);
            }
            else if (status >= 400)
            {
                route.Produces<Problem>(status, Problem.ContentType);
            }
        }

        return route;
    }

    private static RouteHandlerBuilder Streams<T>(this RouteHandlerBuilder route) => route.Produces<T>(200, Sse.ContentType);

    private static RouteHandlerBuilder Lists(this RouteHandlerBuilder route) =>
        route.WithQuery("filter", $"One of: {string.Join(", ", AliveFilter.Allowed)}.")
            .WithQuery("specialization", "Only agents that have it.")
            .WithQuery("cluster", "Only agents of this cluster.")
            .WithQuery("kind", $"One of: {string.Join(", ", SessionKind.Allowed)}; agent by default.")
            .WithQuery("fields", "Members of a row to show, separated by commas; all by default.")
            .WithQuery("limit", "Rows a page, 1 to 1000; 100 by default.")
            .WithQuery("cursor", "`next_cursor` of the page before.");
}
