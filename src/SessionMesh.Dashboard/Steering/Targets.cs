using SessionMesh.Contracts.Steering;
using SessionMesh.Dashboard.Controls;

namespace SessionMesh.Dashboard.Steering;

/// <summary>Whom an action is about: agents by name, or all that a selector matches. Immutable.</summary>
public sealed record Targets
{
    /// <summary>Ids that a selector names at most.</summary>
    public const int Most = 1000;

    public Targets(IReadOnlyList<string> ids) => (Ids, Selector) = (ids, new AgentSelector { AgentIds = ids });

    public Targets(AgentSelector selector) => (Ids, Selector) = ([], selector);

    /// <summary>Empty where they are not meant by name.</summary>
    public IReadOnlyList<string> Ids { get; }

    public AgentSelector Selector { get; }

    /// <summary>How many there are as the mesh has counted, which is what a person confirms; null before.</summary>
    public int? Expect { get; init; }

    public bool IsOne => Ids.Count == 1;

    public bool IsNone => Ids.Count == 0 && AreNamed;

    /// <summary>Whether they are meant by name.</summary>
    public bool AreNamed => Selector.AgentIds is not null;

    /// <summary>As a heading says it.</summary>
    public string Name => IsOne ? Ids[0] : Plural.Of(Expect ?? Ids.Count, "agent");

    /// <summary>The selector in words.</summary>
    public string Words => string.Join(", ", new[]
    {
        Selector.Specialization is { } specialization ? $"specialization {specialization}" : null,
        Selector.Cluster is { } cluster ? $"cluster {cluster}" : null,
        Selector.Label is { } labels ? "labels " + string.Join(',', labels.Select(label => $"{label.Key}={label.Value}")) : null,
        Selector.Subtree is { } subtree ? $"subtree {subtree}" : null,
    }.OfType<string>());

    /// <summary>Whom something half typed is for, as the tab keeps it.</summary>
    public IReadOnlyList<string> Keep => AreNamed ? Ids : [Words];
}
