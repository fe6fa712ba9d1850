using System.Text.Json;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Keys;

namespace SessionMesh.Cli.Settings;

/// <summary>
/// Another key for one that the server refuses: what its file holds by now; else what the refresh token beside that file gives; and in
/// place of a key from the environment one that the local server's root key mints. Each is said in one line, and so is why there is none.
/// </summary>
internal sealed class KeyRenewal(MeshSettings settings, MeshClientOptions options, CliHost host, Action<string> say)
{
    private string? _said;

    /// <summary>For <see cref="MeshClientOptions.Reauthenticate"/>: one call at a time. Does not throw, unless cancelled.</summary>
    public async ValueTask<string?> RenewAsync(string? refused, CancellationToken cancellation)
    {
        try
        {
            return settings switch
            {
                { KeyFile: { } file } => await FromFileAsync(new KeyFiles(file), refused, cancellation),
                { RootKeyFile: { } root } => await FromRootAsync(root, cancellation),
                _ => null,
            };
        }
        catch (Exception e) when (e is MeshException or CommandException or IOException or UnauthorizedAccessException)
        {
            SayOnce(
                $"the key in {settings.KeySource} was refused, and no other could be had: "
                + $"{(e is MeshException mesh ? ProblemText.Of(mesh) : e.Message)}");
            return null;
        }
    }

    private async Task<string?> FromFileAsync(KeyFiles files, string? refused, CancellationToken cancellation)
    {
        if (Read(files) is var now && now != refused)
        {
            return now;
        }

        if (!File.Exists(files.RefreshPath))
        {
            return null;
        }

        using var client = new MeshClient(options, host.Handler);
        if (await files.RefreshAsync(client, refused, ttl: null, host.Time, cancellation) is { } created)
        {
            SayOnce($"the key in {files.KeyPath} was refused; refreshed it, {Until(created)}");
        }

        return Read(files);
    }

    /// <summary>
    /// With what the root key may, but admin. Without a name: under one, a key would end that of another command which still runs.
    /// </summary>
    private async Task<string?> FromRootAsync(string root, CancellationToken cancellation)
    {
        using var client = new MeshClient(
            options with { Token = MeshSettings.ReadKeyFile(root, "the local server's key file") }, host.Handler);
        var call = MeshCall.CreateKey(
            new CreateKeyRequest { Ttl = Limits.DefaultKeyTtl, Scopes = [.. Scopes.All.Except([Scopes.Admin, Scopes.AgentSelf])] });
        JsonElement created;
        try
        {
            created = await client.SendAsync(call, cancellation);
        }
        catch (MeshException e) when (e.Code == ErrorCodes.SecretNotRepeatable)
        {
            // Made, and lost on the way: it ends by itself.
            created = await client.SendAsync(call, cancellation);
        }

        SayOnce($"the key in {settings.KeySource} was refused; made another with the local server's {root}, {Until(created)}");
        return Json.Text(created, "token");
    }

    private static string Read(KeyFiles files) => MeshSettings.ReadKeyFile(files.KeyPath, "the key file");

    private static string Until(JsonElement created) =>
        $"key {Json.Text(created, "key_id")}, valid until {Json.Text(created, "expires_at")}";

    private void SayOnce(string text)
    {
        if (text == _said)
        {
            return;
        }

        _said = text;
        try
        {
            say(text);
        }
        catch (IOException)
        {
            // stderr is closed; the call can still succeed.
        }
    }
}
