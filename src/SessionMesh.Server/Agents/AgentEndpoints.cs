using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Agents;

/// <summary>Registers agents and takes the reports of their exits.</summary>
public sealed class AgentEndpoints(Mutations mutations, MeshEngine engine, RowWriter rows)
{
    public async Task Register(HttpContext http)
    {
        var request = await Mutations.ReadOptionalAsync(http, MeshJson.Default.RegisterAgentRequest);
        var register = request.Bind(BindRegistration);
        var executed = await mutations.ExecuteAsync(request, register, registered => Profiles.Render(rows, engine, registered));
        await mutations.AnswerAsync(executed);
    }

    public async Task Exit(HttpContext http)
    {
        var id = (string)http.Request.RouteValues["id"]!;
        var request = await Mutations.ReadAsync(http, MeshJson.Default.ExitRequest);
        var report = request.Bind((key, body) => BindExit(key, id, body));
        await mutations.AnswerAsync(await mutations.ExecuteAsync(request, report, KillReports.Render));
    }

    public async Task Move(HttpContext http)
    {
        var id = (string)http.Request.RouteValues["id"]!;
        var request = await Mutations.ReadAsync(http, MeshJson.Default.MoveAgentRequest);
        var move = request.Bind((key, body) => BindMove(key, id, body));
        await mutations.AnswerAsync(await mutations.ExecuteAsync(request, move, rows.Render));
    }

    private static Outcome<Command<Agent>> BindMove(Key key, string id, MoveAgentRequest body)
    {
        var check = new Check();
        if (body.ParentId is null)
        {
            check.Fail("/parent_id", "is missing: the id of the new parent, or null for none");
        }
        else if (body.ParentId.Length > 0)
        {
            check.Id("/parent_id", body.ParentId);
        }

        return check.Error is { } error
            ? error
            : new MoveAgent { Actor = key.Id, AgentId = id, ParentId = body.ParentId is { Length: > 0 } parent ? parent : null };
    }

    private static Outcome<Command<Registered>> BindRegistration(Key key, RegisterAgentRequest body)
    {
        var check = new Check();
        var id = body.AgentId ?? key.AgentId;
        id = id is null ? "a-" + KeyToken.New().Id : check.Id("/agent_id", id);
        var profile = Profiles.Bind(ref check, body.ParentId, body.Cluster, body.User, body.Specializations, body.Labels, body.Ttl);
        check.Range("/incarnation", body.Incarnation, 1, int.MaxValue);
        if (body.Update == true && body.Declare != true)
        {
            check.Fail("/update", "belongs to declare: a registration brings the agent in line by itself");
        }
        else if (body.Update == true && body.Ttl is not null)
        {
            check.Fail("/ttl", "belongs to a registration: an update touches no lease");
        }

        if ((check.Error ?? key.CheckAgent(ScopeSet.RegistryWrite, id)) is { } error)
        {
            return error;
        }

        return body.Declare == true
            ? new DeclareAgent { Actor = key.Id, AgentId = id, Profile = profile, Update = body.Update == true }
            : new RegisterAgent
            {
                Actor = key.Id,
                AgentId = id,
                Profile = profile,
                Incarnation = body.Incarnation,
                Takeover = body.Takeover == true,
            };
    }

    private Outcome<Command<KillOutcome>> BindExit(Key key, string id, ExitRequest body)
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
        if ((check.Error ?? key.CheckAgent(ScopeSet.RegistryWrite, id) ?? Fencing.CheckEpoch(engine.State, body.Epoch)) is { } error)
        {
            return error;
        }

        return new ReportExit
        {
            Actor = key.Id,
            AgentId = id,
            Incarnation = body.Incarnation!.Value,
            ExitCode = body.ExitCode,
            Signal = (signal?.StartsWith("SIG", StringComparison.OrdinalIgnoreCase) == true ? signal[3..] : signal)?.ToUpperInvariant(),
            Reason = reason,
        };
    }
}
