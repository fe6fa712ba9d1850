using System.Text.Json.Serialization;

namespace SessionMesh.Contracts.Sandbox;

/// <summary>Body of <c>POST /sandbox/advance</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdvanceRequest
{
    /// <summary>By how much to move the clock: above 0 and up to 2,592,000, which is 30 days.</summary>
    public double? Seconds { get; init; }
}

/// <summary>Answer of <c>POST /sandbox/advance</c>: what became due is done.</summary>
public sealed record Advanced
{
    /// <summary>The sandbox's time.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>By how much this call moved it.</summary>
    public required double Seconds { get; init; }
}
