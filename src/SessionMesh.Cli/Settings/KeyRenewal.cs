using System.Text.Json;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts.Errors;
using SessionMesh.Storage;

namespace SessionMesh.Cli.Settings;

/// <summary>
/// Another key for one that the server refuses: what its file holds by now, else what the refresh token beside that file gives, else, where
/// somebody says so, the same key minted again (<see cref="ExpiredKey"/>). Nothing else takes its place, and least of all a key that may do
/// more. What was done is said in one line, and so is why it could not be.
/// </summary>
internal sealed class KeyRenewal
{
    private readonly MeshSettings _settings;
    private readonly MeshClientOptions _options;
    private readonly CliHost _host;
    private readonly Action<string> _say;
    private readonly ExpiredKey _expired;
    private string? _said;

    public KeyRenewal(MeshSettings settings, MeshClientOptions options, CliHost host, RenewalChoice choice, Action<string> say)
    {
        (_settings, _options, _host, _say) = (settings, options, host, say);
        _expired = new ExpiredKey(settings, options, host, choice, SayOnce);
    }

    /// <summary>For <see cref="MeshClientOptions.Reauthenticate"/>: one call at a time. Does not throw, unless cancelled.</summary>
    public async ValueTask<string?> RenewAsync(string? refused, CancellationToken cancellation)
    {
        try
        {
            return (_settings.KeyFile is { } file ? await FromFileAsync(new KeyFiles(file), refused, cancellation) : null)
                ?? await _expired.MintAgainAsync(refused, cancellation);
        }
        catch (Exception e) when (e is MeshException or CommandException or IOException or UnauthorizedAccessException)
        {
            SayFailed(e);
            return null;
        }
    }

    internal static string Until(JsonElement created) =>
        Json.Text(created, "expires_at") is { } end
            ? $"key {Json.Text(created, "key_id")}, valid until {end}"
            : $"key {Json.Text(created, "key_id")}";

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

        using var client = new MeshClient(_options, _host.Handler);
        try
        {
            if (await files.RefreshAsync(client, refused, ttl: null, _host.Time, cancellation) is { } created)
            {
                SayOnce($"the key in {files.KeyPath} was refused; refreshed it, {Until(created)}");
            }
        }
        catch (MeshException e) when (e.Problem?.Code == ErrorCodes.Unauthenticated)
        {
            SayFailed(e);
            return null; // its time has run out too, as that of a key that nobody used for a week
        }

        return Read(files);
    }

    private static string Read(KeyFiles files) => MeshSettings.ReadKeyFile(files.KeyPath, "the key file");

    private void SayFailed(Exception e) => SayOnce(
        $"the key in {_settings.KeySource} was refused, and no other could be had: "
        + (e is MeshException mesh ? ProblemText.Of(mesh) : e is CommandException ? e.Message : FileWords.Of(e)));

    private void SayOnce(string text)
    {
        if (text == _said)
        {
            return;
        }

        _said = text;
        try
        {
            _say(text);
        }
        catch (IOException)
        {
            // stderr is closed; the call can still succeed.
        }
    }
}
