using SessionMesh.Client.Http;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Keys;

namespace SessionMesh.Client;

public sealed partial record MeshCall
{
    public static MeshCall CreateKey(CreateKeyRequest request) =>
        Write(HttpMethod.Post, Routes.Keys, request, ClientJson.Context.CreateKeyRequest);

    /// <summary>The caller's key and those below it, oldest first; for admin all.</summary>
    /// <param name="limit">1 to 1000; 100 by default.</param>
    /// <param name="cursor"><c>next_cursor</c> of the page before.</param>
    /// <param name="service">True for service keys alone, false for the others.</param>
    /// <param name="endsWithin">Seconds: valid keys that end by then, and that none of their name follows.</param>
    public static MeshCall ListKeys(int? limit = null, string? cursor = null, bool? service = null, int? endsWithin = null) =>
        Get(Routes.Keys + new QueryText().Add("service", service switch { null => null, true => "true", _ => "false" })
            .Add("ends_within", endsWithin).Add("limit", limit).Add("cursor", cursor));

    /// <summary>The key that the call is made with, and what it may do.</summary>
    public static MeshCall OwnKey() => Get(Routes.KeysSelf);

    public static MeshCall Key(string keyId) => Get(Routes.Key(CheckedId(keyId)));

    /// <summary>
    /// Trades a refresh token, which travels in place of the client's own, for the next generation of its key. The token is used by
    /// that: sent a second time under another <see cref="IdempotencyKey"/> it revokes every key of its name.
    /// </summary>
    /// <param name="ttl">Seconds; what the key before was granted by default.</param>
    public static MeshCall RefreshKey(string refreshToken, int? ttl = null) =>
        Write(HttpMethod.Post, Routes.KeysRefresh, new RefreshKeyRequest { Ttl = ttl }, ClientJson.Context.RefreshKeyRequest) with
        {
            Bearer = refreshToken,
        };

    /// <summary>A code that may be traded for a key, once and within a minute: so that the key is part of no address.</summary>
    /// <param name="request">The key that it stands for; it is minted when the code is traded.</param>
    public static MeshCall CreateSignInCode(CreateKeyRequest? request = null) =>
        Idempotent(Routes.KeyCodes, request ?? new(), ClientJson.Context.CreateKeyRequest);

    /// <summary>Trades a code for its key. It needs no key, and the code is used by it.</summary>
    public static MeshCall TradeSignInCode(string code) =>
        Idempotent(Routes.KeyCodesTrade, new TradeCodeRequest { Code = code }, ClientJson.Context.TradeCodeRequest);

    /// <summary>Mints a key again that has expired: the same name, scopes, reach, agent and lifetime.</summary>
    public static MeshCall RenewKey(string keyId) => Write(HttpMethod.Post, Routes.KeyRenewal(CheckedId(keyId)));

    public static MeshCall RevokeKey(string keyId) => Write(HttpMethod.Delete, Routes.Key(CheckedId(keyId)));
}
