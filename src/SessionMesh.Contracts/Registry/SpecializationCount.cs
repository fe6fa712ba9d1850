namespace SessionMesh.Contracts.Registry;

/// <summary>
/// A specialization, and how many have it or one below it. A name above others, such as <c>image</c> of <c>image/ocr</c>, is listed too.
/// </summary>
public sealed record SpecializationCount
{
    public required string Specialization { get; init; }

    /// <summary>Agents that declare it, dead ones not counted.</summary>
    public required int Declared { get; init; }

    /// <summary>Those of them that are alive.</summary>
    public required int Alive { get; init; }

    /// <summary>
    /// Those of them that are alive, not paused, and have a slot that nobody claimed; null from a server that does not know claims.
    /// </summary>
    public int? Room { get; init; }
}
