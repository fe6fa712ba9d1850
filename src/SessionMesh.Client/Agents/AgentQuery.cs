using SessionMesh.Client.Http;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Client;

/// <summary>What to list. Everything left out takes the server's default: living agents, 100 a page, whole rows.</summary>
public sealed record AgentQuery
{
    /// <summary>One of <see cref="AliveFilter.Allowed"/>.</summary>
    public string? Filter { get; init; }

    /// <summary>One of <see cref="SessionKind.Allowed"/>.</summary>
    public string? Kind { get; init; }
    public string? Specialization { get; init; }
    public string? Cluster { get; init; }

    /// <summary>Rows a page, 1 to 1000.</summary>
    public int? Limit { get; init; }

    /// <summary><c>next_cursor</c> of the page before.</summary>
    public string? Cursor { get; init; }

    /// <summary>Names of the members wanted in each row.</summary>
    public IReadOnlyList<string>? Fields { get; init; }

    internal string ToQueryString() => new QueryText()
        .Add("filter", Filter)
        .Add("kind", Kind)
        .Add("specialization", Specialization)
        .Add("cluster", Cluster)
        .Add("limit", Limit)
        .Add("cursor", Cursor)
        .Add("fields", Fields is null ? null : string.Join(',', Fields))
        .ToString();
}
