using System.Text.Json;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Client.Membership;

/// <summary>How long a stop gives.</summary>
internal static class StopGrace
{
    /// <summary>From <c>{"grace":N,"force":bool}</c>; whatever else the data is, <paramref name="byDefault"/> holds.</summary>
    public static TimeSpan Of(Directive stop, TimeSpan byDefault)
    {
        if (stop.Data is not { ValueKind: JsonValueKind.Object } data)
        {
            return byDefault;
        }

        if (data.TryGetProperty("force", out var force) && force.ValueKind == JsonValueKind.True)
        {
            return TimeSpan.Zero;
        }

        return data.TryGetProperty("grace", out var grace) && grace.ValueKind == JsonValueKind.Number && grace.TryGetDouble(out var seconds)
            ? TimeSpan.FromSeconds(Math.Clamp(seconds, 0, Limits.MaxGrace))
            : byDefault;
    }
}
