namespace SessionMesh.Contracts.Nodes;

/// <summary>A server that runs on the mesh.</summary>
public sealed record NodeRow
{
    public required string NodeId { get; init; }
    public required string Version { get; init; }

    /// <summary>Whether it decides what time brings about: the lapse of leases, the end of sessions and keys. One node does.</summary>
    public required bool Judge { get; init; }

    /// <summary>Of the newest change that it has applied.</summary>
    public required long Revision { get; init; }

    /// <summary>How many revisions it is behind the newest that any node has.</summary>
    public required long Lag { get; init; }

    /// <summary>Agents that are alive and that it hears itself; null for a key that is limited to some agents.</summary>
    public int? Agents { get; init; }

    /// <summary>Streams that are open at it; null for a key that is limited to some agents.</summary>
    public int? Streams { get; init; }

    /// <summary>When it was last heard of.</summary>
    public required DateTimeOffset SeenAt { get; init; }
}
