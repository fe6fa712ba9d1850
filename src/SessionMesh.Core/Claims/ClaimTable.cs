using System.Collections.Concurrent;
using SessionMesh.Core.Leases;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Claims;

/// <summary>
/// The claims that are held. Leases run on the lease clock, so that setting the wall clock ends none, and begin anew when the server was
/// away: its absence lets no claim lapse. Public members are for any thread, the others for the writer only.
/// </summary>
public sealed class ClaimTable
{
    private readonly ConcurrentDictionary<long, RevisionSlot<HeldClaim>> _byRevision = new();
    private readonly RevisionList<HeldClaim> _inOrder = new();
    private readonly LeaseWheel<HeldClaim> _wheel = new();
    private readonly Dictionary<int, HashSet<long>> _byAgent = [];
    private readonly Dictionary<string, int> _byAccount = new(StringComparer.Ordinal);

    public int Count => _byRevision.Count;

    public Claim? Find(long revision) => _byRevision.GetValueOrDefault(revision)?.Record?.Claim;

    /// <summary>Claims made after a revision, oldest first.</summary>
    public IEnumerable<Claim> After(long revision) => _inOrder.After(revision).Select(held => held.Claim);

    /// <summary>
    /// Claims whose lease has lapsed, by revision. Each is due again at the next tick, because the command that ends it may come to
    /// nothing.
    /// </summary>
    public List<long> TakeDue(Moment now)
    {
        var candidates = new List<HeldClaim>();
        _wheel.CollectDue(now.Lease, candidates);
        var due = new List<long>();
        foreach (var held in candidates)
        {
            if (held.IsOver)
            {
                continue;
            }

            var lapses = held.LapsesAt;
            if (lapses <= now.Lease)
            {
                due.Add(held.Claim.Revision);
            }

            Schedule(held, Math.Max(lapses, now.Lease));
        }

        return due;
    }

    /// <summary>Whether the lease of a claim has lapsed.</summary>
    public bool HasLapsed(long revision, Moment now) =>
        _byRevision.GetValueOrDefault(revision)?.Record is { } held && held.LapsesAt <= now.Lease;

    /// <summary>The server was away: every lease begins anew.</summary>
    public void ServerReturned(Moment now)
    {
        foreach (var held in _inOrder.After(0))
        {
            held.Extend(now.Lease + (held.Claim.Ttl * 1000L));
        }
    }

    /// <summary>When the lease lapses, on the wall clock; later than <see cref="Claim.ExpiresAt"/> where the server was away.</summary>
    public long ExpiresAt(Claim claim, Moment now) =>
        _byRevision.GetValueOrDefault(claim.Revision)?.Record is { } held && ReferenceEquals(held.Claim, claim)
            ? now.WallAt(held.LapsesAt)
            : claim.ExpiresAt;

    /// <summary>Revisions of the claims of an agent.</summary>
    internal IReadOnlyCollection<long> Of(int agent) => _byAgent.TryGetValue(agent, out var claims) ? claims : [];

    internal int OfAccount(string account) => _byAccount.GetValueOrDefault(account);

    /// <summary>A new claim, or one that was renewed.</summary>
    internal void Put(Claim claim, Moment now)
    {
        var lapses = now.Lease + (claim.Ttl * 1000L);
        if (_byRevision.GetValueOrDefault(claim.Revision)?.Record is { } known)
        {
            known.Replace(claim, lapses);
            Schedule(known, lapses);
            return;
        }

        var held = new HeldClaim(claim, lapses);
        _byRevision[claim.Revision] = _inOrder.Add(claim.Revision, held);
        (_byAgent.TryGetValue(claim.Agent, out var claims) ? claims : _byAgent[claim.Agent] = []).Add(claim.Revision);
        if (claim.Account is { } account)
        {
            _byAccount[account] = OfAccount(account) + 1;
        }

        Schedule(held, lapses);
    }

    internal void Remove(Claim claim)
    {
        if (!_byRevision.TryRemove(claim.Revision, out var slot))
        {
            return;
        }

        var held = slot.Record!;
        held.End();
        _wheel.Remove(held);
        _inOrder.Remove(slot);
        var claims = _byAgent[claim.Agent];
        claims.Remove(claim.Revision);
        if (claims.Count == 0)
        {
            _byAgent.Remove(claim.Agent);
        }

        if (claim.Account is { } account && (_byAccount[account] = OfAccount(account) - 1) == 0)
        {
            _byAccount.Remove(account);
        }
    }

    private void Schedule(HeldClaim held, long at)
    {
        _wheel.Schedule(held, at);
        if (held.IsOver)
        {
            _wheel.Remove(held); // it may have been scheduled since
        }
    }
}

/// <summary>A claim's place in memory: its record, replaced whole, and when its lease lapses.</summary>
internal sealed class HeldClaim : ITimed
{
    private Claim _claim;
    private long _lapsesAt;
    private bool _isOver;

    public HeldClaim(Claim claim, long lapsesAt) => (_claim, _lapsesAt) = (claim, lapsesAt);

    public Claim Claim => Volatile.Read(ref _claim);

    /// <summary>On the lease clock.</summary>
    public long LapsesAt => Volatile.Read(ref _lapsesAt);

    public bool IsOver => Volatile.Read(ref _isOver);

    int ITimed.DueTick { get; set; } = int.MaxValue;
    short ITimed.Bucket { get; set; } = -1;
    ITimed? ITimed.Next { get; set; }
    ITimed? ITimed.Previous { get; set; }

    public void Replace(Claim claim, long lapsesAt)
    {
        Volatile.Write(ref _claim, claim);
        Volatile.Write(ref _lapsesAt, lapsesAt);
    }

    /// <summary>The wheel looks earlier than that, and then later again.</summary>
    public void Extend(long lapsesAt) => Volatile.Write(ref _lapsesAt, Math.Max(LapsesAt, lapsesAt));

    public void End() => Volatile.Write(ref _isOver, true);
}
