using System.Text.Json.Serialization;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Contracts.Registry;

/// <summary>Body of <c>POST /registry/claim</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ClaimRequest
{
    /// <summary>What the agent has to be good at; one below that name will do.</summary>
    public string? Specialization { get; init; }

    /// <summary>Which of the agents with room: <c>least-loaded</c> (the default), <c>most-skilled</c> or <c>spread</c>.</summary>
    public string? Strategy { get; init; }

    /// <summary>Only agents of this cluster.</summary>
    public string? Cluster { get; init; }

    /// <summary>Only agents with these labels.</summary>
    public IReadOnlyDictionary<string, string>? Label { get; init; }

    /// <summary>Seconds of the claim's lease, 5 to 86,400; 60 by default.</summary>
    public int? Ttl { get; init; }

    /// <summary>Seconds to wait for an agent with room, 60 at most; 0 by default.</summary>
    public int? Wait { get; init; }
}

/// <summary>Body of <c>POST /registry/claims/{claim_id}/renew</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record RenewClaimRequest
{
    /// <summary>Seconds; what it was by default.</summary>
    public int? Ttl { get; init; }
}

/// <summary>A slot of an agent's capacity that somebody holds.</summary>
public sealed record ClaimRow
{
    public required string ClaimId { get; init; }
    public required string AgentId { get; init; }

    /// <summary>The agent's own specialization, which may be below the one that was asked for.</summary>
    public required string Specialization { get; init; }

    /// <summary>The key that claimed.</summary>
    public required string KeyId { get; init; }

    /// <summary>Seconds of its lease.</summary>
    public required int Ttl { get; init; }
    public required DateTimeOffset ClaimedAt { get; init; }

    /// <summary>When it lapses unless it is renewed.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>Answer of <c>DELETE /registry/claims/{claim_id}</c>.</summary>
public sealed record ReleasedClaim
{
    public required string ClaimId { get; init; }
    public required string AgentId { get; init; }
}

/// <summary>Answer of <c>GET /registry/claims</c>, oldest first.</summary>
public sealed record ClaimPage
{
    public required IReadOnlyList<ClaimRow> Claims { get; init; }
    public string? NextCursor { get; init; }
}

/// <summary>An agent that should do it.</summary>
public sealed record MatchedAgent : AgentRow
{
    /// <summary>A sentence for a person.</summary>
    public string Why { get; init; } = "";
}

/// <summary>Answer of <c>GET /registry/match</c>, best first.</summary>
public sealed record MatchAnswer
{
    public required IReadOnlyList<MatchedAgent> Matches { get; init; }
}

/// <summary>Words of <c>strategy</c>.</summary>
public static class MatchStrategy
{
    /// <summary>Least of its capacity taken, then least load as reported, an unknown one last, then by id.</summary>
    public const string LeastLoaded = "least-loaded";

    /// <summary>The highest level, then as <see cref="LeastLoaded"/>.</summary>
    public const string MostSkilled = "most-skilled";

    /// <summary>Whoever was claimed longest ago, then as <see cref="LeastLoaded"/>.</summary>
    public const string Spread = "spread";

    public static IReadOnlyList<string> All { get; } = [LeastLoaded, MostSkilled, Spread];
}
