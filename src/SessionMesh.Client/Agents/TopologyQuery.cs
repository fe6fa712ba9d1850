using SessionMesh.Client.Http;

namespace SessionMesh.Client;

/// <summary>
/// What to show of the forest. Everything left out takes the server's default: all that has not ended, 100 a page, whole rows.
/// </summary>
public sealed record TopologyQuery
{
    /// <summary>Only this agent and all below it.</summary>
    public string? Root { get; init; }

    /// <summary>Levels below the root, or below the agents without a parent.</summary>
    public int? Depth { get; init; }
    public string? Cluster { get; init; }

    /// <summary>All of the dead, too.</summary>
    public bool WithDead { get; init; }

    /// <inheritdoc cref="AgentQuery.Limit"/>
    public int? Limit { get; init; }

    /// <inheritdoc cref="AgentQuery.Cursor"/>
    public string? Cursor { get; init; }

    /// <inheritdoc cref="AgentQuery.Fields"/>
    public IReadOnlyList<string>? Fields { get; init; }

    internal string ToQueryString() => new QueryText()
        .Add("root", Root)
        .Add("depth", Depth)
        .Add("cluster", Cluster)
        .Add("dead", WithDead ? "true" : null)
        .Add("limit", Limit)
        .Add("cursor", Cursor)
        .Add("fields", Fields is null ? null : string.Join(',', Fields))
        .ToString();
}
