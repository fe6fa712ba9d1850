using SessionMesh.Core.Idempotency;

namespace SessionMesh.Core.State;

/// <summary>The part of a batch that remembers idempotent calls.</summary>
public sealed partial class MeshDraft
{
    private readonly Dictionary<UInt128, Receipt> _receipts = [];
    private readonly Dictionary<string, (int Count, long Bytes)> _newReceipts = new(StringComparer.Ordinal);

    /// <inheritdoc cref="ChangedAgents"/>
    public IReadOnlyCollection<Receipt> NewReceipts => _receipts.Values;

    /// <summary>Receipts below this revision go; 0 for none.</summary>
    public long TrimReceiptsBelow { get; internal set; }

    public Receipt? FindReceipt(UInt128 scope) => _receipts.TryGetValue(scope, out var receipt) ? receipt : state.Receipts.Find(scope);

    /// <summary>What an owner has of receipts, those of this batch included.</summary>
    public ReceiptUse ReceiptsOf(string owner)
    {
        var use = state.Receipts.UseOf(owner);
        var (count, bytes) = _newReceipts.GetValueOrDefault(owner);
        return use with { Count = use.Count + count, Bytes = use.Bytes + bytes };
    }

    internal void Put(Receipt receipt)
    {
        _receipts[receipt.Scope] = receipt;
        if (receipt.Owner is { } owner)
        {
            var (count, bytes) = _newReceipts.GetValueOrDefault(owner);
            _newReceipts[owner] = (count + 1, bytes + receipt.Size);
        }
    }

    /// <summary>The answer of a receipt that this batch keeps: for the table alone, neither the log nor memory has it.</summary>
    internal void Answer(UInt128 scope, byte[]? answer, long? version)
    {
        _receipts[scope] = _receipts[scope] with { Answer = answer, Version = version };
        Weight += answer?.Length ?? 0;
    }

    private void CommitReceipts()
    {
        foreach (var receipt in _receipts.Values)
        {
            state.Receipts.Put(receipt);
        }

        if (TrimReceiptsBelow > 0)
        {
            state.Receipts.Trim(TrimReceiptsBelow);
        }
    }
}
