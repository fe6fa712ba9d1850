using System.Collections.Concurrent;
using System.Collections.Immutable;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Links;

/// <summary>
/// The links that are declared. Public members are for any thread, the others for the writer only. An agent's own are in arrays that are
/// replaced whole: its links are few (<see cref="Contracts.Limits.LinksFromAgent"/>, <see cref="Contracts.Limits.LinksToAgent"/>).
/// </summary>
public sealed class LinkTable
{
    private readonly ConcurrentDictionary<LinkKey, RevisionSlot<Link>> _byKey = new();
    private readonly RevisionList<Link> _inOrder = new();
    private readonly ConcurrentDictionary<int, ImmutableArray<RevisionSlot<Link>>> _from = new();
    private readonly ConcurrentDictionary<int, ImmutableArray<RevisionSlot<Link>>> _to = new();
    private readonly Dictionary<string, int> _byAccount = new(StringComparer.Ordinal);

    public int Count => _byKey.Count;

    /// <summary>Links made after a revision, oldest first.</summary>
    public IEnumerable<Link> After(long revision) => _inOrder.After(revision);

    /// <summary>Those that begin at an agent, oldest first.</summary>
    /// <param name="number">The agent's; whoever read it earlier compares <see cref="Link.FromId"/>.</param>
    public IEnumerable<Link> From(int number) => RecordsOf(_from, number);

    /// <summary>Those that lead to an agent, oldest first.</summary>
    /// <param name="number">The agent's; whoever read it earlier compares <see cref="Link.ToId"/>.</param>
    public IEnumerable<Link> To(int number) => RecordsOf(_to, number);

    internal int CountFrom(int number) => _from.TryGetValue(number, out var links) ? links.Length : 0;

    internal int CountTo(int number) => _to.TryGetValue(number, out var links) ? links.Length : 0;

    internal int OfAccount(string account) => _byAccount.GetValueOrDefault(account);

    internal Link? Find(LinkKey key) => _byKey.GetValueOrDefault(key)?.Record;

    /// <summary>A new link, or one that has changed.</summary>
    internal void Put(Link link)
    {
        if (_byKey.TryGetValue(link.Key, out var known))
        {
            known.Replace(link);
            return;
        }

        var slot = _inOrder.Add(link.Revision, link);
        _byKey[link.Key] = slot;
        _from[link.From] = _from.TryGetValue(link.From, out var from) ? from.Add(slot) : [slot];
        _to[link.To] = _to.TryGetValue(link.To, out var to) ? to.Add(slot) : [slot];
        if (link.Account is { } account)
        {
            _byAccount[account] = OfAccount(account) + 1;
        }
    }

    internal void Remove(Link link)
    {
        if (!_byKey.TryRemove(link.Key, out var slot))
        {
            return;
        }

        _inOrder.Remove(slot);
        Drop(_from, link.From, slot);
        Drop(_to, link.To, slot);
        if (link.Account is { } account && (_byAccount[account] = OfAccount(account) - 1) == 0)
        {
            _byAccount.Remove(account);
        }
    }

    private static void Drop(
        ConcurrentDictionary<int, ImmutableArray<RevisionSlot<Link>>> links, int number, RevisionSlot<Link> slot)
    {
        var left = links[number].Remove(slot);
        if (left.IsEmpty)
        {
            links.TryRemove(number, out _);
        }
        else
        {
            links[number] = left;
        }
    }

    private static IEnumerable<Link> RecordsOf(
        ConcurrentDictionary<int, ImmutableArray<RevisionSlot<Link>>> links, int number)
    {
        foreach (var slot in links.TryGetValue(number, out var slots) ? slots : [])
        {
            if (slot.Record is { } link)
            {
                yield return link;
            }
        }
    }
}
