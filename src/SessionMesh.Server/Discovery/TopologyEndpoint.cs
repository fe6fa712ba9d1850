using SessionMesh.Contracts;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Links;
using SessionMesh.Core.State;
using SessionMesh.Server.Agents;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Json;

namespace SessionMesh.Server.Discovery;

/// <summary>
/// <c>GET /topology</c>: the forest of parents and children, with what is at and below each agent. In the order of agent numbers, so that
/// its pages neither skip nor repeat; whoever reads them joins them by <c>parent_id</c>.
/// </summary>
public sealed class TopologyEndpoint(MeshEngine engine, RowWriter rows, ProblemWriter problems)
{
    private static readonly string[] s_identity = ["root", "depth", "cluster", "dead"];

    public Task Get(HttpContext http)
    {
        var check = new Check();
        var query = Query.Read(http, ref check, [.. s_identity, "fields", "limit", "cursor"]);
        var root = query["root"] is { } named ? check.Id("?root", named) : null;
        var depth = (int?)query.Number("depth", ref check, 0, int.MaxValue);
        var withDead = query.Flag("dead", ref check);
        var fields = ListRequest.ReadFields(query["fields"], ref check);
        var limit = query.Limit(ref check);
        var cursor = query["cursor"] is { } text ? ListCursor.Parse(text) : null;
        if (query["cursor"] is not null && cursor is not { Place: AfterNumber })
        {
            check.Fail("?cursor", ListCursor.NoCursor);
        }

        var digest = ListCursor.DigestOf(query, s_identity);
        var key = http.GetKey();
        if ((check.Error ?? cursor?.Check(digest, engine.State.Epoch)) is { } error)
        {
            return problems.WriteAsync(http, error);
        }

        AgentSlot? top = null;
        if (root is not null)
        {
            var found = key.FindAgent(engine.State, ScopeSet.MeshRead, root);
            if (!found.Succeeded)
            {
                return problems.WriteAsync(http, found.Error);
            }

            top = found.Value;
        }

        var revision = engine.State.Revision;
        var criteria = new AgentCriteria
        {
            Filter = new AgentFilter([], (slot, state, _) =>
                (withDead || slot.Agent.Liveness != Liveness.Dead || state.Descendants(slot.Agent.Number).Count > 0)
                && (depth is not { } most || DepthOf(slot.Agent, top, state, most) <= most)),
            Cluster = query["cluster"],
            Subtree = root,
        };
        var page = new List<AgentSlot>();
        var after = cursor is { Place: AfterNumber(var number) } ? number : -1;
        var next = new AgentSearch(engine.State, criteria, key.Reach).Fill(page, after, limit, engine.Now);
        var links = TakeLinks(page, key, ref next);
        var nextCursor = next < 0 ? null : new ListCursor(digest, engine.State.Epoch, new AfterNumber(next)).ToString();
        return WriteAsync(http, page, links, fields, nextCursor, revision);
    }

    /// <summary>
    /// How far below the root, or the top of its tree, an agent is; more than <paramref name="most"/> where it is further.
    /// </summary>
    private static int DepthOf(Agent agent, AgentSlot? root, MeshState state, int most)
    {
        var depth = 0;
        for (var at = agent; at.Number != root?.Agent.Number && at.Parent >= 0 && depth <= most; depth++)
        {
            if (state.AgentAt(at.Parent) is not { } parent)
            {
                break;
            }

            at = parent;
        }

        return depth;
    }

    /// <summary>
    /// The links that begin at the agents of a page. A page with very many ends sooner, so that no answer is larger than a caller bears.
    /// </summary>
    /// <param name="next">Number of the last agent of the page, if others follow; -1 otherwise.</param>
    private List<Link> TakeLinks(List<AgentSlot> page, Key key, ref int next)
    {
        var links = new List<Link>();
        for (var at = 0; at < page.Count; at++)
        {
            var agent = page[at].Agent;
            links.AddRange(engine.State.Links.From(agent.Number).Where(link => link.FromId == agent.Id
                && engine.State.Find(link.ToId) is { } to && engine.State.Reaches(key, to.Agent)));
            if (links.Count >= Limits.TopologyLinks && at < page.Count - 1)
            {
                next = agent.Number;
                page.RemoveRange(at + 1, page.Count - at - 1);
            }
        }

        return links;
    }

    private async Task WriteAsync(
        HttpContext http, List<AgentSlot> page, List<Link> links, RowFields fields, string? nextCursor, long revision)
    {
        var now = engine.Now;
        var sums = new SubtreeSums(engine.State, new ReachMemo(http.GetKey(), engine.State.AgentAt));
        using var json = new Utf8Buffer(256 + (page.Count * 768) + (links.Count * 128));
        json.Raw("{\"agents\":["u8);
        foreach (var slot in page)
        {
            json.Raw("{"u8);
            rows.WriteMembers(json, slot.Agent, slot.ReadVitals(), now, fields);
            WriteSum(json, sums.Of(slot.Agent.Number));
            json.Raw("},"u8);
        }

        if (page.Count > 0)
        {
            json.Unwrite();
        }

        json.Raw("],\"links\":["u8);
        foreach (var link in links)
        {
            Write(json, link);
            json.Raw(","u8);
        }

        if (links.Count > 0)
        {
            json.Unwrite();
        }

        json.Raw("],\"count\":"u8);
        json.Number(page.Count);
        json.Raw(",\"next_cursor\":"u8);
        json.String(nextCursor);
        json.Raw(",\"as_of\":\""u8);
        json.Number(revision);
        json.Raw("\"}"u8);
        await Answers.WriteAsync(http, StatusCodes.Status200OK, json.Written);
    }

    private static void Write(Utf8Buffer json, Link link)
    {
        json.Raw("{\"from\":"u8);
        json.String(link.FromId);
        json.Raw(",\"to\":"u8);
        json.String(link.ToId);
        json.Raw(",\"kind\":"u8);
        json.String(link.Kind);
        json.Raw(",\"weight\":"u8);
        json.Number(link.Weight);
        json.Raw("}"u8);
    }

    private static void WriteSum(Utf8Buffer json, SubtreeSum sum)
    {
        json.Raw(",\"subtree\":{\"agents\":"u8);
        json.Number(sum.Agents);
        json.Raw(",\"alive\":"u8);
        json.Number(sum.Alive);
        json.Raw(",\"stalled\":"u8);
        json.Number(sum.Stalled);
        json.Raw(",\"lost\":"u8);
        json.Number(sum.Lost);
        json.Raw(",\"load\":"u8);
        if (sum.Loaded == 0)
        {
            json.Raw("null"u8);
        }
        else
        {
            json.Number(Math.Round(sum.Load / sum.Loaded, 3));
        }

        json.Raw(",\"pending\":"u8);
        json.Number(sum.Pending);
        json.Raw("}"u8);
    }
}
