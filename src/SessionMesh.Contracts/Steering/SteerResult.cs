using System.Text.Json.Serialization;

namespace SessionMesh.Contracts.Steering;

/// <summary>
/// What became of one agent of many: a directive, by its id, sequence number and state; or the code that says why there is none. In a dry
/// run neither.
/// </summary>
public sealed record SteerResult
{
    public required string AgentId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DirectiveId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Seq { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? State { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Code { get; init; }

    /// <summary>What to do about it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Detail { get; init; }
}

/// <summary>Answer of a steer by selector.</summary>
public sealed record SteerManyAnswer
{
    /// <summary>How many agents match.</summary>
    public required int Matched { get; init; }
    public required IReadOnlyList<SteerResult> Results { get; init; }
}

/// <summary>Body of <c>POST /steers</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record SteersRequest
{
    /// <summary>Up to 1,000, each as <c>POST /steer</c> takes it for one agent, without <c>wait</c>.</summary>
    public IReadOnlyList<SteerRequest>? Steers { get; init; }
}

/// <summary>Answer of <c>POST /steers</c>: a result for each steer, in their order.</summary>
public sealed record SteersAnswer
{
    public required IReadOnlyList<SteerResult> Results { get; init; }
}
