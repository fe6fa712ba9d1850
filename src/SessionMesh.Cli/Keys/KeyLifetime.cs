using System.Text.Json;
using SessionMesh.Cli.Output;
using SessionMesh.Contracts;

namespace SessionMesh.Cli.Keys;

/// <summary>How long a key is valid, where that is not what was asked for: the server grants what its bounds allow.</summary>
internal static class KeyLifetime
{
    /// <summary>Seconds that may have passed for the key above since they were counted.</summary>
    private const int Slack = 1;

    /// <summary>A line that says what was granted, and why; null where it is what was asked for.</summary>
    public static string? WhyOther(JsonElement created, int asked)
    {
        if (!created.TryGetProperty("ttl", out var ttl) || !ttl.TryGetInt32(out var granted) || Math.Abs(granted - asked) <= Slack)
        {
            return null;
        }

        var isService = Json.IsTrue(created, "service");
        var most = isService ? Limits.MaxServiceKeyTtl : Limits.MaxKeyTtl;
        return $"the key is valid for {In(granted)}, not {In(asked)}: " + (granted, isService) switch
        {
            _ when granted > asked => $"no key is valid for less than {In(granted)}",
            (_, true) when granted == most => $"no service key is valid for longer than {In(granted)}",
            _ when granted == most => $"no key but a service key is valid for longer than {In(granted)}",
            _ => "none is valid for longer than the key that minted it",
        };
    }

    private static string In(int seconds) => RelativeTime.Span(TimeSpan.FromSeconds(seconds));
}
