using System.Collections;

namespace SessionMesh.Core.Idempotency;

/// <summary>
/// Receipts of idempotent calls, oldest first. The writer's alone. Answers are not held: a replay reads its table. About 150 bytes a
/// receipt: an entry of 104, and its place in the index.
/// </summary>
public sealed class ReceiptTable
{
    private readonly Dictionary<UInt128, Entry> _byScope = [];
    private readonly Dictionary<string, Owner> _byOwner = new(StringComparer.Ordinal);
    private Entry? _oldest;
    private Entry? _newest;

    public int Count { get; private set; }

    /// <summary>All receipts, oldest first.</summary>
    public IEnumerable<Receipt> All
    {
        get
        {
            for (var entry = _oldest; entry is not null; entry = entry.Next)
            {
                yield return entry.ToReceipt();
            }
        }
    }

    /// <summary>The receipts as they are now, for any thread: what is put or trimmed later is not in it. Copies nothing.</summary>
    internal IReadOnlyCollection<Receipt> Snapshot() => new Chain(_oldest, Count);

    internal Receipt? Find(UInt128 scope) => _byScope.GetValueOrDefault(scope)?.ToReceipt();

    /// <summary>What an owner has.</summary>
    internal ReceiptUse UseOf(string owner) =>
        _byOwner.TryGetValue(owner, out var found) ? new(found.Count, found.Bytes, found.Oldest!.At) : default;

    internal void Put(Receipt receipt)
    {
        var owner = receipt.Owner is null ? null : OwnerOf(receipt.Owner);
        var entry = new Entry(receipt, owner);
        _byScope[receipt.Scope] = entry;
        _oldest ??= entry;
        if (_newest is not null)
        {
            _newest.Next = entry;
        }

        _newest = entry;
        Count++;
        owner?.Add(entry);
    }

    internal void Trim(long below)
    {
        while (_oldest is { } entry && entry.Revision < below)
        {
            _oldest = entry.Next;
            Count--;
            if (_byScope.TryGetValue(entry.Scope, out var current) && current == entry)
            {
                _byScope.Remove(entry.Scope);
            }

            if (entry.Owner?.RemoveOldest() == true)
            {
                _byOwner.Remove(entry.Owner.Id);
            }
        }

        _newest = _oldest is null ? null : _newest;
    }

    private Owner OwnerOf(string id)
    {
        if (!_byOwner.TryGetValue(id, out var owner))
        {
            _byOwner[id] = owner = new Owner(id);
        }

        return owner;
    }

    /// <summary>A receipt, laid out for a million of them.</summary>
    private sealed class Entry(Receipt receipt, Owner? owner)
    {
        private readonly UInt128 _request = receipt.Request;
        private readonly string? _keyId = receipt.KeyId;
        private readonly int _status = receipt.Status;

        public readonly UInt128 Scope = receipt.Scope;
        public readonly long Revision = receipt.Revision;
        public readonly long At = receipt.At;
        public readonly int Size = receipt.Size;
        public readonly Owner? Owner = owner;
        public Entry? Next;
        public Entry? NextOfOwner;

        public Receipt ToReceipt() => new(Revision, Scope, _request, At, _status, _keyId, Owner?.Id, Size);
    }

    /// <summary>So many receipts from one on. Entries never change but for the next of the newest, which is not read here.</summary>
    private sealed class Chain(Entry? oldest, int count) : IReadOnlyCollection<Receipt>
    {
        public int Count => count;

        public IEnumerator<Receipt> GetEnumerator()
        {
            var entry = oldest;
            for (var left = count; left > 0; left--)
            {
                yield return entry!.ToReceipt();
                entry = left > 1 ? entry.Next : null;
            }
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }

    private sealed class Owner(string id)
    {
        private Entry? _newest;

        public string Id => id;
        public int Count { get; private set; }
        public long Bytes { get; private set; }
        public Entry? Oldest { get; private set; }

        public void Add(Entry entry)
        {
            Oldest ??= entry;
            if (_newest is not null)
            {
                _newest.NextOfOwner = entry;
            }

            _newest = entry;
            Count++;
            Bytes += entry.Size;
        }

        /// <summary>True when none is left.</summary>
        public bool RemoveOldest()
        {
            Count--;
            Bytes -= Oldest!.Size;
            Oldest = Oldest.NextOfOwner;
            return Count == 0;
        }
    }
}

/// <summary>How much of its bound an owner of receipts uses.</summary>
/// <param name="Bytes">Of the answers.</param>
/// <param name="OldestAt">Wall milliseconds of its oldest; 0 for none.</param>
public readonly record struct ReceiptUse(int Count, long Bytes, long OldestAt);
