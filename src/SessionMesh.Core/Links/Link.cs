namespace SessionMesh.Core.Links;

/// <summary>
/// Somebody's word that two agents belong together, beside who started whom: one sends to the other, waits for it, shares with it. It has a
/// direction, and lasts until it is removed or one of the two is forgotten. Immutable.
/// </summary>
public sealed record Link
{
    /// <summary>Of the change that made it.</summary>
    public required long Revision { get; init; }

    /// <summary>Number of the agent that it begins at. A link never outlives its agents, so the numbers are theirs.</summary>
    public required int From { get; init; }
    public required string FromId { get; init; }

    /// <summary>Number of the agent that it leads to.</summary>
    public required int To { get; init; }
    public required string ToId { get; init; }

    /// <summary>What the two have to do with each other. Two agents have one link of a kind in each direction.</summary>
    public required string Kind { get; init; }

    /// <summary>0 to <see cref="Contracts.Limits.MaxLinkWeight"/>; what it counts is up to the reader.</summary>
    public required double Weight { get; init; }

    /// <summary>The account that it counts for; null for an admin's.</summary>
    public string? Account { get; init; }

    /// <summary>When it was made, wall milliseconds.</summary>
    public required long At { get; init; }

    internal LinkKey Key => new(From, To, Kind);

    /// <summary>Whether it begins or ends at an agent.</summary>
    public bool Touches(string agentId) => FromId == agentId || ToId == agentId;
}

/// <summary>What tells one link from all others.</summary>
internal readonly record struct LinkKey(int From, int To, string Kind);
