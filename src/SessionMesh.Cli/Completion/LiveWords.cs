using System.CommandLine;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Settings;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Completion;

/// <summary>
/// What the server knows and a shell completes. A slow or absent server completes nothing, within 300 ms, and nothing is said of it.
/// </summary>
internal sealed class LiveWords(CliHost host, ParseResult parse)
{
    private const string ClusterOption = "--cluster";
    private static readonly TimeSpan s_bound = TimeSpan.FromMilliseconds(300);

    /// <summary>Ids of agents: those alive, of the cluster that is meant, or every one that is known.</summary>
    public IEnumerable<string> Agents(bool all = false) => Ask(async (client, settings) =>
    {
        var query = new AgentQuery
        {
            Fields = ["agent_id"],
            Limit = Limits.MaxPage,
            Filter = all ? AliveFilter.All : null,
            Cluster = Typed(ClusterOption) ?? (IsTyped("--all-clusters") ? null : settings.Cluster),
        };
        return (await client.AliveAsync(query)).Sessions.Select(row => row.AgentId);
    });

    public IEnumerable<string> Clusters() => Ask(async (client, _) =>
    {
        var query = new AgentQuery { Fields = ["cluster"], Limit = Limits.MaxPage, Filter = AliveFilter.All };
        return (await client.AliveAsync(query)).Sessions.Select(row => row.Cluster);
    });

    public IEnumerable<string> Specializations() => Ask(async (client, _) =>
        (await client.RegistryAsync()).Specializations.Select(one => one.Specialization));

    /// <summary>Ids of claims that are held, the oldest first.</summary>
    public IEnumerable<string> Claims() => Ask(async (client, _) =>
        (await client.ClaimsAsync(new ClaimQuery { Limit = Limits.MaxPage })).Claims.Select(claim => claim.ClaimId));

    public IEnumerable<string> Keys() => Ask(async (client, _) =>
        (await client.KeysAsync(limit: Limits.MaxPage)).Keys.Select(key => key.KeyId));

    public IEnumerable<string> Sessions() => Ask(async (client, _) =>
        (await client.SessionsAsync(new SessionQuery { Limit = Limits.MaxPage })).Sessions.Select(session => session.Id));

    /// <summary>Names of contexts; asks no server.</summary>
    public IEnumerable<string> Contexts()
    {
        try
        {
            return [.. ContextStore.Of(host).Load().Contexts.Select(context => context.Name)];
        }
        catch (CommandException)
        {
            return [];
        }
    }

    /// <summary>Texts with white space or control characters are left out: no shell could be trusted with them.</summary>
    private IEnumerable<string> Ask(Func<MeshClient, MeshSettings, Task<IEnumerable<string?>>> ask)
    {
        try
        {
            var settings = MeshSettings.Resolve(host, parse);
            var options = new MeshClientOptions
            {
                BaseUrl = settings.Url,
                Token = settings.Key,
                Attempts = 1,
                AttemptTimeout = s_bound,
                TimeProvider = host.Time,
            };
            using var client = new MeshClient(options, host.Handler);
            var words = ask(client, settings).GetAwaiter().GetResult();
            return [.. words.OfType<string>().Where(IsPlain).Distinct(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is MeshException or CommandException)
        {
            return [];
        }
    }

    private static bool IsPlain(string word) => word.All(letter => char.IsAsciiLetterOrDigit(letter) || "._:-/+@%".Contains(letter));

    private bool IsTyped(string option) => parse.Tokens.Any(token => token.Value == option);

    private string? Typed(string option) =>
        parse.Tokens.SkipWhile(token => token.Value != option).Skip(1).FirstOrDefault()?.Value;
}
