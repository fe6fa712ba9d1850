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

    /// <summary>Labels that an agent must have, each with this value.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Only this agent and all below it.</summary>
    public string? Subtree { get; init; }

    /// <summary>Rows a page, 1 to 1000.</summary>
    public int? Limit { get; init; }

    /// <summary><c>next_cursor</c> of the page before.</summary>
    public string? Cursor { get; init; }

    /// <summary>Names of the members wanted in each row.</summary>
    public IReadOnlyList<string>? Fields { get; init; }

    /// <summary>Whether the answer says how many rows there are on all pages.</summary>
    public bool WithTotal { get; init; }

    internal string ToQueryString() => new QueryText()
        .Add("filter", Filter)
        .Add("kind", Kind)
        .Add("specialization", Specialization)
        .Add("cluster", Cluster)
        .Add("label", Labels is null ? null : string.Join(',', Labels.Select(label => $"{label.Key}={label.Value}")))
        .Add("subtree", Subtree)
        .Add("limit", Limit)
        .Add("cursor", Cursor)
        .Add("fields", Fields is null ? null : string.Join(',', Fields))
        .Add("total", WithTotal ? "true" : null)
        .ToString();
}
