using System.Text.Json.Serialization;

namespace SessionMesh.Contracts.Keys;

/// <summary>Answer of <c>POST /keys/codes</c>: what may be traded for a key, once and soon.</summary>
public sealed record SignInCode
{
    /// <summary>Shown once, like a key.</summary>
    public required string Code { get; init; }

    /// <summary>Until when it can be traded.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>Body of <c>POST /keys/codes/trade</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record TradeCodeRequest
{
    /// <summary>The code as <c>POST /keys/codes</c> answered it.</summary>
    public string? Code { get; init; }
}
