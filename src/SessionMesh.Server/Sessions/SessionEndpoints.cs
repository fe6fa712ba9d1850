using System.Security.Cryptography;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Sessions;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Sessions;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Sessions;

/// <summary>
/// Creates and changes sessions. An id <c>s-N</c> is the registration of an agent, and the same calls change its lease; any other id is a
/// plain session.
/// </summary>
public sealed class SessionEndpoints(
    Mutations mutations, MeshEngine engine, SessionWriter sessions, AgentSessionIndex agents, ProblemWriter problems)
{
    /// <summary>Hex digits in an id that the server chooses.</summary>
    private const int IdLength = 12;

    public async Task Create(HttpContext http)
    {
        var request = await Mutations.ReadOptionalAsync(http, MeshJson.Default.CreateSessionRequest);
        var create = request.Bind(BindCreate);
        await mutations.AnswerAsync(await mutations.ExecuteAsync(request, create, RenderCreated));
    }

    public async Task Update(HttpContext http)
    {
        if (await FindAsync(http) is not { } target)
        {
            return;
        }

        var request = await Mutations.ReadAsync(http, MeshJson.Default.UpdateSessionRequest);
        if (target.Agent is { } slot)
        {
            var agent = slot.Agent;
            var updateAgent = request.Bind((key, body) => Bind(http, (ref Check check, long? version) =>
            {
                var changes = SessionRequests.Changes(ref check, body.Meta);
                return new UpdateAgentSession
                {
                    Actor = key.Id,
                    AgentId = agent.Id,
                    Session = agent.Session,
                    Meta = changes,
                    IfMatch = version,
                };
            }));
            await mutations.AnswerAsync(await mutations.ExecuteAsync(request, updateAgent, Render));
            return;
        }

        var update = request.Bind((key, body) => Bind(http, (ref Check check, long? version) =>
        {
            var changes = SessionRequests.Changes(ref check, body.Meta);
            return new UpdateSession { Actor = key.Id, Id = target.Id, Meta = changes, IfMatch = version };
        }));
        await mutations.AnswerAsync(await mutations.ExecuteAsync(request, update, Render));
    }

    public async Task Refresh(HttpContext http)
    {
        if (await FindAsync(http) is not { } target)
        {
            return;
        }

        var request = await Mutations.ReadOptionalAsync(http, MeshJson.Default.RefreshSessionRequest);
        if (target.Agent is { } slot)
        {
            var agent = slot.Agent;
            var refreshAgent = request.Bind((key, body) => Bind(http, (ref Check _, long? version) =>
                new RefreshAgentSession
                {
                    Actor = key.Id,
                    AgentId = agent.Id,
                    Session = agent.Session,
                    Ttl = body.Ttl,
                    IfMatch = version,
                }));
            await mutations.AnswerAsync(await mutations.ExecuteAsync(request, refreshAgent, Render));
            return;
        }

        var refresh = request.Bind((key, body) => Bind(http, (ref Check check, long? version) =>
        {
            var ttl = SessionRequests.Ttl(ref check, "/ttl", body.Ttl);
            return new RefreshSession { Actor = key.Id, Id = target.Id, Ttl = ttl, IfMatch = version };
        }));
        await mutations.AnswerAsync(await mutations.ExecuteAsync(request, refresh, Render));
    }

    public async Task Expire(HttpContext http)
    {
        if (await FindAsync(http) is not { } target)
        {
            return;
        }

        var request = Mutations.Read(http);
        if (target.Agent is { } slot)
        {
            var agent = slot.Agent;
            var expireAgent = request.Bind(key => Bind(http, (ref Check _, long? version) =>
                new ExpireAgentSession { Actor = key.Id, AgentId = agent.Id, Session = agent.Session, IfMatch = version }));
            await mutations.AnswerAsync(await mutations.ExecuteAsync(request, expireAgent, Render));
            return;
        }

        var expire = request.Bind(key => Bind(http, (ref Check _, long? version) =>
            new ExpireSession { Actor = key.Id, Id = target.Id, IfMatch = version }));
        await mutations.AnswerAsync(await mutations.ExecuteAsync(request, expire, Render));
    }

    public async Task Delete(HttpContext http)
    {
        if (await FindAsync(http) is not { } target)
        {
            return;
        }

        if (target.Agent is { } agent)
        {
            await problems.WriteAsync(http, IsAgents(agent.Agent.Id));
            return;
        }

        var request = Mutations.Read(http);
        var delete = request.Bind(key => Bind(http, (ref Check _, long? version) =>
            new DeleteSession { Actor = key.Id, Id = target.Id, IfMatch = version }));
        await mutations.AnswerAsync(await mutations.ExecuteAsync(request, delete, RenderDeleted));
    }

    public async Task Cleanup(HttpContext http)
    {
        var request = await Mutations.ReadOptionalAsync(http, MeshJson.Default.CleanupRequest);
        var cleanup = request.Bind(BindCleanup);
        await mutations.AnswerAsync(await mutations.ExecuteAsync(request, cleanup, RenderCleanup));
    }

    private delegate Command<T> Making<T>(ref Check check, long? version);

    /// <summary>Checks <c>If-Match</c>, then what <paramref name="make"/> checks.</summary>
    private static Outcome<Command<T>> Bind<T>(HttpContext http, Making<T> make)
    {
        var check = new Check();
        var version = SessionRequests.IfMatch(http, ref check);
        var command = make(ref check, version);
        return check.Error is { } error ? error : command;
    }

    private static Outcome<Command<Session>> BindCreate(Key key, CreateSessionRequest body)
    {
        var check = new Check();
        var id = body.Id is null ? RandomNumberGenerator.GetHexString(IdLength, lowercase: true) : check.Id("/id", body.Id);
        if (AgentSessionId.TryParse(id, out _))
        {
            check.Fail("/id", "has the form of an agent's session; choose another");
        }

        if (ReservedSessionId.Is(id))
        {
            check.Fail("/id", "is a word of the API; choose another");
        }

        var user = check.Name("/user", body.User);
        var ttl = SessionRequests.Ttl(ref check, "/ttl", body.Ttl);
        var meta = SessionRequests.Meta(ref check, body.Meta);
        return check.Error is { } error ? error : new CreateSession { Actor = key.Id, Id = id, User = user, Ttl = ttl, Meta = meta };
    }

    private static Outcome<Command<Cleaned>> BindCleanup(Key key, CleanupRequest body)
    {
        var check = new Check();
        check.Range("/limit", body.Limit, 1, Limits.CleanupMatches);
        return check.Error is { } error
            ? error
            : new CleanupSessions
            {
                Actor = key.Id,
                Before = body.Before is { } before ? (before.UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond : null,
                DryRun = body.DryRun == true,
                Limit = body.Limit ?? Limits.CleanupMatches,
            };
    }

    private static Answer RenderCleanup(Cleaned cleaned) => Answers.Of(StatusCodes.Status200OK, new CleanupAnswer
    {
        DryRun = cleaned.DryRun,
        RemovedCount = cleaned.Removed.Count,
        RemainingCount = cleaned.Remaining,
        RemovedIds = cleaned.Removed,
        More = cleaned.More,
    }, MeshJson.Default.CleanupAnswer);

    private static Answer RenderDeleted(string id) =>
        Answers.Of(StatusCodes.Status200OK, new DeletedSession { Deleted = id }, MeshJson.Default.DeletedSession);

    private Answer RenderCreated(Session session) => Render(session, StatusCodes.Status201Created);

    private Answer Render(Session session) => Render(session, StatusCodes.Status200OK);

    private Answer Render(Session session, int status) =>
        Answers.Of(status, json => SessionWriter.Write(json, session, engine.Now.Micros())) with { Version = session.Version };

    private Answer Render(Agent agent) =>
        Answers.Of(StatusCodes.Status200OK, json => sessions.Write(json, agent)) with { Version = agent.SessionVersion };

    private static MeshError IsAgents(string agentId) => new(ErrorKind.Conflict, ErrorCodes.AgentSession,
        $"This session is the registration of agent '{agentId}'. End that with DELETE /api/session-mesh/agents/{agentId}, "
        + "or expire the session.");

    /// <summary>
    /// The session in the path, if the key may change it; else writes the error and returns null. An agent's own key may change only its
    /// own session.
    /// </summary>
    private async Task<Target?> FindAsync(HttpContext http)
    {
        var id = (string)http.Request.RouteValues["id"]!;
        var key = http.GetKey();
        var agent = await agents.FindAsync(id, key);
        var error = !key.Has(ScopeSet.SessionsWrite) && (agent is null || agent.Agent.Id != key.AgentId) ? AgentAccess.NotYours(key)
            : agent is null && AgentSessionId.TryParse(id, out _) ? SessionRules.NotFound(id)
            : null;
        if (error is null)
        {
            return new Target(id, agent);
        }

        await problems.WriteAsync(http, error);
        return null;
    }

    private sealed record Target(string Id, AgentSlot? Agent);
}
