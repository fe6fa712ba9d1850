using SessionMesh.Server.Http;

namespace SessionMesh.Server.Auth.Limiting;

/// <summary>Marks a route whose answers may be held back or never end: each has a place of its key's while it lasts.</summary>
public sealed record HoldsAnswers
{
    public static readonly HoldsAnswers Instance = new();
}

/// <summary>Gives such a request its place, or refuses it (429). Runs after authentication; other routes pass by.</summary>
public sealed class HeldAnswers(RequestDelegate next, Limiter limiter, ProblemWriter problems)
{
    public Task InvokeAsync(HttpContext http) =>
        http.GetEndpoint()?.Metadata.GetMetadata<HoldsAnswers>() is null ? next(http) : HoldAsync(http);

    private async Task HoldAsync(HttpContext http)
    {
        var key = http.GetKey();
        using var place = limiter.TryHold(key);
        await (place is null ? problems.WriteAsync(http, limiter.TooManyHeld(key)) : next(http));
    }
}
