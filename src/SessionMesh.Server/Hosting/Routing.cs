using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Audit;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Events;
using SessionMesh.Contracts.Keys;
using SessionMesh.Contracts.Registry;
using SessionMesh.Contracts.Sessions;
using SessionMesh.Contracts.Steering;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Admin;
using SessionMesh.Server.Agents;
using SessionMesh.Server.Audit;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Auth.Limiting;
using SessionMesh.Server.Discovery;
using SessionMesh.Server.Events;
using SessionMesh.Server.Keys;
using SessionMesh.Server.OpenApi;
using SessionMesh.Server.Registry;
using SessionMesh.Server.Sessions;
using SessionMesh.Server.Steering;
using SessionMesh.Server.Streams;

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
    private static readonly RequiredScope s_readSessions = new(ScopeSet.SessionsRead);
    private static readonly RequiredScope s_readSessionsOrSelf = new(ScopeSet.SessionsRead, ScopeSet.AgentSelf);
    private static readonly RequiredScope s_writeSessions = new(ScopeSet.SessionsWrite);
    private static readonly RequiredScope s_writeSessionsOrSelf = new(ScopeSet.SessionsWrite, ScopeSet.AgentSelf);
    private static readonly RequiredScope s_keys = new(ScopeSet.KeysMint);
    private static readonly RequiredScope s_audit = new(ScopeSet.AuditRead);

    public static void MapSessionMesh(this WebApplication app)
    {
        app.MapHealth();
        app.MapAgents();
        app.MapRegistry();
        app.MapSteering();
        app.MapSessions();
        app.MapKeys();
        app.MapEvents();
        app.MapAudit();
        app.MapAdmin();
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
        var kills = app.Services.GetRequiredService<KillEndpoints>();
        var beats = app.Services.GetRequiredService<HeartbeatEndpoints>();
        var batches = app.Services.GetRequiredService<BatchedHeartbeats>();

        app.MapGet(Routes.Alive, lists.Alive).Describe(lists.Alive, "listAlive", "Agents", s_read, "The sessions that are alive",
            "Filtered and paged; `filter=active` is the same as `alive`.").Lists().Answers<AgentPage>();
        app.MapGet(Routes.Agents, lists.All).Describe(lists.All, "listAgents", "Agents", s_read, "The agents that are known, whatever their status").Lists().Answers<AgentPage>();
        app.MapGet(Routes.Agents + "/{id}", lists.Get).Describe(lists.Get, "getAgent", "Agents", s_readOrSelf, "One agent, with its evidence of life").Answers<AgentDetail>(404);
        app.MapPost(Routes.Agents, agents.Register).Describe(agents.Register, "registerAgent", "Agents", s_agent, "Register an agent, or renew it",
            "Without `incarnation` a new one begins; with the current one the lease is renewed (200).").Takes<RegisterAgentRequest>(optional: true).Answers<AgentRegistration>(200, 201, 409).Mutates();
        app.MapDelete(Routes.Agents + "/{id}", kills.Kill).Describe(kills.Kill, "killAgent", "Agents", s_kill, "Stop an agent, with its descendants",
            "A stop directive and a grace period, then force. `confirmed` is true only when the agent or its runner reported the exit. "
            + "With `forget=true`, of an agent that is dead or lost and not under a tombstone, it is forgotten instead: its place, its keys and "
            + "its directives; the answer is then "
            + "`{\"agent_id\", \"incarnation\", \"status\", \"orphans\"}`.")
            .Stops().WithQuery("wait", "Seconds to hold the answer until the exit is confirmed.")
            .WithQuery("forget", "Forget it at once; alone, with none of the others.").Answers<KillReport>(200, 404, 409).Mutates();
        app.MapDelete(Routes.Agents, kills.KillMany).Describe(kills.KillMany, "killAgents", "Agents", s_kill, "Stop every agent that a selector matches",
            "Agents that match all that is given, if they are as many as `expect` says. An empty selector is refused.").Stops().Selects().Answers<KillManyAnswer>(200, 404, 409).Mutates();
        app.MapPost(Routes.Agents + "/{id}/revive", kills.Revive).Describe(kills.Revive, "reviveAgent", "Agents", s_kill, "Lift the tombstone of an unconfirmed end",
            "For an operator who knows that the process is gone: the agent may register again at once.").Answers<AgentRow>(200, 404, 409).Mutates();
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
        var history = app.Services.GetRequiredService<HistoryEndpoints>();
        app.MapPost(Routes.Steer, steering.Steer).Describe(steering.Steer, "steer", "Steering", s_steer, "Send one word to one agent, or to many",
            "Answers once the directive is durable. `wait` holds the answer until it is delivered, accepted or acknowledged. With `selector` the answer is "
            + "`{\"matched\", \"results\": [{\"agent_id\", \"directive_id\", \"seq\", \"state\"} | {\"agent_id\", \"code\", \"detail\"}]}`.").Takes<SteerRequest>().Answers<Directive>(200, 404, 409, 429).Mutates();
        app.MapPost(Routes.Steers, steering.SteerEach).Describe(steering.SteerEach, "steerEach", "Steering", s_steer, "Send many words, each to one agent",
            $"Up to {Limits.Steers} in one call and one commit, each with an outcome of its own; the body is at most {Limits.SteersBytes >> 20} MiB. It counts as as many requests of the key as it has steers.")
            .Takes<SteersRequest>().Answers<SteersAnswer>(200, 429).Mutates();
        app.MapGet(Routes.Directives + "/{directive_id}", steering.Get).Describe(steering.Get, "getDirective", "Steering", s_read, "What became of a directive").Answers<Directive>(200, 404);
        app.MapDelete(Routes.Directives + "/{directive_id}", steering.Cancel).Describe(steering.Cancel, "cancelDirective", "Steering", s_steer, "Take back a directive that is not delivered").Answers<Directive>(200, 404, 409).Mutates();
        app.MapGet(Routes.Agents + "/{id}/directives/history", history.Get).Describe(history.Get, "getDirectiveHistory", "Steering", s_readOrSelf, "Everything an agent was told, newest first")
            .WithQuery("limit", "1 to 1000; 100 by default.").WithQuery("cursor", "`next_cursor` of the page before.").Answers<Contracts.Steering.DirectiveHistory>(200, 404);
        app.MapGet(Routes.Agents + "/{id}/directives", stream.Listen).Describe(stream.Listen, "listenToDirectives", "Steering", s_agent, "An agent's pending directives",
            "As a long poll, or with `Accept: text/event-stream` as a stream that resumes at `Last-Event-ID`.")
            .WithQuery("after", "Only those with a higher sequence number.").WithQuery("wait", "Seconds to wait for one, 0 to 60.").WithQuery("incarnation", "The incarnation that listens.")
            .WithQuery("epoch", "The epoch that `after` and `incarnation` are of: 409 `restored` in another.")
            .Answers<DirectiveList>(200, 404, 409).Holds();
        app.MapPost(Routes.Agents + "/{id}/directives/{seq}/ack", steering.Ack).Describe(steering.Ack, "acknowledge", "Steering", s_agent, "Say what became of a directive").Takes<AckRequest>().Answers<Directive>(200, 404, 409).Mutates();
    }

    private static void MapSessions(this WebApplication app)
    {
        var sessions = app.Services.GetRequiredService<SessionEndpoints>();
        var lists = app.Services.GetRequiredService<SessionLists>();
        var export = app.Services.GetRequiredService<SessionExport>();
        var import = app.Services.GetRequiredService<SessionImport>();
        app.MapPost(Routes.Sessions, sessions.Create).Describe(sessions.Create, "createSession", "Sessions", s_writeSessions, "Create a session", "Its state and time to live, for whoever needs some.")
            .Takes<CreateSessionRequest>(optional: true).Answers<SessionRow>(201, 409).Mutates();
        app.MapGet(Routes.Sessions, lists.List).Describe(lists.List, "listSessions", "Sessions", s_readSessions, "Sessions, oldest first", "Plain ones, unless `kind` says else.")
            .WithQuery("status", "`active` or `expired`.").WithQuery("user", "Only this user's.").WithQuery("meta", "`name=value`, several separated by commas.")
            .WithQuery("kind", $"One of: {string.Join(", ", SessionKind.Allowed)}; session by default.")
            .WithQuery("limit", "1 to 1000; 100 by default.").WithQuery("cursor", "`next_cursor` of the page before.").Answers<SessionPage>();
        app.MapGet(Routes.SessionStats, lists.Stats).Describe(lists.Stats, "getSessionStats", "Sessions", s_readSessions, "How many sessions there are, and of whom").Answers<SessionStats>();
        app.MapGet(Routes.SessionExport, export.Get).Describe(export.Get, "exportSessions", "Sessions", s_readSessions, "Every session that matches, as a file", "Streamed; plain sessions alone.")
            .WithQuery("format", "`json` (an array, by default), `jsonl` or `csv`.").WithQuery("status", "`active` or `expired`.").WithQuery("user", "Only this user's.")
            .WithQuery("meta", "`name=value`, several separated by commas.").Answers<IReadOnlyList<SessionRow>>();
        app.MapPost(Routes.SessionImport, import.Post).Describe(import.Post, "importSessions", "Sessions", s_writeSessions, "Take over sessions of another store",
            "The body is a record a line, of any length in all. Ids, times and states are kept; an id that is there already is left as it is.")
            .WithQuery("dry_run", "Only say what would be taken.").Answers<ImportAnswer>().Mutates();
        app.MapPost(Routes.SessionCleanup, sessions.Cleanup).Describe(sessions.Cleanup, "cleanupSessions", "Sessions", s_writeSessions, "Remove sessions that have expired").Takes<CleanupRequest>(optional: true).Answers<CleanupAnswer>().Mutates();
        app.MapGet(Routes.Sessions + "/{id}", lists.Get).Describe(lists.Get, "getSession", "Sessions", s_readSessionsOrSelf, "One session",
            "An id `s-N` is the registration of an agent.").Answers<SessionRow>(200, 404);
        app.MapPatch(Routes.Sessions + "/{id}", sessions.Update).Describe(sessions.Update, "updateSession", "Sessions", s_writeSessionsOrSelf, "Set entries of a session's metadata, or take them away",
            "With `If-Match`, only if nobody changed the session meanwhile.").Takes<UpdateSessionRequest>().Answers<SessionRow>(200, 404, 412).Mutates();
        app.MapPost(Routes.Sessions + "/{id}/refresh", sessions.Refresh).Describe(sessions.Refresh, "refreshSession", "Sessions", s_writeSessionsOrSelf, "Begin a session's time anew",
            "One that has expired is active again.").Takes<RefreshSessionRequest>(optional: true).Answers<SessionRow>(200, 404, 409, 412).Mutates();
        app.MapPost(Routes.Sessions + "/{id}/expire", sessions.Expire).Describe(sessions.Expire, "expireSession", "Sessions", s_writeSessionsOrSelf, "End a session's time now",
            "Of an agent's registration: the agent is lost.").Answers<SessionRow>(200, 404, 409, 412).Mutates();
        app.MapDelete(Routes.Sessions + "/{id}", sessions.Delete).Describe(sessions.Delete, "deleteSession", "Sessions", s_writeSessions, "Remove a session").Answers<DeletedSession>(200, 404, 409, 412).Mutates();
    }

    private static void MapKeys(this WebApplication app)
    {
        var keys = app.Services.GetRequiredService<KeyEndpoints>();
        app.MapPost(Routes.Keys, keys.Create).Describe(keys.Create, "createKey", "Keys", s_keys, "Mint a key",
            "The token is shown once. The same `session_key` again is its next generation.").Takes<CreateKeyRequest>(optional: true).Answers<CreatedKey>(201, 404, 409).Mutates();
        app.MapPost(Routes.KeysRefresh, keys.Refresh).Describe(keys.Refresh, "refreshKey", "Keys", RequiredScope.AnyKey, "Trade a refresh token for the next generation of its key",
            "Send `Authorization: Bearer smr_…`. A refresh token is used once; used twice, all keys of its name are revoked.")
            .Takes<RefreshKeyRequest>(optional: true).Answers<CreatedKey>(201, 409).Mutates().WithMetadata(RefreshTokenRequired.Instance);
        app.MapGet(Routes.Keys, keys.List).Describe(keys.List, "listKeys", "Keys", s_keys, "The caller's key and all below it", "Every key, for `admin`.")
            .WithQuery("limit", "1 to 1000; 100 by default.").WithQuery("cursor", "`next_cursor` of the page before.").Answers<KeyList>();
        app.MapGet(Routes.KeysSelf, keys.Self).Describe(keys.Self, "getOwnKey", "Keys", RequiredScope.AnyKey, "The key of this request, and what it may").Answers<KeyRow>();
        app.MapGet(Routes.Keys + "/{key_id}", keys.Get).Describe(keys.Get, "getKey", "Keys", s_keys, "One key").Answers<KeyRow>(200, 404);
        app.MapDelete(Routes.Keys + "/{key_id}", keys.Revoke).Describe(keys.Revoke, "revokeKey", "Keys", s_keys, "Revoke a key and all below it",
            "At once, open streams included.").Answers<RevokedKey>(200, 404).Mutates();
    }

    private static void MapEvents(this WebApplication app)
    {
        var events = app.Services.GetRequiredService<EventEndpoints>();
        app.MapGet(Routes.Events, events.Follow).Describe(events.Follow, "followEvents", "Events", s_read, "The log, as a stream of server-sent events",
            "Resumes at `Last-Event-ID` or after `after`; without either it begins now.").WithQuery("after", "Begin after this revision; 0 for everything.").Streams<MeshEvent>().Holds();
    }

    private static void MapAudit(this WebApplication app)
    {
        var audit = app.Services.GetRequiredService<AuditEndpoints>();
        app.MapGet(Routes.Audit, audit.Read).Describe(audit.Read, "readAudit", "Audit", s_audit, "Who did what and from where, and who was not allowed to",
            "The log and the refusals for want of a right, newest first. One call looks at so many entries of the log and no more, so that a page may have fewer entries than asked for, or none, and still a `next_cursor`. "
            + "With `Accept: text/event-stream` a stream of both, as they happen, that resumes in the log at `Last-Event-ID`; it begins at `since`, or now, and takes no `until`, `limit` and `cursor`.")
            .WithQuery("actor", "Only what this key did; `mesh` for the server itself.")
            .WithQuery("operation", "Only this kind of change, such as `agent.stopping`, or, of refusals, this operation, such as `killAgent`; what ends with `.` or `*` is what it begins with.")
            .WithQuery("subject", "Only what was done to this agent or key.")
            .WithQuery("outcome", $"One of: {string.Join(", ", AuditOutcome.Allowed)}; all by default.")
            .WithQuery("since", "Not before this time, ISO 8601.")
            .WithQuery("until", "Before this time, ISO 8601.")
            .WithQuery("limit", "Entries a page, 1 to 1000; 100 by default.")
            .WithQuery("cursor", "`next_cursor` of the page before.").Answers<AuditPage>().Holds();
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

    private static RouteHandlerBuilder Holds(this RouteHandlerBuilder route) => route.WithMetadata(HoldsAnswers.Instance);

    private static RouteHandlerBuilder Streams<T>(this RouteHandlerBuilder route) => route.Produces<T>(200, Sse.ContentType);

    private static RouteHandlerBuilder Stops(this RouteHandlerBuilder route) =>
        route.WithQuery("grace", "Seconds until force follows; 10 by default.")
            .WithQuery("force", "At once; not together with grace.")
            .WithQuery("cascade", "`descendants` (default) or `none`.")
            .WithQuery("reason", "Kept and shown.");

    private static RouteHandlerBuilder Selects(this RouteHandlerBuilder route) =>
        route.WithQuery("specialization", "Agents that have it.")
            .WithQuery("label", "`name=value`, several separated by commas.")
            .WithQuery("cluster", "Agents of this cluster.")
            .WithQuery("subtree", "This agent and all below it.")
            .WithQuery("agent_ids", "These agents, separated by commas.")
            .WithQuery("expect", "How many the caller expects; another count is refused.")
            .WithQuery("dry_run", "Only say which match.");

    private static RouteHandlerBuilder Lists(this RouteHandlerBuilder route) =>
        route.WithQuery("filter", $"One of: {string.Join(", ", AliveFilter.Allowed)}.")
            .WithQuery("specialization", "Only agents that have it.")
            .WithQuery("cluster", "Only agents of this cluster.")
            .WithQuery("kind", $"One of: {string.Join(", ", SessionKind.Allowed)}; agent by default.")
            .WithQuery("fields", "Members of a row to show, separated by commas; all by default.")
            .WithQuery("limit", "Rows a page, 1 to 1000; 100 by default.")
            .WithQuery("cursor", "`next_cursor` of the page before.");
}
