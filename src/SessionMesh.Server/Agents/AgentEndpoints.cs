using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Json;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Push;

namespace SessionMesh.Server.Agents;

/// <summary>Registering, killing, and reporting an exit.</summary>
public sealed class AgentEndpoints(Mutations mutations, MeshEngine engine, RowWriter rows, Subscriptions subscriptions, ProblemWriter problems)
{
    public Task Register(HttpContext http) =>
        mutations.RunAsync(http, MeshJson.Default.RegisterAgentRequest, BindRegistration, registered => Profiles.Render(rows, engine, registered), optional: true);

    public Task Exit(HttpContext http)
    {
        var id = (string)http.Request.RouteValues["id"]!;
        return mutations.RunAsync(http, MeshJson.Default.ExitRequest, (key, body) => BindExit(key, id, body!), KillReports.Render);
    }

    public Task Kill(HttpContext http)
    {
        var check = new Check();
        var id = check.Id("/id", (string)http.Request.RouteValues["id"]!);
        var query = Query.Read(http, ref check, "grace", "cascade", "force", "wait", "reason");
        var grace = query.Number("grace", ref check, 0, Limits.MaxGrace);
        var wait = (int)(query.Number("wait", ref check, 0, Limits.MaxWait) ?? 0);
        var force = query.Flag("force", ref check);
        var cascade = check.OneOf("?cascade", query["cascade"] ?? "descendants", ["descendants", "none"]);
        var reason = check.Text("?reason", query["reason"], Limits.NoteLength);
        if (force && grace is not null)
        {
            check.Fail("?grace", "force is at once: leave out one of the two");
        }

        if (check.Error is { } error)
        {
            return problems.WriteAsync(http, error);
        }

        return mutations.RunAsync<KillOutcome>(
            http,
            key => new KillAgent
            {
                Actor = key.Id,
                AgentId = id,
                Grace = (int)(grace ?? Limits.DefaultGrace),
                AtOnce = force,
                Cascade = cascade == "descendants",
                Reason = reason,
            },
            KillReports.Render,
            wait == 0 ? null : outcome => WaitForProofAsync(outcome, wait, http),
            wait == 0 ? null : _ => WaitForProofAsync(Known(id), wait, http));
    }

    private static Outcome<Command<Registered>> BindRegistration(Key key, RegisterAgentRequest? body)
    {
        body ??= new RegisterAgentRequest();
        var check = new Check();
        var id = body.AgentId ?? key.AgentId;
        id = id is null ? "a-" + KeyToken.New().Id : check.Id("/agent_id", id);
        var profile = Profiles.Bind(ref check, body.ParentId, body.Cluster, body.User, body.Specializations, body.Labels, body.Ttl);
        check.Range("/incarnation", body.Incarnation, 1, int.MaxValue);
        if ((check.Error ?? key.CheckAgent(ScopeSet.RegistryWrite, id)) is { } error)
        {
            return error;
        }

        return body.Declare == true
            ? new DeclareAgent { Actor = key.Id, AgentId = id, Profile = profile }
            : new RegisterAgent { Actor = key.Id, AgentId = id, Profile = profile, Incarnation = body.Incarnation, Takeover = body.Takeover == true };
    }

    private static Outcome<Command<KillOutcome>> BindExit(Key key, string id, ExitRequest body)
    {
        var check = new Check();
        check.Id("/id", id);
        check.Range("/incarnation", body.Incarnation, 1, int.MaxValue);
        if (body.Incarnation is null)
        {
            check.Fail("/incarnation", "is missing: an exit is reported for one incarnation");
        }

        var signal = check.Name("/signal", body.Signal, length: 16);
        var reason = check.Text("/reason", body.Reason, Limits.NoteLength);
        if ((check.Error ?? key.CheckAgent(ScopeSet.RegistryWrite, id)) is { } error)
        {
            return error;
        }

        return new ReportExit
        {
            Actor = key.Id,
            AgentId = id,
            Incarnation = body.Incarnation!.Value,
            ExitCode = body.ExitCode,
            Signal = signal is not null && signal.StartsWith("SIG", StringComparison.OrdinalIgnoreCase) ? signal[3..].ToUpperInvariant() : signal?.ToUpperInvariant(),
            Reason = reason,
        };
    }

    private KillOutcome Known(string id)
    {
        var agent = engine.State.Find(id)!.Agent;
        return new KillOutcome(agent, engine.State.Descendants(agent.Number).ConvertAll(slot => slot.Agent));
    }

    /// <summary>Holds the answer until the death is confirmed, or the time is up; then it says what is known by then.</summary>
    private async Task<Answer?> WaitForProofAsync(KillOutcome outcome, int seconds, HttpContext http)
    {
        using var subscription = subscriptions.Listen(outcome.Agent.Number, http.GetKey().Id);
        var waiting = Wait.For(TimeSpan.FromSeconds(seconds), engine);
        Agent agent;
        do
        {
            subscription.Changed.Reset();
            agent = engine.State.Slots[outcome.Agent.Number].Agent;
            if (agent.Incarnation != outcome.Agent.Incarnation || agent is { Liveness: Liveness.Dead, LastExit.Confirmed: true })
            {
                break;
            }
        }
        while (await waiting.UntilAsync(subscription.Changed, http.RequestAborted));

        var below = outcome.Descendants.Select(a => engine.State.Slots[a.Number].Agent).ToList();
        return KillReports.Render(new KillOutcome(agent, below));
    }
}
