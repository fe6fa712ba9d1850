namespace SessionMesh.Contracts.Registry;

public sealed record SpecializationCount
{
    public required string Specialization { get; init; }

    /// <summary>Agents that declare it, dead ones not counted.</summary>
    public required int Declared { get; init; }

    /// <summary>Those of them that are alive.</summary>
    public required int Alive { get; init; }
}
