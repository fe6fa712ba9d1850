using System.Text.Json.Serialization;

namespace SessionMesh.Contracts.Sandbox;

/// <summary>A fault that is set. What it does not do is left out.</summary>
public sealed record Fault
{
    public required string FaultId { get; init; }

    /// <summary>In the words of the API's own routes.</summary>
    public required string Endpoint { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Status { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Delay { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Cut { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? DropAfter { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Malformed { get; init; }

    /// <summary>Null for without end.</summary>
    public int? Count { get; init; }
    public required double Probability { get; init; }
    public required int Seed { get; init; }

    /// <summary>Requests that came to it.</summary>
    public required long Seen { get; init; }

    /// <summary>Those of them that it struck.</summary>
    public required long Struck { get; init; }
}

/// <summary>Answer of <c>GET /sandbox/faults</c>, in the order in which they were set.</summary>
public sealed record FaultList
{
    public required IReadOnlyList<Fault> Faults { get; init; }
}

/// <summary>Answer of <c>DELETE /sandbox/faults</c>.</summary>
public sealed record ClearedFaults
{
    /// <summary>How many there were.</summary>
    public required int Cleared { get; init; }
}
