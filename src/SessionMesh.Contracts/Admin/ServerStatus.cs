using System.Text.Json.Serialization;

namespace SessionMesh.Contracts.Admin;

/// <summary>Answer of <c>GET /status</c>: which server this is, and how it stands.</summary>
public sealed record ServerStatus
{
    public const string Ready = "ready";
    public const string Busy = "busy";

    public required string Version { get; init; }

    /// <summary><see cref="Ready"/>, or <see cref="Busy"/> while the engine takes no turns.</summary>
    public required string Status { get; init; }

    /// <summary>Begins anew with each restore.</summary>
    public required long Epoch { get; init; }
    public required long Revision { get; init; }

    /// <summary>Whether so many leases lapse at once that their end is slowed down.</summary>
    public required bool ExpirySlowed { get; init; }

    /// <summary>Whether the disk is full, so that only kills, revocations, pauses and ends are committed.</summary>
    public required bool ReserveInUse { get; init; }

    /// <summary>Null for a key without <c>mesh:read</c>, or one that is limited to some agents.</summary>
    public AgentCounts? Agents { get; init; }

    /// <summary>
    /// The last sixty minutes, oldest first, or as many as there are since the server started; only with <c>hour=true</c>, and for a key
    /// that <see cref="Agents"/> is for.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MinuteCounts>? Hour { get; init; }
}

/// <summary>What happened in one minute.</summary>
public sealed record MinuteCounts
{
    /// <summary>When it began.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Agents that were alive at its end; of the newest minute, now.</summary>
    public required int Alive { get; init; }

    /// <summary>Directives with the verb <c>steer</c> that were issued.</summary>
    public required int Steers { get; init; }

    /// <summary>Directives of any verb that were acknowledged.</summary>
    public required int Acknowledged { get; init; }

    /// <summary>Agents that were asked to stop.</summary>
    public required int Kills { get; init; }

    /// <summary>Calls that were refused for want of a right (401, 403).</summary>
    public required int Refused { get; init; }
}

/// <summary>How many agents there are, by status.</summary>
public sealed record AgentCounts
{
    public required int Known { get; init; }
    public required int Alive { get; init; }

    /// <summary>Of those alive.</summary>
    public required int Paused { get; init; }
    public required int Suspect { get; init; }
    public required int Stopping { get; init; }
    public required int Lost { get; init; }
    public required int Dead { get; init; }
    public required int Declared { get; init; }
}
