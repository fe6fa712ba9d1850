using System.Text.Json;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Client;

namespace SessionMesh.Cli.Settings;

/// <summary>
/// Another key for one that the server refuses: what its file holds by now, else what the refresh token beside that file gives. Nothing
/// else takes its place, and least of all a key that may do more. What was done is said in one line, and so is why it could not be.
/// </summary>
internal sealed class KeyRenewal(MeshSettings settings, MeshClientOptions options, CliHost host, Action<string> say)
{
    private string? _said;

    /// <summary>For <see cref="MeshClientOptions.Reauthenticate"/>: one call at a time. Does not throw, unless cancelled.</summary>
    public async ValueTask<string?> RenewAsync(string? refused, CancellationToken cancellation)
    {
        try
        {
            return settings.KeyFile is { } file ? await FromFileAsync(new KeyFiles(file), refused, cancellation) : null;
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
