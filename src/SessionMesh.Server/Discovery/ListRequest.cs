using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Agents;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Discovery;

/// <summary>A call of <c>GET /alive</c> or <c>GET /agents</c>, bound and checked.</summary>
internal sealed record ListRequest
{
    /// <summary>Parameters that say what is in the list and how it is ordered: a cursor goes on in the same list alone.</summary>
    private static readonly string[] s_identity = [.. AgentCriteria.Parameters, "kind", "sort"];

    /// <summary>Parameters that plain sessions have nothing for, so that a list of them cannot be asked for with any.</summary>
    private static readonly string[] s_agentsAlone = ["any_specialization", "user", "parent", "prefix", "q", "sort", "wait", "after"];

    private static readonly string[] s_allowed = [.. s_identity, "limit", "cursor", "fields", "total", "wait", "after"];

    /// <summary>The word of the filter: plain sessions know fewer states.</summary>
    public required string Filter { get; init; }
    public required AgentCriteria Criteria { get; init; }

    /// <summary>One of <see cref="SessionKind.Allowed"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>Null for the order in which agents became known, as far as their numbers show it.</summary>
    public AgentOrder? Order { get; init; }
    public required int Limit { get; init; }

    /// <summary>Where the page begins.</summary>
    public required ListPlace Place { get; init; }
    public required RowFields Fields { get; init; }
    public bool WantsTotal { get; init; }

    /// <summary>Seconds to wait for another answer than the one at <see cref="After"/>; null for a call that does not wait.</summary>
    public int? Wait { get; init; }

    /// <summary><c>as_of</c> of the answer that the caller has; null for none.</summary>
    public AsOf? After { get; init; }

    private Query Query { get; init; }

    /// <summary>Whether plain sessions can be in the list: they have no specialization, no cluster, no labels and no parent.</summary>
    public bool HasSessions =>
        Kind != SessionKind.Agent && Criteria is { Labels.Count: 0, Specializations.Count: 0, Cluster: null, Subtree: null };

    /// <summary>The cursor of a page of this list.</summary>
    public string CursorAt(ListPlace place, long epoch) => new ListCursor(DigestOf(Query), epoch, place).ToString();

    public static Outcome<ListRequest> Read(HttpContext http, string defaultFilter, long epoch)
    {
        var check = new Check();
        var query = Query.Read(http, ref check, s_allowed, AgentCriteria.Repeatable);
        var criteria = AgentCriteria.Read(query, defaultFilter, ref check);
        var kind = query["kind"] ?? SessionKind.Agent;
        var limit = query.Limit(ref check);
        var sort = query["sort"];
        var wantsTotal = query.Flag("total", ref check);
        var wait = (int?)query.Number("wait", ref check, 0, Limits.MaxWait);
        var after = AsOf.Read(query["after"], ref check);
        var fields = ReadFields(query["fields"], ref check);
        check.OneOf("?kind", kind, SessionKind.Allowed);
        check.OneOf("?sort", sort, AliveSort.Allowed);
        if (kind != SessionKind.Agent)
        {
            foreach (var parameter in s_agentsAlone)
            {
                if (query[parameter] is not null || query.All(parameter).Count > 0)
                {
                    check.Fail("?" + parameter, $"is for agents: leave it out with kind={kind}; {Routes.Sessions} lists sessions");
                }
            }
        }

        if (after is not null && wait is null)
        {
            check.Fail("?after", "is for wait: add wait=S");
        }

        var order = sort is null || check.Error is not null ? (AgentOrder?)null : AgentOrder.Of(sort);
        var place = ReadPlace(query, epoch, order, ref check, out var refused);
        if (kind != SessionKind.Agent && !http.GetKey().Has(ScopeSet.SessionsRead))
        {
            return new MeshError(
                ErrorKind.Forbidden, ErrorCodes.MissingScope,
                "This key lacks the scope sessions:read, which kind=session and kind=all need. Use a key that has it.");
        }

        if (check.Error is { } error)
        {
            return error.Members!.Any(member => member.Pointer == "?filter") ? error with { Code = ErrorCodes.InvalidFilter } : error;
        }

        if (refused is not null)
        {
            return refused;
        }

        return new ListRequest
        {
            Filter = (query["filter"] ?? defaultFilter).ToLowerInvariant(),
            Criteria = criteria,
            Kind = kind,
            Order = order,
            Limit = limit,
            Place = place,
            Fields = fields,
            WantsTotal = wantsTotal,
            Wait = wait,
            After = after,
            Query = query,
        };
    }

    private static string DigestOf(Query query) => ListCursor.DigestOf(query, s_identity);

    private static ListPlace ReadPlace(Query query, long epoch, AgentOrder? order, ref Check check, out MeshError? refused)
    {
        refused = null;
        ListPlace first = order switch
        {
            null => new AfterNumber(-1),
            { By: AliveSort.Id } => new AfterId(null),
            _ => InRun.First,
        };
        if (query["cursor"] is not { } text)
        {
            return first;
        }

        if (ListCursor.Parse(text) is not { } cursor)
        {
            check.Fail("?cursor", ListCursor.NoCursor);
            return first;
        }

        refused = cursor.Place.GetType() != first.GetType() && cursor.Place is not AfterSession
            ? ListCursor.OfAnotherList()
            : cursor.Check(DigestOf(query), epoch);
        return cursor.Place;
    }

    internal static RowFields ReadFields(string? text, ref Check check)
    {
        if (text is null)
        {
            return RowFields.All;
        }

        var fields = RowFieldNames.Parse(text, out var unknown);
        if (unknown is not null || fields == RowFields.None)
        {
            check.Fail("?fields", unknown is null ? "names no member" : $"'{unknown}' is not a member of a row", RowFieldNames.All);
        }

        return fields;
    }
}
