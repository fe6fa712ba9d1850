using System.Globalization;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Links;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Links;

/// <summary><c>/links</c>: what agents have to do with each other, beside who started whom.</summary>
public sealed class LinkEndpoints(Mutations mutations, MeshEngine engine, ProblemWriter problems)
{
    public async Task List(HttpContext http)
    {
        var check = new Check();
        var query = Query.Read(http, ref check, "agent_id", "kind", "limit", "cursor");
        var agentId = query["agent_id"] is { } given ? check.Id("?agent_id", given) : null;
        var kind = check.Name("?kind", query["kind"]);
        var limit = query.Limit(ref check);
        var after = query.Number("cursor", ref check, 0, long.MaxValue) ?? 0;
        if (check.Error is { } error)
        {
            await problems.WriteAsync(http, error);
            return;
        }

        var key = http.GetKey();
        var page = new List<LinkRow>();
        long? next = null;
        var looks = 0;
        foreach (var link in agentId is null ? engine.State.Links.After(after) : Of(agentId).Where(link => link.Revision > after))
        {
            // A page without much in it ends where it has looked at so many: nobody's call costs more.
            if (page.Count == limit || looks++ == Limits.ListLooks)
            {
                next = after;
                break;
            }

            after = link.Revision;
            if ((kind is null || link.Kind == kind) && IsWithin(link, key))
            {
                page.Add(ToRow(link));
            }
        }

        await Answers.WriteAsync(
            http,
            new LinkPage { Links = page, NextCursor = next?.ToString(CultureInfo.InvariantCulture) },
            MeshJson.Default.LinkPage);
    }

    public async Task Put(HttpContext http)
    {
        var request = await Mutations.ReadAsync(http, MeshJson.Default.LinkRequest);
        var put = request.Bind<PutLinkResult>((key, body) =>
        {
            var check = new Check();
            var from = check.Id("/from", body.From);
            var to = check.Id("/to", body.To);
            if (check.Error is null && from == to)
            {
                check.Fail("/to", "is the agent that the link begins at; a link is between two");
            }

            var kind = check.Name("/kind", body.Kind) ?? LinkRequest.DefaultKind;
            if (body.Weight is { } weight and not (>= 0 and <= Limits.MaxLinkWeight))
            {
                check.Fail("/weight", string.Create(CultureInfo.InvariantCulture, $"is a number from 0 to {Limits.MaxLinkWeight:0}"));
            }

            return check.Error is { } error ? error : new PutLink
            {
                Actor = key.Id,
                From = from,
                To = to,
                LinkKind = kind,
                LinkWeight = body.Weight + 0.0, // -0 is 0
            };
        });
        await mutations.AnswerAsync(await mutations.ExecuteAsync(request, put, result => Answers.Of(
            result.WasKnown ? StatusCodes.Status200OK : StatusCodes.Status201Created,
            ToRow(result.Link),
            MeshJson.Default.LinkRow)));
    }

    public async Task Remove(HttpContext http)
    {
        var check = new Check();
        var query = Query.Read(http, ref check, "from", "to", "kind");
        var from = check.Id("?from", query["from"]);
        var to = check.Id("?to", query["to"]);
        var kind = check.Name("?kind", query["kind"]) ?? LinkRequest.DefaultKind;
        if (check.Error is { } error)
        {
            await problems.WriteAsync(http, error);
            return;
        }

        var request = Mutations.Read(http);
        var remove = request.Bind<Link>(key => new RemoveLink { Actor = key.Id, From = from, To = to, LinkKind = kind });
        await mutations.AnswerAsync(await mutations.ExecuteAsync(
            request, remove, link => Answers.Of(StatusCodes.Status200OK, ToRow(link), MeshJson.Default.LinkRow)));
    }

    /// <summary>From or to an agent, oldest first.</summary>
    private IEnumerable<Link> Of(string agentId)
    {
        if (engine.State.Find(agentId) is not { } slot)
        {
            return [];
        }

        var links = engine.State.Links;
        var number = slot.Agent.Number;
        return links.From(number).Concat(links.To(number)).Where(link => link.Touches(agentId)).OrderBy(link => link.Revision);
    }

    private bool IsWithin(Link link, Key key) => key.Reach is null
        || (engine.State.Find(link.FromId) is { } from && engine.State.Reaches(key, from.Agent)
            && engine.State.Find(link.ToId) is { } to && engine.State.Reaches(key, to.Agent));

    private static LinkRow ToRow(Link link) => new()
    {
        From = link.FromId,
        To = link.ToId,
        Kind = link.Kind,
        Weight = link.Weight,
        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(link.At),
    };
}
