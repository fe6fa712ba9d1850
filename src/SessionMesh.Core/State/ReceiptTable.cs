using SessionMesh.Core.Idempotency;

namespace SessionMesh.Core.State;

/// <summary>Receipts of idempotent calls, oldest first. The writer's alone. Answers are not held: a replay reads its table.</summary>
public sealed class ReceiptTable
{
    private readonly Dictionary<UInt128, Receipt> _byScope = [];
    private readonly Queue<Receipt> _byAge = new();

    public int Count => _byAge.Count;

    /// <summary>All receipts, oldest first.</summary>
    public IEnumerable<Receipt> All => _byAge;

    internal Receipt? Find(UInt128 scope) => _byScope.GetValueOrDefault(scope);

    internal Receipt? Oldest => _byAge.TryPeek(out var receipt) ? receipt : null;

    internal void Put(Receipt receipt)
    {
        var kept = receipt with { Answer = null };
        _byScope[receipt.Scope] = kept;
        _byAge.Enqueue(kept);
    }

    internal void Trim(long below)
    {
        while (_byAge.TryPeek(out var oldest) && oldest.Revision < below)
        {
            _byAge.Dequeue();
            if (_byScope.TryGetValue(oldest.Scope, out var current) && current.Revision == oldest.Revision)
            {
                _byScope.Remove(oldest.Scope);
            }
        }
    }
}
