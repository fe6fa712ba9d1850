namespace SessionMesh.Contracts.Agents;

/// <summary>A specialization of an agent, and how much of it is taken.</summary>
public sealed record AgentSkill
{
    public required string Name { get; init; }
    public string? Version { get; init; }

    /// <summary>0 to 100; 50 unless the agent says otherwise.</summary>
    public required int Level { get; init; }

    /// <summary>How many jobs the agent takes at once; 1 unless it says otherwise.</summary>
    public required int Capacity { get; init; }

    /// <summary>Claims that are held now; more than the capacity only where that was lowered meanwhile.</summary>
    public required int Held { get; init; }
}
