using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Json;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;
using SessionMesh.Server.Agents;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Registry;

/// <summary><c>/registry</c>: who is good at what.</summary>
public sealed class RegistryEndpoints(Mutations mutations, MeshEngine engine, RowWriter rows, ProblemWriter problems)
{
    public Task Register(HttpContext http) =>
        mutations.RunAsync(http, MeshJson.Default.RegisterSpecializationRequest, BindRegistration, registered => Profiles.Render(rows, engine, registered));

    public Task Withdraw(HttpContext http)
    {
        var check = new Check();
        var query = Query.Read(http, ref check, "specialization", "agent_id");
        var id = check.Id("?agent_id", query["agent_id"]);
        var specialization = check.Name("?specialization", query["specialization"], required: true);
        if ((check.Error ?? http.GetKey().CheckAgent(ScopeSet.RegistryWrite, id)) is { } error)
        {
            return problems.WriteAsync(http, error);
        }

        return mutations.RunAsync<Agent>(
            http,
            key => new WithdrawSpecialization { Actor = key.Id, AgentId = id, Specialization = specialization! },
            agent => Answers.Of(StatusCodes.Status200OK, json =>
            {
                json.Raw("{"u8);
                rows.WriteMembers(json, agent, engine.Now, renewed: false);
                json.Raw("}"u8);
            }));
    }

    public async Task Get(HttpContext http)
    {
        var check = new Check();
        var query = Query.Read(http, ref check, "specialization", "limit", "cursor");
        var specialization = check.Name("?specialization", query["specialization"]);
        var limit = query.Limit(ref check);
        var after = query.Cursor(ref check);
        if (check.Error is { } error)
        {
            await problems.WriteAsync(http, error);
            return;
        }

        var page = new List<AgentSlot>();
        var now = engine.Now;
        var next = specialization is null ? -1 : new AgentQuery(engine.State, AliveFilter.Active).Specialized(specialization).Fill(page, after, limit, now);
        using var json = new Utf8Buffer(512 + (page.Count * 640));
        WriteCounts(json, specialization);
        json.Raw(",\"agents\":["u8);
        foreach (var slot in page)
        {
            rows.Write(json, slot, now, RowFields.All);
            json.Raw(","u8);
        }

        if (page.Count > 0)
        {
            json.Unwrite();
        }

        json.Raw("],\"next_cursor\":"u8);
        json.String(next < 0 ? null : next.ToString(System.Globalization.CultureInfo.InvariantCulture));
        json.Raw("}"u8);
        await Answers.WriteAsync(http, StatusCodes.Status200OK, json.Written);
    }

    private static Outcome<Command<Registered>> BindRegistration(Key key, RegisterSpecializationRequest? body)
    {
        var check = new Check();
        var id = check.Id("/agent_id", body!.AgentId ?? key.AgentId);
        var specialization = check.Name("/specialization", body.Specialization, required: true);
        var profile = Profiles.Bind(ref check, body.ParentId, body.Cluster, body.User, body.Specializations, body.Labels, body.Ttl);
        return (check.Error ?? key.CheckAgent(ScopeSet.RegistryWrite, id)) is { } error
            ? error
            : new RegisterSpecialization { Actor = key.Id, AgentId = id, Specialization = specialization!, Profile = profile };
    }

    private void WriteCounts(Utf8Buffer json, string? only)
    {
        var indexes = engine.State.Indexes;
        json.Raw("{\"specializations\":["u8);
        var any = false;
        foreach (var (name, numbers) in indexes.Specializations.Where(s => only is null || s.Key == only).OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            json.Raw("{\"specialization\":"u8);
            json.String(name);
            json.Raw(",\"declared\":"u8);
            json.Number(numbers.Count - numbers.CountWith(indexes.With(Liveness.Dead)));
            json.Raw(",\"alive\":"u8);
            json.Number(numbers.CountWith(indexes.With(Liveness.Alive)));
            json.Raw("},"u8);
            any = true;
        }

        if (any)
        {
            json.Unwrite();
        }

        json.Raw("]"u8);
    }
}
