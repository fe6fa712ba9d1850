using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Idempotency;

/// <summary>An <c>Idempotency-Key</c> as the engine sees it.</summary>
/// <param name="Scope">Hash of the caller's key id and the header.</param>
/// <param name="Request">Hash of method, path, query and body.</param>
public sealed record IdempotencyToken(UInt128 Scope, UInt128 Request);

/// <summary>Remembering calls, and forgetting them.</summary>
public static class ReceiptRules
{
    /// <summary>Receipts held at most; past it the oldest go, whatever their age.</summary>
    public const int Capacity = 1_000_000;

    /// <summary>Milliseconds for which a receipt is held.</summary>
    public const long Age = Limits.IdempotencyHours * 3_600_000L;

    /// <summary>The receipt of an earlier call with this token; or why it cannot be repeated; or neither, for a new one.</summary>
    public static (Receipt? Earlier, MeshError? Error) Find(MeshDraft draft, IdempotencyToken token)
    {
        if (draft.FindReceipt(token.Scope) is not { } receipt || draft.Now.Wall - receipt.At > Age)
        {
            return (null, null);
        }

        if (receipt.Request != token.Request)
        {
            return (null, new MeshError(422, ErrorCodes.IdempotencyKeyReused, "This Idempotency-Key came with another request before. Use a new one for each new request."));
        }

        if (receipt.KeyId is { } keyId)
        {
            return (null, new MeshError(409, ErrorCodes.SecretNotRepeatable, $"This call succeeded before and made key {keyId}; its secret was shown once and is not stored. Revoke that key and mint another if it was lost.")
            {
                KeyId = keyId,
            });
        }

        return (receipt, null);
    }

    public static void Keep(MeshDraft draft, IdempotencyToken token, int status, string? answer, string? keyId) =>
        draft.Emit(new ReceiptKept
        {
            Subject = token.Scope.ToString("x32", null),
            Request = token.Request.ToString("x32", null),
            Status = status,
            Answer = answer,
            KeyId = keyId,
        });
}

/// <summary>Drops receipts that are too old, or too many.</summary>
public sealed record TrimReceipts : Command<int>
{
    /// <summary>Answers how many go.</summary>
    public override Outcome<int> Decide(MeshDraft draft)
    {
        var receipts = draft.Base.Receipts;
        var excess = receipts.Count - ReceiptRules.Capacity;
        var below = 0L;
        var dropped = 0;
        foreach (var receipt in receipts.All)
        {
            if (dropped >= excess && draft.Now.Wall - receipt.At <= ReceiptRules.Age)
            {
                break;
            }

            below = receipt.Revision + 1;
            dropped++;
        }

        if (dropped > 0)
        {
            draft.Emit(new ReceiptsTrimmed { Subject = "receipts", Below = below });
        }

        return dropped;
    }
}
