namespace SessionMesh.Contracts.Agents;

/// <summary>Answer of <c>DELETE /agents/{id}?forget=true</c>: from now on the id is that of nobody, until somebody registers it.</summary>
public sealed record ForgottenAgent
{
    public required string AgentId { get; init; }

    /// <summary>Its last one. Whoever registers the id again gets a higher one.</summary>
    public required int Incarnation { get; init; }

    /// <summary>What it was when it was forgotten: <c>dead</c> or <c>lost</c>.</summary>
    public required string Status { get; init; }

    /// <summary>How many agents lost their parent with it.</summary>
    public required int Orphans { get; init; }
}
