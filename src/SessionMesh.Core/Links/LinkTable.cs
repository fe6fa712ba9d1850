using System.Collections.Concurrent;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Links;

/// <summary>
/// The links that are declared. Public members are for any thread, the others for the writer only.
/// </summary>
public sealed class LinkTable
{
    private readonly ConcurrentDictionary<LinkKey, RevisionSlot<Link>> _byKey = new();
    private readonly RevisionList<Link> _inOrder = new();
    private readonly ConcurrentDictionary<int, LinkChain> _from = new();
    private readonly ConcurrentDictionary<int, LinkChain> _to = new();
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

    internal int CountFrom(int number) => _from.TryGetValue(number, out var links) ? links.Count : 0;

    internal int CountTo(int number) => _to.TryGetValue(number, out var links) ? links.Count : 0;

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
        ChainOf(_from, link.From).Add(slot);
        ChainOf(_to, link.To).Add(slot);
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
        Drop(_from, link.From);
        Drop(_to, link.To);
        if (link.Account is { } account && (_byAccount[account] = OfAccount(account) - 1) == 0)
        {
            _byAccount.Remove(account);
        }
    }

    private static LinkChain ChainOf(ConcurrentDictionary<int, LinkChain> chains, int number) =>
        chains.TryGetValue(number, out var chain) ? chain : chains[number] = new LinkChain();

    /// <summary>A link of an agent is gone.</summary>
    private static void Drop(ConcurrentDictionary<int, LinkChain> chains, int number)
    {
        if (chains[number].Drop() == 0)
        {
            chains.TryRemove(number, out _);
        }
    }

    private static IEnumerable<Link> RecordsOf(ConcurrentDictionary<int, LinkChain> chains, int number) =>
        chains.TryGetValue(number, out var chain) ? chain.Records : [];
}
