namespace SessionMesh.Core.Idempotency;

/// <summary>
/// What is remembered of a call that carried an <c>Idempotency-Key</c> and succeeded, whether or not it changed anything. A refused call
/// changed nothing and is decided anew.
/// </summary>
/// <param name="Revision">Revision of the change that kept it.</param>
/// <param name="Scope">Hash of caller and <c>Idempotency-Key</c>.</param>
/// <param name="Request">Hash of method, path and body: the same key with another request is refused.</param>
/// <param name="At">Wall milliseconds.</param>
/// <param name="Status">HTTP status of the first answer.</param>
/// <param name="KeyId">The key that a secret-bearing call made.</param>
/// <param name="Owner">Whose bound it counts against, see <see cref="ReceiptRules.OwnerOf"/>; null for a receipt from before owners were
/// stored, which counts against no bound.</param>
/// <param name="Size">Bytes of the first answer.</param>
public sealed record Receipt(long Revision, UInt128 Scope, UInt128 Request, long At, int Status, string? KeyId, string? Owner, int Size)
{
    /// <summary>
    /// The first answer, JSON in UTF-8. Only on its way into the table, where it is kept alone: a replay reads it there. Null when it
    /// showed a secret.
    /// </summary>
    public byte[]? Answer { get; init; }

    /// <summary>The first answer's <c>ETag</c>; as <see cref="Answer"/>.</summary>
    public long? Version { get; init; }
}
