using System.CommandLine;
using System.CommandLine.Completions;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Settings;
using SessionMesh.Client;
using SessionMesh.Contracts;

namespace SessionMesh.Cli.Completion;

/// <summary>Ids for the shell to complete. A slow or absent server completes nothing, within 300 ms, and says nothing.</summary>
internal static class LiveAgentIds
{
    private static readonly TimeSpan s_bound = TimeSpan.FromMilliseconds(300);

    public static IEnumerable<CompletionItem> Of(CliHost host, ParseResult? parse)
    {
        if (parse is null)
        {
            return [];
        }

        try
        {
            var settings = MeshSettings.Resolve(host, parse);
            using var client = new MeshClient(
                new MeshClientOptions
                {
                    BaseUrl = settings.Url,
                    Token = settings.Key,
                    Attempts = 1,
                    AttemptTimeout = s_bound,
                    TimeProvider = host.Time,
                },
                host.Handler);
            var page = client.AliveAsync(new AgentQuery { Fields = ["agent_id"], Limit = 200 }).GetAwaiter().GetResult();
            return [.. page.Sessions.Where(row => MeshId.IsValid(row.AgentId ?? "")).Select(row => new CompletionItem(row.AgentId!))];
        }
        catch (Exception e) when (e is MeshException or CommandException)
        {
            return [];
        }
    }
}
