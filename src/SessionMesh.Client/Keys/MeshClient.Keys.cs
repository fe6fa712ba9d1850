using SessionMesh.Contracts.Keys;

namespace SessionMesh.Client;

public sealed partial class MeshClient
{
    /// <summary>
    /// Mints a key. When a retry finds that the lost first attempt had minted it, the answer is 409
    /// <c>secret_not_repeatable</c> with the key's id: revoke that one and mint again.
    /// </summary>
    public Task<CreatedKey> CreateKeyAsync(CreateKeyRequest request, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.CreateKey(request), ClientJson.Context.CreatedKey, cancellation);

    /// <inheritdoc cref="MeshCall.ListKeys"/>
    public Task<KeyList> KeysAsync(
        int? limit = null, string? cursor = null, bool? service = null, int? endsWithin = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.ListKeys(limit, cursor, service, endsWithin), ClientJson.Context.KeyList, cancellation);

    /// <inheritdoc cref="MeshCall.OwnKey"/>
    public Task<KeyRow> OwnKeyAsync(CancellationToken cancellation = default) =>
        SendAsync(MeshCall.OwnKey(), ClientJson.Context.KeyRow, cancellation);

    /// <summary>One key, the caller's own or one below it; never its secret.</summary>
    public Task<KeyRow> KeyAsync(string keyId, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Key(keyId), ClientJson.Context.KeyRow, cancellation);

    /// <inheritdoc cref="MeshCall.RefreshKey"/>
    public Task<CreatedKey> RefreshKeyAsync(string refreshToken, int? ttl = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.RefreshKey(refreshToken, ttl), ClientJson.Context.CreatedKey, cancellation);

    /// <inheritdoc cref="MeshCall.CreateSignInCode"/>
    public Task<SignInCode> CreateSignInCodeAsync(CreateKeyRequest? request = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.CreateSignInCode(request), ClientJson.Context.SignInCode, cancellation);

    /// <inheritdoc cref="MeshCall.TradeSignInCode"/>
    public Task<CreatedKey> TradeSignInCodeAsync(string code, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.TradeSignInCode(code), ClientJson.Context.CreatedKey, cancellation);

    /// <inheritdoc cref="MeshCall.RenewKey"/>
    public Task<CreatedKey> RenewKeyAsync(string keyId, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.RenewKey(keyId), ClientJson.Context.CreatedKey, cancellation);

    /// <summary>Ends a key and all below it at once, with the streams that they hold.</summary>
    public Task<RevokedKey> RevokeKeyAsync(string keyId, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.RevokeKey(keyId), ClientJson.Context.RevokedKey, cancellation);
}
