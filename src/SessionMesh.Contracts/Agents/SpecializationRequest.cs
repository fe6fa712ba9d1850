using System.Text.Json.Serialization;

namespace SessionMesh.Contracts.Agents;

/// <summary>
/// A specialization that an agent declares: its name, or an object. What is left out stays as it is known, or is the default. The server
/// trims names, composes them (NFC), puts them into lower case and drops empty parts: <c>Image//OCR</c> is <c>image/ocr</c>, which is also
/// found under <c>image</c>.
/// </summary>
[JsonConverter(typeof(SpecializationConverter))]
public sealed record SpecializationRequest
{
    public string? Name { get; init; }

    /// <summary>Of what the agent does it with.</summary>
    public string? Version { get; init; }

    /// <summary>How good the agent is at it, 0 to 100; 50 by default.</summary>
    public int? Level { get; init; }

    /// <summary>How many jobs the agent takes at once, 1 to 10,000; 1 by default.</summary>
    public int? Capacity { get; init; }

    public static implicit operator SpecializationRequest(string name) => FromString(name);

    public static SpecializationRequest FromString(string name) => new() { Name = name };
}
