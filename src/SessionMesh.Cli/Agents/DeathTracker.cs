using System.Text.Json;
using SessionMesh.Cli.Events;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Events;

namespace SessionMesh.Cli.Agents;

/// <summary>
/// Many agents that are to end, from the answer of a kill by selector: the agents it matched, and with a cascade all below
/// them. Changed by one thread; <see cref="Progress"/> may be read by another.
/// </summary>
internal sealed class DeathTracker : IFollowed
{
    private const string Died = "agent.dead";
    private static readonly string[] s_told = ["status", "confirmed", "exit_code", "signal", "reason"];

    private readonly JsonElement _answer;
    private readonly Dictionary<string, Dictionary<string, JsonElement>> _known = [];
    private readonly HashSet<string> _open = [];
    private readonly int _total;
    private int _ended;

    /// <param name="deadBefore">Those that were dead before they were told: no other end of theirs is to come.</param>
    public DeathTracker(JsonElement answer, bool cascades, IReadOnlySet<string> deadBefore)
    {
        _answer = answer;
        foreach (var row in Rows(answer, cascades))
        {
            if (Json.Text(row, "agent_id") is { } id && Json.Text(row, "code") is null && !KillVerdict.IsProven(row)
                && !deadBefore.Contains(id))
            {
                _open.Add(id);
            }
        }

        _total = _open.Count;
    }

    public bool IsSettled => _open.Count == 0;

    public string Progress => $"{ProgressLine.Bar(Volatile.Read(ref _ended), _total)} confirmed to have ended";

    /// <summary>The agents of a kill's answer with, behind each, those below it that have no report of their own.</summary>
    public static IEnumerable<JsonElement> Rows(JsonElement answer, bool cascades)
    {
        if (!answer.TryGetProperty("results", out var results))
        {
            return [];
        }

        var matched = results.EnumerateArray().Select(result => Json.Text(result, "agent_id")).ToHashSet();
        return results.EnumerateArray()
            .SelectMany(result => result.TryGetProperty("report", out var report) && report.ValueKind == JsonValueKind.Object
                ? AgentViews.Kill.Rows(report).Where((row, at) => at == 0 || (cascades && !matched.Contains(Json.Text(row, "agent_id"))))
                : [result])
            .DistinctBy(row => Json.Text(row, "agent_id"));
    }

    /// <summary>How many below those of a kill's answer go on living.</summary>
    public static int Living(JsonElement answer)
    {
        var ended = Rows(answer, cascades: false).Select(row => Json.Text(row, "agent_id")).ToHashSet();
        return Rows(answer, cascades: true)
            .Count(row => !ended.Contains(Json.Text(row, "agent_id")) && Json.Text(row, "status") is not AgentStatus.Dead);
    }

    public void Take(MeshEvent entry)
    {
        if (entry.Kind is not Died || entry.Details is not { } details || !_open.Contains(entry.Subject))
        {
            return;
        }

        Know(entry.Subject, details);
    }

    public async Task LookAsync(MeshClient client, CancellationToken cancellation)
    {
        foreach (var id in _open.ToList())
        {
            var agent = await client.SendAsync(MeshCall.Agent(id), cancellation);
            if (agent.TryGetProperty("last_exit", out var exit)
                && exit.ValueKind == JsonValueKind.Object
                && Json.Text(agent, "status") is AgentStatus.Dead)
            {
                Know(id, exit.EnumerateObject().ToDictionary(member => member.Name, member => member.Value.Clone()));
            }
        }
    }

    /// <summary>The answer with what has become known since.</summary>
    public JsonElement ToAnswer() => Json.Replace(_answer, "results", _answer.GetProperty("results").EnumerateArray().Select(result =>
        !result.TryGetProperty("report", out var report) || report.ValueKind != JsonValueKind.Object ? result : Json.Build(json =>
        {
            foreach (var member in result.EnumerateObject().Where(member => member.Name is not "report"))
            {
                member.WriteTo(json);
            }

            json.WritePropertyName("report"u8);
            Json.Replace(Current(report), "descendants", report.GetProperty("descendants").EnumerateArray().Select(Current)).WriteTo(json);
        })));

    private void Know(string id, Dictionary<string, JsonElement> details)
    {
        _known[id] = details;
        if (details.TryGetValue("confirmed", out var confirmed) && confirmed.ValueKind == JsonValueKind.True && _open.Remove(id))
        {
            Volatile.Write(ref _ended, _ended + 1);
        }
    }

    private JsonElement Current(JsonElement row) =>
        Json.Text(row, "agent_id") is not { } id || !_known.TryGetValue(id, out var details) ? row : Json.Build(json =>
        {
            foreach (var member in row.EnumerateObject())
            {
                json.WritePropertyName(member.Name);
                if (member.Name is "status")
                {
                    json.WriteStringValue(AgentStatus.Dead);
                }
                else if (member.Name is "deadline")
                {
                    json.WriteNullValue();
                }
                else
                {
                    (s_told.Contains(member.Name) && details.TryGetValue(member.Name, out var known) ? known : member.Value).WriteTo(json);
                }
            }
        });
}
