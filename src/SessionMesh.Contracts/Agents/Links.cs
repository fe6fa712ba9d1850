using System.Text.Json.Serialization;
using SessionMesh.Contracts.Json;

namespace SessionMesh.Contracts.Agents;

/// <summary>Body of <c>PUT /links</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record LinkRequest
{
    /// <summary>What a link is where nobody says.</summary>
    public const string DefaultKind = "link";

    /// <summary>What it weighs where nobody says.</summary>
    public const double DefaultWeight = 1;

    /// <summary>The agent that the link begins at.</summary>
    [JsonConverter(typeof(IdTextConverter))]
    public string? From { get; init; }

    /// <summary>The agent that it leads to, another one.</summary>
    [JsonConverter(typeof(IdTextConverter))]
    public string? To { get; init; }

    /// <summary>What the two have to do with each other; <c>link</c> by default. They have one link of a kind in each direction.</summary>
    public string? Kind { get; init; }

    /// <summary>
    /// 0 to 1,000,000,000. Left out, it is 1 for a new link, and stays for one that is there. What it counts is up to the reader.
    /// </summary>
    public double? Weight { get; init; }
}

/// <summary>A link that somebody declared between two agents.</summary>
public sealed record LinkRow
{
    /// <inheritdoc cref="LinkRequest.From"/>
    public required string From { get; init; }

    /// <inheritdoc cref="LinkRequest.To"/>
    public required string To { get; init; }
    public required string Kind { get; init; }
    public required double Weight { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Answer of <c>GET /links</c>, oldest first.</summary>
public sealed record LinkPage
{
    public required IReadOnlyList<LinkRow> Links { get; init; }
    public string? NextCursor { get; init; }
}

/// <summary>A link in the answer of <c>GET /topology</c>.</summary>
public sealed record TopologyLink
{
    /// <inheritdoc cref="LinkRequest.From"/>
    public required string From { get; init; }

    /// <inheritdoc cref="LinkRequest.To"/>
    public required string To { get; init; }
    public required string Kind { get; init; }
    public required double Weight { get; init; }
}
