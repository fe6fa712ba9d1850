using System.Globalization;
using System.Text.Json;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Registry;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Registry;
using SessionMesh.Core.State;
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
        var specialization = check.Specialization("?specialization", query["specialization"], required: true);
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
        var specialization = check.Specialization("?specialization", query["specialization"]);
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
            WriteCounts(json, Counts(reach, specialization));
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
        var profile = Profiles.Bind(ref check, body.ParentId, body.Cluster, body.User, body.Specializations, body.Labels, body.Ttl);
        if (BindOne(ref check, body) is { } skill)
        {
            profile = profile with { Skills = [.. profile.Skills ?? [], skill] };
        }

        return (check.Error ?? key.CheckAgent(ScopeSet.RegistryWrite, id)) is { } error
            ? error
            : new RegisterSpecialization { Actor = key.Id, AgentId = id, Profile = profile };
    }

    /// <summary>The specialization that stands in the body itself; null where there are only others.</summary>
    private static SkillProfile? BindOne(ref Check check, RegisterSpecializationRequest body)
    {
        if (body.Specialization is null && body.Specializations is { Count: > 0 })
        {
            foreach (var (member, isGiven) in new[]
            {
                ("/version", body.Version is not null), ("/level", body.Level is not null), ("/capacity", body.Capacity is not null),
            })
            {
                if (isGiven)
                {
                    check.Fail(member, "belongs to specialization, which is missing; of several it stands in each of specializations");
                }
            }

            return null;
        }

        return check.Skill("", "/specialization", new SpecializationRequest
        {
            Name = body.Specialization,
            Version = body.Version,
            Level = body.Level,
            Capacity = body.Capacity,
        });
    }

    private IEnumerable<SpecializationCount> Counts(Reach? reach, string? only)
    {
        var indexes = engine.State.Indexes;
        if (reach is null)
        {
            return indexes.Specializations.Where(s => only is null || s.Name == only).Select(s => new SpecializationCount
            {
                Specialization = s.Name,
                Declared = s.Agents.Count - s.Agents.CountWith(indexes.With(Liveness.Dead)),
                Alive = s.Agents.CountWith(indexes.With(Liveness.Alive)),
                Room = s.Room,
            });
        }

        var within = new List<AgentSlot>();
        new AgentSearch(engine.State, new AgentCriteria(), reach).Fill(within, -1, int.MaxValue, engine.Now);
        return within.Select(slot => slot.Agent).Where(agent => agent.Liveness != Liveness.Dead)
            .SelectMany(agent => agent.Skills.Paths.Names.Where(name => only is null || name == only), (agent, name) => (agent, name))
            .GroupBy(one => one.name, one => one.agent, (name, agents) => CountsOf(name, [.. agents]));
    }

    private static SpecializationCount CountsOf(string name, List<Agent> agents) => new()
    {
        Specialization = name,
        Declared = agents.Count,
        Alive = agents.Count(agent => agent.Liveness == Liveness.Alive),
        Room = agents.Count(agent => RoomPlace.RoomFor(agent, name) is not null),
    };

    private static void WriteCounts(Utf8JsonWriter json, IEnumerable<SpecializationCount> counts)
    {
        json.WriteStartArray("specializations");
        foreach (var count in counts.OrderBy(c => c.Specialization, StringComparer.Ordinal))
        {
            json.WriteStartObject();
            json.WriteString("specialization", count.Specialization);
            json.WriteNumber("declared", count.Declared);
            json.WriteNumber("alive", count.Alive);
            json.WriteNumber("room", count.Room ?? 0);
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
