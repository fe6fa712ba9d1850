using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Audit;

namespace SessionMesh.Cli.Balance;

/// <summary>
/// What the rules did before, by whichever balancer: the audit has it under the rule's name. So a cool-down outlives the balancer that
/// began it.
/// </summary>
internal static class PastActs
{
    /// <summary>What a steer, a kill with grace and a kill at once leave in the log.</summary>
    private static readonly string[] s_operations = ["directive.issued", "agent.stopping", "agent.dead"];

    /// <param name="every">Acts that are not as old as that count against the bound of the first look.</param>
    /// <returns>Whether the key may read the audit.</returns>
    public static async Task<bool> RecallAsync(
        MeshClient client, IReadOnlyList<RuleWatch> watches, DateTimeOffset now, TimeSpan every, CancellationToken cancellation)
    {
        var byName = watches.ToDictionary(watch => watch.Rule.Name, StringComparer.Ordinal);
        var newest = new Dictionary<(string Rule, string Agent), DateTimeOffset>();
        var query = new AuditQuery
        {
            Outcome = AuditOutcome.Done,
            Since = now - watches.Max(watch => watch.Rule.CoolDown),
            Limit = Limits.MaxPage,
        };
        try
        {
            foreach (var operation in s_operations)
            {
                string? cursor = null;
                do
                {
                    var page = await client.AuditAsync(query with { Operation = operation, Cursor = cursor }, cancellation);
                    foreach (var entry in page.Entries.Where(entry => entry.Reason is not null && byName.ContainsKey(entry.Reason)))
                    {
                        var act = (entry.Reason!, entry.Subject ?? "");
                        newest[act] = newest.TryGetValue(act, out var known) && known > entry.At ? known : entry.At;
                    }

                    cursor = page.NextCursor;
                }
                while (cursor is not null);
            }
        }
        catch (MeshException e) when (e.Status is 403)
        {
            return false;
        }

        foreach (var ((rule, agent), at) in newest)
        {
            byName[rule].Recall(agent, at, isThisInterval: now - at < every);
        }

        return true;
    }
}
