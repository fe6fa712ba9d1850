using SessionMesh.Client;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Keys;

namespace SessionMesh.Cli.Run;

/// <summary>
/// The key that a process gets: bound to its agent, ending with its incarnation. By default it may also register agents below its own and
/// mint keys for them, as far as the runner's key may, so that a <c>run</c> inside the process works like one outside.
/// </summary>
internal static class ChildKey
{
    private static readonly string[] s_subAgents = [Scopes.RegistryWrite, Scopes.KeysMint];

    /// <summary>Mints it. When an answer was lost on the way, the key it held is useless: revoke it, mint another.</summary>
    /// <exception cref="MeshException">It was not granted.</exception>
    public static async Task<CreatedKey> MintAsync(MeshClient client, string agentId, RunOptions options)
    {
        var scopes = await ScopesAsync(client, options);
        var request = new CreateKeyRequest
        {
            AgentId = agentId,
            Scopes = scopes.Count > 0 ? scopes : null,
            Within = options.Within.Count > 0 ? options.Within : null,
        };
        try
        {
            return await client.CreateKeyAsync(request);
        }
        catch (MeshException e) when (e.Code == ErrorCodes.SecretNotRepeatable)
        {
            if (e.Problem?.KeyId is { } lost)
            {
                await client.RevokeKeyAsync(lost);
            }

            return await client.CreateKeyAsync(request);
        }
    }

    /// <summary>
    /// What was asked for, and what sub-agents need. That is for the agent's own subtree: where the key is to be for others, too,
    /// nothing is added to what was asked for.
    /// </summary>
    private static async Task<IReadOnlyList<string>> ScopesAsync(MeshClient client, RunOptions options)
    {
        if (!options.SubAgents || options.Within.Count > 0 || !await MayAsync(client, s_subAgents))
        {
            return options.Scopes;
        }

        return [.. options.Scopes.Union(s_subAgents)];
    }

    private static async Task<bool> MayAsync(MeshClient client, string[] scopes)
    {
        try
        {
            var own = await client.OwnKeyAsync();
            return own.Scopes.Contains(Scopes.Admin) || scopes.All(own.Scopes.Contains);
        }
        catch (MeshException e) when (e.Status is 404 or 405)
        {
            return false; // a server from before keys had a reach
        }
    }
}
