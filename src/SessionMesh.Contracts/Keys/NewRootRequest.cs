using System.Text.Json.Serialization;

namespace SessionMesh.Contracts.Keys;

/// <summary>Body of <c>POST /admin/new-root</c>; may be left out.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record NewRootRequest
{
    /// <summary>Whether what was minted below the old root key stays valid, below the new one; by default it is revoked with it.</summary>
    public bool? KeepChildren { get; init; }
}

/// <summary>
/// Answer of <c>POST /admin/new-root</c>. The token is shown once, for whoever is not on the server's machine; there it is in
/// <c>root.key</c>.
/// </summary>
public sealed record NewRootKey
{
    public required string KeyId { get; init; }
    public required string SessionKey { get; init; }
    public required string Token { get; init; }
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>1 for a key that begins anew; one more than the old one's where the children were kept.</summary>
    public required int Generation { get; init; }

    /// <summary>Keys that are over by this, the old root key among them.</summary>
    public required int RevokedCount { get; init; }
}
