using SessionMesh.Contracts.Steering;

namespace SessionMesh.Dashboard.Steering;

/// <summary>Whom an action is about. Immutable.</summary>
public sealed record Targets(IReadOnlyList<string> Ids)
{
    /// <summary>Ids that a selector names at most.</summary>
    public const int Most = 1000;

    public bool IsOne => Ids.Count == 1;

    /// <summary>As a heading says it.</summary>
    public string Name => IsOne ? Ids[0] : $"{Ids.Count} agents";

    public AgentSelector Selector => new() { AgentIds = Ids };
}
