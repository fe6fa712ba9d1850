using System.Globalization;

namespace SessionMesh.Core.Claims;

/// <summary>A slot of an agent's capacity that somebody holds, for as long as the agent's incarnation lives. Immutable.</summary>
public sealed record Claim
{
    /// <summary>Of the change that made it.</summary>
    public required long Revision { get; init; }

    /// <summary>Number of the agent. A claim never outlives its agent, so the number is that agent's.</summary>
    public required int Agent { get; init; }
    public required string AgentId { get; init; }

    /// <summary>The agent's own specialization, which may be below the one that was asked for.</summary>
    public required string Specialization { get; init; }

    /// <summary>Id of the key that claimed.</summary>
    public required string KeyId { get; init; }

    /// <summary>Its lineage; null for the mesh.</summary>
    public string? Lineage { get; init; }

    /// <summary>The account that it counts for; null for an admin's.</summary>
    public string? Account { get; init; }

    /// <summary>Seconds of the lease.</summary>
    public required int Ttl { get; init; }

    /// <summary>Wall milliseconds.</summary>
    public required long At { get; init; }

    /// <summary>Wall milliseconds at which the lease lapses unless it is renewed.</summary>
    public required long ExpiresAt { get; init; }

    public string Id => IdOf(Revision);

    public static string IdOf(long revision) => string.Create(CultureInfo.InvariantCulture, $"c-{revision}");

    /// <summary>The revision in an id; 0 for a text that is no id of a claim.</summary>
    public static long RevisionIn(string id) =>
        id.StartsWith("c-", StringComparison.Ordinal)
        && long.TryParse(id.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out var revision)
        && IdOf(revision) == id
            ? revision
            : 0;
}
