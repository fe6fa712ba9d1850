using System.Globalization;
using System.Text.Json;
using SessionMesh.Cli.Config.Rules;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts;

namespace SessionMesh.Cli.Balance;

/// <summary>
/// Reads the fleet as the rules need it: rules that select the same agents share one list, and of a row only what they look at travels.
/// </summary>
internal sealed class FleetSight
{
    private readonly List<(AgentQuery Query, List<RuleWatch> Watches)> _lists = [];

    public FleetSight(IEnumerable<RuleWatch> watches)
    {
        foreach (var same in watches.GroupBy(watch => MeshCall.Agents(watch.Rule.Select).Path, StringComparer.Ordinal))
        {
            List<RuleWatch> group = [.. same];
            var query = group[0].Rule.Select with { Fields = Fields(group.Select(watch => watch.Rule)), Limit = Limits.MaxPage };
            _lists.Add((query, group));
        }
    }

    /// <summary>Shows every agent to the rules that select it.</summary>
    /// <param name="isOurs">Agents that no rule is about.</param>
    public async Task LookAsync(MeshClient client, Look look, Func<string, bool> isOurs, CancellationToken cancellation)
    {
        foreach (var (query, watches) in _lists)
        {
            watches.ForEach(watch => watch.Begin(look));
            string? cursor = null;
            do
            {
                var page = await client.SendAsync(MeshCall.Agents(query with { Cursor = cursor }), cancellation);
                foreach (var row in page.GetProperty("sessions").EnumerateArray())
                {
                    if (Of(row, look.Now) is { } agent && !isOurs(agent.AgentId))
                    {
                        watches.ForEach(watch => watch.See(agent));
                    }
                }

                var next = Json.Text(page, "next_cursor");
                cursor = next == cursor ? null : next;
            }
            while (cursor is not null);
        }
    }

    private static List<string> Fields(IEnumerable<Rule> rules)
    {
        var members = rules.SelectMany(rule => rule.Members).ToHashSet();
        List<string> fields = ["agent_id", "incarnation", "status", "paused", "epoch"];
        fields.AddRange(members.Order().Select(member => member switch
        {
            RuleMember.Inbox => "pending",
            RuleMember.Silence => "last_heartbeat_at",
            RuleMember.Age => "created_at",
            _ => RuleCondition.NameOf(member),
        }));
        return fields;
    }

    private static Sight? Of(JsonElement row, DateTimeOffset now) => Json.Text(row, "agent_id") is not { } id ? null
        : new Sight(id, row.GetProperty("incarnation").GetInt32())
        {
            Epoch = (long?)Number(row, "epoch"),
            Status = Json.Text(row, "status") ?? "",
            Paused = Json.IsTrue(row, "paused"),
            Readings = new Readings(
                Number(row, "load"), Number(row, "pending"), Number(row, "progress"), Since(row, "last_heartbeat_at", now),
                Since(row, "created_at", now), Json.Text(row, "activity")),
        };

    private static double? Number(JsonElement row, string member) =>
        row.TryGetProperty(member, out var value) && value.ValueKind is JsonValueKind.Number ? value.GetDouble() : null;

    /// <summary>Seconds; the server says its own time in whole ones, so that it may be a little behind.</summary>
    private static double? Since(JsonElement row, string member, DateTimeOffset now) => Json.Text(row, member) is { } text
        ? Math.Max(0, (now - DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind)).TotalSeconds)
        : null;
}
