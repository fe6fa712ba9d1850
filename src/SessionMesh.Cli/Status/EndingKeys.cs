using System.Globalization;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Settings;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Keys;

namespace SessionMesh.Cli.Status;

/// <summary>
/// Keys that end soon, said before something stops that nobody looks at: the key in use, unless its refresh token renews it, and the
/// service keys that it may see.
/// </summary>
internal static class EndingKeys
{
    /// <summary>How long before its end a key is spoken of.</summary>
    private static readonly TimeSpan s_soon = TimeSpan.FromDays(14);

    /// <summary>Pages of keys that are looked at: 10,000 keys. More are not worth the wait.</summary>
    private const int MostPages = 10;

    /// <param name="own">The key in use.</param>
    public static async Task<IReadOnlyList<string>> WarningsAsync(
        CommandContext context, JsonElement own, CancellationToken cancellation)
    {
        var now = context.Host.Time.GetUtcNow();
        var warnings = new List<string>();
        if (EndsSoon(own, now) is { } end && !RenewsItself(context.Settings))
        {
            warnings.Add(
                $"the key in use, {NameOf(own)}, ends {RelativeTime.Of(end, now)}; session-mesh keys create --name "
                + $"{Json.Text(own, "session_key")} --scope … makes the next of its name");
        }

        foreach (var key in MayList(own) ? await ServiceKeysAsync(context, own, cancellation) : [])
        {
            if (EndsSoon(key, now) is { } itsEnd)
            {
                warnings.Add($"the service key {NameOf(key)} ends {RelativeTime.Of(itsEnd, now)}");
            }
        }

        return warnings;
    }

    /// <summary>The valid service keys beside the one in use.</summary>
    private static async Task<List<JsonElement>> ServiceKeysAsync(CommandContext context, JsonElement own, CancellationToken cancellation)
    {
        var found = new List<JsonElement>();
        string? cursor = null;
        for (var page = 0; page < MostPages; page++)
        {
            var answer = await context.Client.SendAsync(MeshCall.ListKeys(Limits.MaxPage, cursor), cancellation);
            found.AddRange(answer.GetProperty("keys").EnumerateArray().Where(
                key => Json.IsTrue(key, "service") && Json.IsTrue(key, "valid") && Json.Text(key, "key_id") != Json.Text(own, "key_id")));
            if ((cursor = Json.Text(answer, "next_cursor")) is null)
            {
                break;
            }
        }

        return found;
    }

    private static bool MayList(JsonElement own) =>
        own.TryGetProperty("scopes", out var scopes)
        && scopes.EnumerateArray().Any(scope => scope.GetString() is Scopes.KeysMint or Scopes.Admin);

    /// <summary>When a key ends, if that is soon.</summary>
    private static DateTimeOffset? EndsSoon(JsonElement key, DateTimeOffset now) =>
        DateTimeOffset.TryParse(
            Json.Text(key, "expires_at"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var end) && end - now < s_soon
            ? end
            : null;

    private static bool RenewsItself(MeshSettings settings) =>
        settings.KeyFile is { } file && File.Exists(new KeyFiles(file).RefreshPath);

    private static string NameOf(JsonElement key) => $"{Json.Text(key, "session_key")} ({Json.Text(key, "key_id")})";
}
