using SessionMesh.Contracts.Agents;

namespace SessionMesh.Contracts.Registry;

/// <summary>Answer of <c>GET /registry</c>: who is good at what.</summary>
public sealed record RegistryAnswer
{
    public required IReadOnlyList<SpecializationCount> Specializations { get; init; }

    /// <summary>Living agents first asked for by <c>specialization=</c>; without it, empty.</summary>
    public required IReadOnlyList<AgentRow> Agents { get; init; }
    public string? NextCursor { get; init; }
}
