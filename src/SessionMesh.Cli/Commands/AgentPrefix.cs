using SessionMesh.Cli.Hosting;
using SessionMesh.Client;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Commands;

/// <summary>The agent whose id begins with what was typed.</summary>
internal static class AgentPrefix
{
    /// <summary>Candidates that an error names before it only says that there are more.</summary>
    private const int MostNamed = 5;

    /// <summary>Its id; null where there is none, or the key may not look.</summary>
    /// <exception cref="CommandException">There are several.</exception>
    public static async Task<string?> FindAsync(CommandContext context, string prefix, CancellationToken cancellation)
    {
        var query = new AgentQuery
        {
            Filter = AliveFilter.All,
            Prefix = prefix,
            Sort = AliveSort.Id,
            Fields = ["agent_id"],
            Limit = MostNamed + 1,
        };
        List<string> ids;
        try
        {
            ids = [.. (await context.Client.AliveAsync(query, cancellation)).Sessions.Select(row => row.AgentId!)];
        }
        catch (MeshException e) when (e.Problem is not null)
        {
            return null; // the error that led here says more
        }

        if (ids.Count <= 1)
        {
            return ids.FirstOrDefault();
        }

        var named = string.Join(", ", ids.Take(MostNamed)) + (ids.Count > MostNamed ? ", …" : "");
        throw new CommandException(
            ExitCodes.NotFound, $"no agent is '{prefix}', and several begin so: {named}", "the whole id of one of them");
    }
}
