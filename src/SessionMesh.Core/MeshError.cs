using SessionMesh.Contracts.Errors;

namespace SessionMesh.Core;

/// <summary>What sort of refusal an error is, which decides what the caller can do about it.</summary>
public enum ErrorKind
{
    /// <summary>The request is wrong as it stands; sending it again does not help.</summary>
    Invalid,

    /// <summary>The caller is not known.</summary>
    Unauthenticated,

    /// <summary>The caller may not do this.</summary>
    Forbidden,

    /// <summary>There is no such thing, or none that the caller may see.</summary>
    NotFound,

    /// <summary>The thing is in a state that does not allow it.</summary>
    Conflict,

    /// <summary>The thing has changed since the caller read it.</summary>
    Stale,

    /// <summary>The request is larger than the server accepts.</summary>
    TooLarge,

    /// <summary>The idempotency key was used with another request before.</summary>
    Reused,

    /// <summary>A limit is reached: a rate, an inbox or a quota.</summary>
    Exhausted,

    /// <summary>The server failed; the details are in the server's log.</summary>
    Internal,

    /// <summary>It cannot be done now; a retry may succeed soon.</summary>
    Unavailable,

    /// <summary>The disk has no room.</summary>
    DiskFull,
}

/// <summary>A refusal. The server maps its kind to a status of its protocol.</summary>
/// <param name="Kind">What sort of refusal it is.</param>
/// <param name="Code">A stable code of <see cref="ErrorCodes"/>.</param>
/// <param name="Detail">What is wrong and what to do next, in one or two sentences.</param>
public record MeshError(ErrorKind Kind, string Code, string Detail)
{
    /// <summary>What is wrong with individual members, for <see cref="ErrorKind.Invalid"/>.</summary>
    public IReadOnlyList<MemberError>? Members { get; init; }

    /// <summary>Status of the agent in question.</summary>
    public string? AgentStatus { get; init; }

    /// <summary>
    /// Number of the agent whose last heartbeat explains the refusal; -1 for none. The server adds the time of that heartbeat, which is in
    /// memory only.
    /// </summary>
    public int Agent { get; init; } = -1;

    /// <summary>The key that an earlier, secret-bearing call made.</summary>
    public string? KeyId { get; init; }

    /// <summary>Seconds after which a retry may succeed.</summary>
    public int? RetryAfter { get; init; }

    public static MeshError Invalid(string pointer, string message, IReadOnlyList<string>? allowed = null) =>
        new(ErrorKind.Invalid, ErrorCodes.InvalidRequest, $"{pointer.TrimStart('/')}: {message}")
        {
            Members = [new MemberError { Pointer = pointer, Message = message, Allowed = allowed }],
        };
}
