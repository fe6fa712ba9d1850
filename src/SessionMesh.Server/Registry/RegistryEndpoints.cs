using System.Globalization;
using System.Text.Json;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Registry;
using SessionMesh.Server.Agents;
using SessionMesh.Server.Discovery;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Json;

namespace SessionMesh.Server.Registry;

/// <summary><c>/registry</c>: which agents have which specializations.</summary>
public sealed class RegistryEndpoints(Mutations mutations, MeshEngine engine, RowWriter rows, ProblemWriter problems)
{
    public async Task Register(HttpContext http)
    {
        var request = await Mutations.ReadAsync(http, MeshJson.Default.RegisterSpecializationRequest);
        var register = request.Bind(BindRegistration);
        var executed = await mutations.ExecuteAsync(request, register, registered => Profiles.Render(rows, engine, registered));
        await mutations.AnswerAsync(executed);
    }

    public async Task Withdraw(HttpContext http)
    {
        var check = new Check();
        var query = Query.Read(http, ref check, "specialization", "agent_id");
        var id = check.Id("?agent_id", query["agent_id"]);
        var specialization = check.Name("?specialization", query["specialization"], required: true);
        if ((check.Error ?? http.GetKey().CheckAgent(ScopeSet.RegistryWrite, id)) is { } error)
        {
            await problems.WriteAsync(http, error);
            return;
        }

        var request = Mutations.Read(http);
        var withdraw = request.Bind<Agent>(key => new WithdrawSpecialization
        {
            Actor = key.Id,
            AgentId = id,
            Specialization = specialization!,
        });
        await mutations.AnswerAsync(await mutations.ExecuteAsync(request, withdraw, rows.Render));
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
        var reach = http.GetKey().Reach;
        var next = specialization is null
            ? -1
            : new AgentSearch(engine.State, new AgentCriteria { Filter = AgentFilter.Alive, Specializations = [specialization] }, reach)
                .Fill(page, after, limit, now);
        using var text = new Utf8Buffer(512 + (page.Count * 640));
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            WriteCounts(json, specialization is null ? Counts(reach) : Counts(reach).Where(c => c.Name == specialization));
            WriteAgents(json, page, now);
            json.WriteString("next_cursor", next < 0 ? null : next.ToString(CultureInfo.InvariantCulture));
            json.WriteEndObject();
        }

        await Answers.WriteAsync(http, StatusCodes.Status200OK, text.Written);
    }

    private static Outcome<Command<Registered>> BindRegistration(Key key, RegisterSpecializationRequest body)
    {
        var check = new Check();
        var id = check.Id("/agent_id", body.AgentId ?? key.AgentId);
        var specialization = check.Name("/specialization", body.Specialization, required: true);
        var profile = Profiles.Bind(ref check, body.ParentId, body.Cluster, body.User, body.Specializations, body.Labels, body.Ttl);
        return (check.Error ?? key.CheckAgent(ScopeSet.RegistryWrite, id)) is { } error
            ? error
            : new RegisterSpecialization { Actor = key.Id, AgentId = id, Specialization = specialization!, Profile = profile };
    }

    private IEnumerable<(string Name, int Declared, int Alive)> Counts(Reach? reach)
    {
        var indexes = engine.State.Indexes;
        if (reach is null)
        {
            return indexes.Specializations.Select(s =>
                (s.Key, s.Value.Count - s.Value.CountWith(indexes.With(Liveness.Dead)), s.Value.CountWith(indexes.With(Liveness.Alive))));
        }

        var within = new List<AgentSlot>();
        new AgentSearch(engine.State, new AgentCriteria(), reach).Fill(within, -1, int.MaxValue, engine.Now);
        return within.Where(slot => slot.Agent.Liveness != Liveness.Dead)
            .SelectMany(
                slot => slot.Agent.Specializations.Names,
                (slot, name) => (Name: name, IsAlive: slot.Agent.Liveness == Liveness.Alive))
            .GroupBy(one => one.Name, (name, all) => (name, all.Count(), all.Count(one => one.IsAlive)));
    }

    private static void WriteCounts(Utf8JsonWriter json, IEnumerable<(string Name, int Declared, int Alive)> counts)
    {
        json.WriteStartArray("specializations");
        foreach (var (name, declared, alive) in counts.OrderBy(c => c.Name, StringComparer.Ordinal))
        {
            json.WriteStartObject();
            json.WriteString("specialization", name);
            json.WriteNumber("declared", declared);
            json.WriteNumber("alive", alive);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private void WriteAgents(Utf8JsonWriter json, List<AgentSlot> page, Moment now)
    {
        using var row = new Utf8Buffer();
        json.WriteStartArray("agents");
        foreach (var slot in page)
        {
            row.Clear();
            rows.Write(row, slot, now, RowFields.All);
            json.WriteRawValue(row.Written.Span, skipInputValidation: true);
        }

        json.WriteEndArray();
    }
}
