using SessionMesh.Server.Http;

namespace SessionMesh.Server.Auth.Limiting;

/// <summary>Marks a route whose answers may be held back or never end. Each open answer counts against its key's limit.</summary>
public sealed record HoldsAnswers
{
    public static readonly HoldsAnswers Instance = new();
}

/// <summary>Counts such a request against its key's limit, or refuses it (429). Runs after authentication.</summary>
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
