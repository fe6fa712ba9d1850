using SessionMesh.Client.Http;

namespace SessionMesh.Client;

/// <summary>Which of the links that are declared: those that match all that is given.</summary>
public sealed record LinkQuery
{
    /// <summary>Only those from or to this agent.</summary>
    public string? AgentId { get; init; }

    /// <summary>Only of this kind.</summary>
    public string? Kind { get; init; }

    /// <inheritdoc cref="AgentQuery.Limit"/>
    public int? Limit { get; init; }

    /// <inheritdoc cref="AgentQuery.Cursor"/>
    public string? Cursor { get; init; }

    internal string ToQueryString() => new QueryText()
        .Add("agent_id", AgentId)
        .Add("kind", Kind)
        .Add("limit", Limit)
        .Add("cursor", Cursor)
        .ToString();
}
