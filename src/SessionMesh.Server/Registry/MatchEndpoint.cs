using System.Globalization;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Registry;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Claims;
using SessionMesh.Core.State;
using SessionMesh.Server.Agents;
using SessionMesh.Server.Discovery;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Json;

namespace SessionMesh.Server.Registry;

/// <summary><c>GET /registry/match</c>: which agents should do a job, best first, and why. It takes nothing.</summary>
public sealed class MatchEndpoint(MeshEngine engine, RowWriter rows, ProblemWriter problems)
{
    public async Task Match(HttpContext http)
    {
        var check = new Check();
        var query = Query.Read(http, ref check, "specialization", "count", "strategy", "cluster", "label");
        var specialization = check.Specialization("?specialization", query["specialization"], required: true);
        var count = (int)(query.Number("count", ref check, 1, Limits.Matches) ?? 1);
        var strategy = check.OneOf("?strategy", query["strategy"], MatchStrategy.All);
        var labels = LabelTerms.Read(query["label"], ref check);
        if (check.Error is { } error)
        {
            await problems.WriteAsync(http, error);
            return;
        }

        var matching = new Matching
        {
            Specialization = specialization!,
            Strategy = StrategyWords.Parse(strategy),
            Cluster = query["cluster"],
            Labels = labels.Count == 0 ? null : agent => HoldAll(labels, agent),
        };
        var found = matching.Find(engine.State, http.GetKey(), count);
        using var json = new Utf8Buffer(128 + (found.Count * 800));
        Write(json, matching, found);
        await Answers.WriteAsync(http, StatusCodes.Status200OK, json.Written);
    }

    private static bool HoldAll(IReadOnlyList<LabelTerm> labels, Agent agent)
    {
        foreach (var term in labels)
        {
            if (!term.Holds(agent))
            {
                return false;
            }
        }

        return true;
    }

    private void Write(Utf8Buffer json, Matching matching, List<RoomPlace> found)
    {
        var now = engine.Now;
        json.Raw("{\"matches\":["u8);
        var isFirst = true;
        foreach (var place in found)
        {
            if (engine.State.AgentAt(place.Number) is null || engine.State.Slots[place.Number] is not { } slot)
            {
                continue; // forgotten in this very moment
            }

            json.Raw(isFirst ? "{"u8 : ",{"u8);
            isFirst = false;
            rows.WriteMembers(json, slot.Agent, slot.ReadVitals(), now, RowFields.All);
            json.Raw(",\"why\":"u8);
            json.String(Why(matching.Strategy, place, now.Wall));
            json.Raw("}"u8);
        }

        json.Raw("]}"u8);
    }

    private static string Why(Strategy strategy, RoomPlace place, long wall)
    {
        var held = string.Create(CultureInfo.InvariantCulture, $"{place.Held} of {place.Skill.Capacity} held");
        var load = float.IsNaN(place.Load) ? "load unknown" : string.Create(CultureInfo.InvariantCulture, $"load {place.Load:0.##}");
        var level = string.Create(CultureInfo.InvariantCulture, $"level {place.Skill.Level}");
        var claimed = place.ClaimedAt == 0
            ? "never claimed"
            : string.Create(CultureInfo.InvariantCulture, $"last claimed {Math.Max(0, wall - place.ClaimedAt) / 1000} s ago");
        return place.Skill.Name + ": " + strategy switch
        {
            Strategy.MostSkilled => $"{level}, {held}, {load}",
            Strategy.Spread => $"{claimed}, {held}, {load}",
            _ => $"{held}, {load}, {level}",
        };
    }
}
