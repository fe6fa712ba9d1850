namespace SessionMesh.Server.Audit;

/// <summary>A call that was refused for lack of a right. The length of every text in it is limited.</summary>
internal sealed record Refusal
{
    /// <summary>Place among the refusals; ascending, even across a restart.</summary>
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
