using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Idempotency;

/// <summary>An <c>Idempotency-Key</c> as the engine sees it.</summary>
/// <param name="Scope">Hash of the caller's key id and the header.</param>
/// <param name="Request">Hash of method, path, query and body.</param>
public sealed record IdempotencyToken(UInt128 Scope, UInt128 Request);

/// <summary>Remembering calls, and forgetting them.</summary>
public static class ReceiptRules
{
    /// <summary>Milliseconds for which a receipt is held; none is dropped before.</summary>
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
            return (
                null,
                new MeshError(
                    ErrorKind.Reused,
                    ErrorCodes.IdempotencyKeyReused,
                    "This Idempotency-Key came with another request before. Use a new one for each new request."));
        }

        if (receipt.KeyId is { } keyId)
        {
            return (null, new MeshError(
                ErrorKind.Conflict,
                ErrorCodes.SecretNotRepeatable,
                $"This call succeeded before and made key {keyId}; its secret was shown once and is not stored. "
                + "Revoke that key and mint another if it was lost.")
            {
                KeyId = keyId,
            });
        }

        return (receipt, null);
    }

    /// <summary>
    /// Whose bound the caller's receipts count against: its account, which no caller can make more of (an agent's key and all that it mints
    /// are one); for an admin's key, which has none, its lineage.
    /// </summary>
    public static string OwnerOf(MeshDraft draft) => draft.Caller?.Account ?? draft.Caller?.Lineage ?? draft.Actor;

    /// <summary>Null while the caller may leave one more receipt.</summary>
    public static MeshError? CheckRoom(MeshDraft draft)
    {
        var owner = OwnerOf(draft);
        var use = draft.ReceiptsOf(owner);
        if (IsWithin(use, Limits.ReceiptsPerAgentKey, Limits.ReceiptBytesPerAgentKey))
        {
            return null;
        }

        var (most, bytes) = draft.Caller is { } caller && MintKey.IsAgents(draft, caller)
            ? (Limits.ReceiptsPerAgentKey, Limits.ReceiptBytesPerAgentKey)
            : (Limits.ReceiptsPerKey, Limits.ReceiptBytesPerKey);
        if (IsWithin(use, most, bytes))
        {
            return null;
        }

        var left = (use.OldestAt == 0 ? draft.Now.Wall : use.OldestAt) + Age - draft.Now.Wall;
        return new MeshError(ErrorKind.Exhausted, ErrorCodes.TooManyReceipts,
            $"The key {owner} and those below it have used as many Idempotency-Keys as are remembered for "
            + $"{Limits.IdempotencyHours} hours: {most}, with {bytes >> 20} MiB of answers in all. Nothing was changed. "
            + "Leave the header out where a repeat does no harm, steer many in one call, "
            + "or wait for the oldest to go.")
        {
            RetryAfter = (int)Math.Clamp((left + 999) / 1000, 1, Age / 1000),
        };
    }

    /// <param name="answer">Null when it shows a secret.</param>
    /// <param name="version">The answer's <c>ETag</c>.</param>
    public static void Keep(MeshDraft draft, IdempotencyToken token, int status, byte[]? answer, string? keyId, long? version)
    {
        draft.Emit(new ReceiptKept
        {
            Subject = token.Scope.ToString("x32", null),
            Request = token.Request.ToString("x32", null),
            Status = status,
            KeyId = keyId,
            Owner = OwnerOf(draft),
            Size = answer?.Length ?? 0,
        });
        draft.Answer(token.Scope, answer, version);
    }

    private static bool IsWithin(ReceiptUse use, int most, long bytes) => use.Count < most && use.Bytes < bytes;
}

/// <summary>Drops receipts whose time is over.</summary>
public sealed record TrimReceipts : Command<int>
{
    public override bool IsForTheJudge => true;

    /// <summary>Answers how many go.</summary>
    public override Outcome<int> Decide(MeshDraft draft)
    {
        var below = 0L;
        var dropped = 0;
        foreach (var receipt in draft.Base.Receipts.All)
        {
            if (draft.Now.Wall - receipt.At <= ReceiptRules.Age)
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
