using SessionMesh.Client.Http;

namespace SessionMesh.Client;

/// <summary>Which of the claims that are held: those that match all that is given.</summary>
public sealed record ClaimQuery
{
    /// <summary>Only of this agent.</summary>
    public string? AgentId { get; init; }

    /// <summary>Only of this one, or one below it.</summary>
    public string? Specialization { get; init; }

    /// <summary>Only those that this key claimed.</summary>
    public string? KeyId { get; init; }

    /// <inheritdoc cref="AgentQuery.Limit"/>
    public int? Limit { get; init; }

    /// <inheritdoc cref="AgentQuery.Cursor"/>
    public string? Cursor { get; init; }

    internal string ToQueryString() => new QueryText()
        .Add("agent_id", AgentId)
        .Add("specialization", Specialization)
        .Add("key_id", KeyId)
        .Add("limit", Limit)
        .Add("cursor", Cursor)
        .ToString();
}
