using System.Globalization;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Keys;

namespace SessionMesh.Cli.Status;

/// <summary>
/// Service keys that end soon, said before something stops that nobody looks at: the one in use, and those that the caller may see. Other
/// keys live for a day at most, and always end soon.
/// </summary>
internal static class EndingKeys
{
    /// <summary>How long before its end a key is spoken of.</summary>
    private static readonly TimeSpan s_soon = TimeSpan.FromDays(14);

    /// <param name="own">The key in use.</param>
    public static async Task<IReadOnlyList<string>> WarningsAsync(
        CommandContext context, JsonElement own, CancellationToken cancellation)
    {
        var now = context.Host.Time.GetUtcNow();
        var ending = MayList(own)
            ? (await context.Client.SendAsync(MeshCall.ListKeys(Limits.MaxPage, null, true, (int)s_soon.TotalSeconds), cancellation))
                .GetProperty("keys").EnumerateArray().ToList()
            : [];
        if (Json.IsTrue(own, "service") && EndOf(own) - now < s_soon && !ending.Exists(key => IdOf(key) == IdOf(own)))
        {
            ending.Add(own);
        }

        return
        [
            .. ending.Select(key => (Key: key, End: EndOf(key))).Where(one => one.End is not null)
                .Select(one =>
                {
                    var which = IdOf(one.Key) == IdOf(own) ? "the key in use, the service key" : "the service key";
                    var name = Json.Text(one.Key, "session_key");
                    return $"{which} {name} ({IdOf(one.Key)}) ends {RelativeTime.Of(one.End!.Value, now)}; "
                        + $"session-mesh keys create --service {name} --scope … makes the next of its name";
                }),
        ];
    }

    private static bool MayList(JsonElement own) =>
        own.TryGetProperty("scopes", out var scopes)
        && scopes.EnumerateArray().Any(scope => scope.GetString() is Scopes.KeysMint or Scopes.Admin);

    private static DateTimeOffset? EndOf(JsonElement key) =>
        DateTimeOffset.TryParse(Json.Text(key, "expires_at"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var end)
            ? end
            : null;

    private static string? IdOf(JsonElement key) => Json.Text(key, "key_id");
}
