using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts.Keys;

namespace SessionMesh.Cli.Hooks.Openclaw;

/// <summary>
/// The key of OpenClaw's plugin: for the gateway's agent and what the plugin registers below it, and no other. So the root key stays out of
/// a process that runs other people's plugins and reads what comes in from chats.
/// </summary>
internal static class OpenclawKey
{
    private static readonly TimeSpan s_lifetime = TimeSpan.FromHours(1);

    private static readonly string[] s_scopes = [Scopes.MeshRead, Scopes.RegistryWrite];

    /// <summary>Mints one by the key that every command finds, and prints it with where to show it.</summary>
    /// <exception cref="MeshException">It was not granted, or the server cannot be reached.</exception>
    public static async Task<int> PrintAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "get a key for OpenClaw's plugin";
        var gateway = GatewayAgent.IdOf(context.Host);

        // A reach is of agents that are known.
        await context.Client.RegisterAsync(GatewayAgent.Declare(gateway), cancellation);
        var created = await context.Client.CreateKeyAsync(
            new CreateKeyRequest
            {
                // The plugin gets the next before this one ends. A name would make each the successor of the one before, which then ends
                // under the calls that are on their way.
                Ttl = (int)s_lifetime.TotalSeconds,
                Scopes = s_scopes,
                Within = [$"subtree:{gateway}"],
            },
            cancellation);
        context.Output.WriteObject(Json.Build(writer =>
        {
            writer.WriteString("url", context.Settings.Url.GetLeftPart(UriPartial.Path).TrimEnd('/'));
            writer.WriteString("token", created.Token);
            writer.WriteString("key_id", created.KeyId);
            writer.WriteString("expires_at", created.ExpiresAt is { } end ? $"{end.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}" : null);
            writer.WriteString("agent_id", gateway);
            writer.WriteString("host", Environment.MachineName);
        }));
        return ExitCodes.Done;
    }
}
