using SessionMesh.Cli.Commands;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Targets;

/// <summary>Whom <c>--all</c> means: every agent that is alive, in every cluster.</summary>
internal static class Everyone
{
    public const string Words = "that is alive";

    /// <summary>Who is alive, or may be: a lease that lapsed a moment ago does not stop a process.</summary>
    public static async Task<IReadOnlyList<string>> IdsAsync(CommandContext context, CancellationToken cancellation)
    {
        var ids = new List<string>();
        using var progress = context.ShowProgress(() => "listing who is alive");
        foreach (var filter in new[] { AgentStatus.Alive, AgentStatus.Suspect })
        {
            var query = new AgentQuery { Filter = filter, Fields = ["agent_id"], Limit = Limits.MaxPage };
            do
            {
                var page = await context.Client.AliveAsync(query, cancellation);
                ids.AddRange(page.Sessions.Select(row => row.AgentId).OfType<string>());
                query = query with { Cursor = page.NextCursor };
            }
            while (query.Cursor is not null);
        }

        return [.. ids.Distinct(StringComparer.Ordinal)];
    }
}
