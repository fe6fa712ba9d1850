namespace SessionMesh.Server.Audit;

/// <summary>A call that was refused for want of a right. Every text in it is bounded.</summary>
internal sealed record Refusal
{
    /// <summary>Place among the refusals; ascending, after a restart too.</summary>
    public required long Seq { get; init; }

    /// <summary>Wall milliseconds.</summary>
    public required long At { get; init; }
    public string? Actor { get; init; }
    public string? Operation { get; init; }
    public string? Subject { get; init; }
    public required string Code { get; init; }
    public required string Reason { get; init; }
    public string? RemoteAddress { get; init; }
    public required string RequestId { get; init; }
}
