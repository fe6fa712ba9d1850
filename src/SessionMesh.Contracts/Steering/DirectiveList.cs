namespace SessionMesh.Contracts.Steering;

/// <summary>Answer of <c>GET /agents/{id}/directives</c>: the pending ones, in order.</summary>
public sealed record DirectiveList
{
    public required IReadOnlyList<Directive> Directives { get; init; }
}

/// <summary>Answer of <c>GET /agents/{id}/directives/history</c>: all of them, newest first.</summary>
public sealed record DirectiveHistory
{
    public required IReadOnlyList<Directive> Directives { get; init; }

    /// <summary>Send as <c>cursor</c> for the next page; null at the end.</summary>
    public string? NextCursor { get; init; }
}
