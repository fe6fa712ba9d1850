using System.Text.Json;

namespace SessionMesh.Dashboard.Steering;

/// <summary>
/// A steer that is half typed, as the tab keeps it: the script writes it with every key, since the connection may go at any time.
/// </summary>
internal sealed record SteerDraft
{
    /// <summary>Where in the tab.</summary>
    public const string Place = "draft";

    /// <summary>Whom it is for.</summary>
    public IReadOnlyList<string> Ids { get; init; } = [];
    public string? Direction { get; set; }
    public string? Message { get; set; }

    /// <summary>What the tab keeps; null where that is nothing, or is not understood.</summary>
    public static async Task<SteerDraft?> OfTabAsync(PageScript script)
    {
        try
        {
            return await script.AskAsync<string?>("kept", Place) is { } text ? JsonSerializer.Deserialize<SteerDraft>(text) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static async Task ForgetAsync(PageScript script) => await script.CallAsync("keep", Place, null);
}
