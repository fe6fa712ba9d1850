using System.Text.Json.Serialization;
using SessionMesh.Contracts.Json;

namespace SessionMesh.Contracts.Sessions;

/// <summary>Body of <c>POST /sessions</c>; every member may be left out, and so may the body.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record CreateSessionRequest
{
    /// <summary>Chosen by the server unless given: 12 lower-case hex digits.</summary>
    [JsonConverter(typeof(IdTextConverter))]
    public string? Id { get; init; }

    /// <summary><c>anonymous</c> by default.</summary>
    public string? User { get; init; }

    /// <summary>Seconds, from one to a year; 3600 by default; the word <c>none</c> for a session without an end.</summary>
    [JsonConverter(typeof(SessionTtlConverter))]
    public int? Ttl { get; init; }

    /// <summary>Text by name.</summary>
    public IReadOnlyDictionary<string, string>? Meta { get; init; }
}

/// <summary>Body of <c>PATCH /sessions/{id}</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record UpdateSessionRequest
{
    /// <summary>A text sets the entry, null takes it away; what is not named stays.</summary>
    public IReadOnlyDictionary<string, string?>? Meta { get; init; }
}

/// <summary>Body of <c>POST /sessions/{id}/refresh</c>; may be left out.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record RefreshSessionRequest
{
    /// <summary>Seconds, or <c>none</c>; what the session has by default.</summary>
    [JsonConverter(typeof(SessionTtlConverter))]
    public int? Ttl { get; init; }
}

/// <summary>Answer of <c>DELETE /sessions/{id}</c>.</summary>
public sealed record DeletedSession
{
    public required string Deleted { get; init; }
}
