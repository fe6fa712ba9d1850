using System.Text.Json.Serialization;
using SessionMesh.Core.Log;

namespace SessionMesh.Core.Idempotency;

/// <summary>
/// What is remembered of a call that carried an <c>Idempotency-Key</c> and succeeded. A refused call changed nothing and
/// is decided anew.
/// </summary>
/// <param name="Revision">Revision of the change that kept it.</param>
/// <param name="Scope">Hash of caller and <c>Idempotency-Key</c>.</param>
/// <param name="Request">Hash of method, path and body: the same key with another request is refused.</param>
/// <param name="At">Wall milliseconds.</param>
/// <param name="Status">HTTP status of the first answer.</param>
/// <param name="Answer">The first answer, JSON; null when it showed a secret. In memory it is always null: a replay reads it from
/// the table.</param>
/// <param name="KeyId">The key that a secret-bearing call made.</param>
public sealed record Receipt(long Revision, UInt128 Scope, UInt128 Request, long At, int Status, string? Answer, string? KeyId);

/// <summary>A call's receipt was kept. Subject: the scope, 32 hex digits.</summary>
public sealed record ReceiptKept : Change
{
    public const string Name = "receipt.kept";

    /// <summary>32 hex digits.</summary>
    public required string Request { get; init; }
    public required int Status { get; init; }
    public string? Answer { get; init; }
    public string? KeyId { get; init; }

    [JsonIgnore]
    public override string Kind => Name;
}

/// <summary>Receipts below a revision were dropped: too old, or too many. Subject: <c>receipts</c>.</summary>
public sealed record ReceiptsTrimmed : Change
{
    public const string Name = "receipts.trimmed";
    public required long Below { get; init; }

    [JsonIgnore]
    public override string Kind => Name;
}
