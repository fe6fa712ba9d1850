using System.Globalization;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core.Agents;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Links;

/// <summary>A link as it is now, and whether it was there before.</summary>
public sealed record PutLinkResult(Link Link, bool WasKnown);

/// <summary><c>PUT /links</c>: declares a link between two agents, or gives it another weight. Saying it again changes nothing.</summary>
public sealed record PutLink : Command<PutLinkResult>
{
    public required string From { get; init; }

    /// <summary>Not <see cref="From"/>.</summary>
    public required string To { get; init; }
    public required string LinkKind { get; init; }

    /// <summary>Null leaves it as it is, and is <see cref="LinkRequest.DefaultWeight"/> for a new one.</summary>
    public required double? LinkWeight { get; init; }

    public override Outcome<PutLinkResult> Decide(MeshDraft draft)
    {
        if (LinkRules.FindEnds(draft, From, To, out var from, out var to) is { } missing)
        {
            return missing;
        }

        var known = draft.FindLink(from, to, LinkKind);
        if (known is null && CheckQuota(draft, from, to) is { } tooMany)
        {
            return tooMany;
        }

        var weight = LinkWeight ?? known?.Weight ?? LinkRequest.DefaultWeight;
        if (known is null || !known.Weight.Equals(weight))
        {
            draft.Emit(new LinkPut { Subject = From, To = To, LinkKind = LinkKind, LinkWeight = weight, IsKnown = known is not null });
        }

        return new PutLinkResult(draft.FindLink(from, to, LinkKind)!, known is not null);
    }

    private static MeshError? CheckQuota(MeshDraft draft, Agent from, Agent to)
    {
        var account = draft.Caller?.Account;
        return draft.LinksFrom(from) >= Limits.LinksFromAgent
            ? TooMany($"Agent '{from.Id}' has {Limits.LinksFromAgent} links to others, which is the limit.")
            : draft.LinksTo(to) >= Limits.LinksToAgent
                ? TooMany($"{Limits.LinksToAgent} links lead to agent '{to.Id}', which is the limit.")
            : draft.LinkCount >= Limits.Links
                ? TooMany($"This mesh has {Limits.Links} links, which is the limit.")
            : account is not null && draft.LinksOf(account) >= Limits.LinksPerAccount
                ? TooMany($"The key {account} and those below it have declared {Limits.LinksPerAccount} links, which is the limit.")
            : null;
    }

    private static MeshError TooMany(FormattableString detail) => new(
        ErrorKind.Exhausted,
        ErrorCodes.LinkQuota,
        detail.ToString(CultureInfo.InvariantCulture) + " Remove some that no longer hold with DELETE /api/session-mesh/links.");
}

/// <summary><c>DELETE /links</c>: removes a link.</summary>
public sealed record RemoveLink : Command<Link>
{
    public required string From { get; init; }
    public required string To { get; init; }
    public required string LinkKind { get; init; }

    public override Outcome<Link> Decide(MeshDraft draft)
    {
        if (LinkRules.FindEnds(draft, From, To, out var from, out var to) is { } missing)
        {
            return missing;
        }

        if (draft.FindLink(from, to, LinkKind) is not { } link)
        {
            return new MeshError(
                ErrorKind.NotFound,
                ErrorCodes.LinkNotFound,
                $"There is no link '{LinkKind}' from '{From}' to '{To}'. "
                + $"See what there is with GET /api/session-mesh/links?agent_id={From}.");
        }

        draft.Emit(new LinkRemoved { Subject = From, To = To, LinkKind = LinkKind });
        return link;
    }
}

/// <summary>What both commands ask first.</summary>
internal static class LinkRules
{
    /// <summary>Null where the caller's key reaches both agents.</summary>
    public static MeshError? FindEnds(MeshDraft draft, string fromId, string toId, out Agent from, out Agent to)
    {
        var (first, second) = (draft.FindAgent(fromId), draft.FindAgent(toId));
        (from, to) = (first!, second!);
        return first is null ? Fencing.NotFound(fromId) : second is null ? Fencing.NotFound(toId) : null;
    }
}
