using System.Text.Json;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Keys;

namespace SessionMesh.Cli.Settings;

/// <summary>What somebody at the terminal lets the tool do with a key that has expired.</summary>
/// <param name="Renew">Whether <c>--renew</c> was given.</param>
/// <param name="Ask">Asks a question that is answered with yes or no; null where none can be asked.</param>
internal sealed record RenewalChoice(bool Renew, Func<string, bool>? Ask);

/// <summary>
/// Mints a key again that has expired, with the root key of the server at this very address. The server sees to it that the new key may do
/// what the old one did, and no more; the root key looks and mints, and never takes the place of the one that was given. Nothing is done
/// unasked, and nothing about a key that was revoked.
/// </summary>
internal sealed class ExpiredKey(
    MeshSettings settings, MeshClientOptions options, CliHost host, RenewalChoice choice, Action<string> say)
{
    private bool _declined;

    /// <summary>The key that takes the refused one's place; null for none.</summary>
    /// <exception cref="MeshException">The server did not do it.</exception>
    /// <exception cref="CommandException">The new key could not be written.</exception>
    public async Task<string?> MintAgainAsync(string? refused, CancellationToken cancellation)
    {
        if (_declined || refused?.Split('_') is not ["smk", { } id, _, _] || !MeshId.IsValid(id)
            || MeshSettings.LocalRootKey(host, settings.Url) is not { } root || settings.KeyFile == root)
        {
            return null;
        }

        if (choice is { Renew: false, Ask: null })
        {
            say($"if the key in {settings.KeySource} has expired, --renew mints it again, with the same rights");
            return null;
        }

        var rootKey = MeshSettings.ReadKeyFile(root, "the local server's key file");
        using var client = new MeshClient(options with { Token = rootKey, Reauthenticate = null }, host.Handler);
        if (await FindAsync(client, id, cancellation) is not { } key || !IsWanted(key))
        {
            return null;
        }

        return settings.KeyFile is { } file
            ? await IntoFileAsync(client, new KeyFiles(file), key, refused, cancellation)
            : await ForThisCommandAsync(client, key);
    }

    /// <summary>The key, if it can be renewed; else says why not.</summary>
    private async Task<KeyRow?> FindAsync(MeshClient client, string id, CancellationToken cancellation)
    {
        KeyRow key;
        try
        {
            key = await client.KeyAsync(id, cancellation);
        }
        catch (MeshException e) when (e.Problem?.Code == ErrorCodes.KeyNotFound)
        {
            say($"the key {id} in {settings.KeySource} is unknown to the server");
            return null;
        }

        if (key.State == KeyState.Expired)
        {
            return key;
        }

        say($"the key {NameOf(key)} in {settings.KeySource} " + key.State switch
        {
            KeyState.Revoked => $"was revoked {Ago(key)}, and is not minted again",
            KeyState.Rotated => "is not the newest of its name: use that one",
            null => "was refused, and the server does not say why",
            _ => "is not the one that the server knows by that id",
        });
        return null;
    }

    private bool IsWanted(KeyRow key)
    {
        if (choice.Renew)
        {
            return true;
        }

        var within = key.Within is { Count: > 0 } clauses ? $" within {string.Join(" and ", clauses)}" : "";
        _declined = !choice.Ask!(
            $"The key {NameOf(key)} in {settings.KeySource} expired {Ago(key)}. Mint it again, with the same rights "
            + $"({string.Join(", ", key.Scopes)}{within})?");
        return !_declined;
    }

    private async Task<string> IntoFileAsync(
        MeshClient client, KeyFiles files, KeyRow key, string refused, CancellationToken cancellation)
    {
        if (await files.ReplaceAsync(refused, () => SendAsync(client, key), host.Time, cancellation) is { } created)
        {
            say($"the key {NameOf(key)} in {files.KeyPath} had expired; minted it again, {KeyRenewal.Until(created)}");
        }

        return MeshSettings.ReadKeyFile(files.KeyPath, "the key file");
    }

    private async Task<string> ForThisCommandAsync(MeshClient client, KeyRow key)
    {
        var created = await SendAsync(client, key);
        say($"the key {NameOf(key)} in {settings.KeySource} had expired; minted it again for this command alone, "
            + $"{KeyRenewal.Until(created)}. To export the next one: {ExportLine(key)}");
        return created.GetProperty("token").GetString()!;
    }

    /// <summary>Not cancelled: the key that it gives must be kept.</summary>
    private static Task<JsonElement> SendAsync(MeshClient client, KeyRow key) =>
        client.SendAsync(MeshCall.RenewKey(key.KeyId), CancellationToken.None);

    /// <summary>A line for a shell that mints the next key of that name and shows no secret.</summary>
    private static string ExportLine(KeyRow key)
    {
        var seconds = (long)((key.ExpiresAt ?? key.CreatedAt) - key.CreatedAt).TotalSeconds;
        string[] words =
        [
            "session-mesh", "keys", "create", key.Service ? "--service" : "--name", Quoted(key.SessionKey),
            "--scope", string.Join(',', key.Scopes.Where(scope => key.AgentId is null || scope != Scopes.AgentSelf)),
            .. (key.Within ?? []).SelectMany(clause => (string[])["--within", Quoted(clause)]),
            .. key.AgentId is null ? (string[])[] : ["--agent-id", key.AgentId],
            "--ttl", seconds.ToString(System.Globalization.CultureInfo.InvariantCulture),
            "--fields", "token", "--no-headers", "-o", "csv",
        ];
        var line = string.Join(' ', words).Replace(" --scope  ", " ", StringComparison.Ordinal);
        return $@"export {MeshSettings.KeyVariable}=""$(env -u {MeshSettings.KeyVariable} {line} | tr -d '\r')""";
    }

    private static string Quoted(string text) =>
        text.All(c => char.IsAsciiLetterOrDigit(c) || "._:-/".Contains(c, StringComparison.Ordinal))
            ? text
            : $"'{text.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    private static string NameOf(KeyRow key) => key.SessionKey == key.KeyId ? key.KeyId : $"{key.SessionKey} ({key.KeyId})";

    private string Ago(KeyRow key) => key.EndedAt is { } at ? RelativeTime.Of(at, host.Time.GetUtcNow()) : "";
}
