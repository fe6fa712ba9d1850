using System.Text.Json.Serialization;
using SessionMesh.Core.Json;

namespace SessionMesh.Core.Sessions;

/// <summary>A session began. Subject: its id.</summary>
public sealed record SessionCreated : Change
{
    public const string Name = "session.created";
    public required string User { get; init; }

    /// <summary>Seconds; 0 for none.</summary>
    public required int Ttl { get; init; }

    /// <summary>Null for none.</summary>
    [JsonConverter(typeof(MetaConverter))]
    public Meta? Meta { get; init; }

    [JsonConverter(typeof(MicroTimeConverter))]
    public required long ExpiresAt { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    [JsonIgnore]
    public override long Weight => BaseWeight + (Meta?.Utf8().Length ?? 0);
}

/// <summary>A session of another store came here as it was. Subject: its id.</summary>
public sealed record SessionImported : Change
{
    public const string Name = "session.imported";
    public required string User { get; init; }
    public bool Expired { get; init; }
    public required int Ttl { get; init; }

    [JsonConverter(typeof(MetaConverter))]
    public Meta? Meta { get; init; }

    [JsonConverter(typeof(MicroTimeConverter))]
    public required long CreatedAt { get; init; }

    [JsonConverter(typeof(MicroTimeConverter))]
    public required long LastAccess { get; init; }

    [JsonConverter(typeof(MicroTimeConverter))]
    public required long ExpiresAt { get; init; }

    [JsonConverter(typeof(MicroTimeConverter))]
    public required long ExpiredAt { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    [JsonIgnore]
    public override long Weight => BaseWeight + (Meta?.Utf8().Length ?? 0);
}

/// <summary>Entries of a session's metadata were set, or taken away where they are null. Subject: its id.</summary>
public sealed record SessionUpdated : Change
{
    public const string Name = "session.updated";
    public required IReadOnlyDictionary<string, string?> Meta { get; init; }

    /// <summary>The agent whose registration it is; null for a plain session.</summary>
    public string? AgentId { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    [JsonIgnore]
    public override long Weight => BaseWeight + Meta.Sum(entry => entry.Key.Length + (entry.Value?.Length ?? 0));
}

/// <summary>A session's time began anew. Subject: its id.</summary>
public sealed record SessionRefreshed : Change
{
    public const string Name = "session.refreshed";
    public required int Ttl { get; init; }

    [JsonConverter(typeof(MicroTimeConverter))]
    public required long ExpiresAt { get; init; }

    [JsonIgnore]
    public override string Kind => Name;
}

/// <summary>A session is over: its time was, or somebody said so. Subject: its id.</summary>
public sealed record SessionExpired : Change
{
    public const string Name = "session.expired";
    public bool ByHand { get; init; }

    [JsonIgnore]
    public override string Kind => Name;
}

/// <summary>A session was removed, with all that was known of it. Subject: its id.</summary>
public sealed record SessionDeleted : Change
{
    public const string Name = "session.deleted";
    public string? Reason { get; init; }

    [JsonIgnore]
    public override string Kind => Name;
}
