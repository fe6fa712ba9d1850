using SessionMesh.Core.Agents;
using SessionMesh.Core.Links;

namespace SessionMesh.Core.State;

/// <summary>Links as this batch leaves them.</summary>
public sealed partial class MeshDraft
{
    /// <summary>Roughly what removing one costs, in the bytes by which batches are bounded.</summary>
    private const long LinkRowBytes = 256;

    /// <summary>Null for one that is gone.</summary>
    private readonly Dictionary<LinkKey, Link?> _links = [];
    private readonly List<Link> _removedLinks = [];

    /// <summary>Links that this batch made, by the agents at both ends.</summary>
    private readonly Dictionary<int, HashSet<LinkKey>> _newLinks = [];
    private readonly Dictionary<int, int> _linksFrom = [];
    private readonly Dictionary<int, int> _linksTo = [];
    private readonly Dictionary<string, int> _linksByAccount = new(StringComparer.Ordinal);
    private int _moreLinks;

    /// <inheritdoc cref="ChangedAgents"/>
    public IEnumerable<Link> ChangedLinks => _links.Values.OfType<Link>();

    /// <summary>Links of the base that are gone.</summary>
    public IEnumerable<Link> RemovedLinks => _removedLinks;

    public int LinkCount => state.Links.Count + _moreLinks;

    /// <summary>Links that the keys of an account declared.</summary>
    public int LinksOf(string account) => state.Links.OfAccount(account) + _linksByAccount.GetValueOrDefault(account);

    /// <summary>How many links begin at an agent.</summary>
    public int LinksFrom(Agent agent) => state.Links.CountFrom(agent.Number) + _linksFrom.GetValueOrDefault(agent.Number);

    /// <summary>How many links lead to an agent.</summary>
    public int LinksTo(Agent agent) => state.Links.CountTo(agent.Number) + _linksTo.GetValueOrDefault(agent.Number);

    /// <summary>The link of a kind from one agent to another; null for none.</summary>
    public Link? FindLink(Agent from, Agent to, string kind) => FindLink(new LinkKey(from.Number, to.Number, kind));

    internal void Put(Link link)
    {
        if (FindLink(link.Key) is null)
        {
            foreach (var number in (ReadOnlySpan<int>)[link.From, link.To])
            {
                (_newLinks.TryGetValue(number, out var links) ? links : _newLinks[number] = []).Add(link.Key);
            }

            CountLink(link, 1);
        }

        _links[link.Key] = link;
    }

    internal void Remove(Link link)
    {
        _links[link.Key] = null;
        CountLink(link, -1);

        // One of this batch may have the numbers of agents that this batch forgot, and with them the key of a link of the base.
        if (state.Links.Find(link.Key) is { } known && known.Revision == link.Revision)
        {
            _removedLinks.Add(known);
        }
    }

    /// <summary>An agent is forgotten.</summary>
    private void EndLinks(int number)
    {
        var keys = state.Links.From(number).Concat(state.Links.To(number)).Select(link => link.Key)
            .Concat(_newLinks.GetValueOrDefault(number) ?? []).ToHashSet();
        foreach (var key in keys)
        {
            if (FindLink(key) is { } link)
            {
                Remove(link);
                Weight += LinkRowBytes; // without a change of its own it would not count
            }
        }
    }

    private Link? FindLink(LinkKey key) => _links.TryGetValue(key, out var link) ? link : state.Links.Find(key);

    private void CountLink(Link link, int by)
    {
        _moreLinks += by;
        _linksFrom[link.From] = _linksFrom.GetValueOrDefault(link.From) + by;
        _linksTo[link.To] = _linksTo.GetValueOrDefault(link.To) + by;
        Count(_linksByAccount, link.Account, by);
    }

    private void CommitLinks()
    {
        foreach (var link in _removedLinks)
        {
            state.Links.Remove(link);
        }

        // In order of creation, as every list shows them.
        foreach (var link in ChangedLinks.OrderBy(link => link.Revision))
        {
            state.Links.Put(link);
        }
    }
}
