using SessionMesh.Contracts.Errors;

namespace SessionMesh.Core;

/// <summary>What sort of refusal an error is: what a caller can do about it.</summary>
public enum ErrorKind
{
    /// <summary>The request is wrong as it stands. Sent again, it is wrong again.</summary>
    Invalid,

    /// <summary>It is not known who asks.</summary>
    Unauthenticated,

    /// <summary>The caller may not do this.</summary>
    Forbidden,

    /// <summary>There is no such thing, or none that the caller may see.</summary>
    NotFound,

    /// <summary>The thing is in a state that does not allow it.</summary>
    Conflict,

    /// <summary>The thing has changed since the caller looked.</summary>
    Stale,

    /// <summary>The request is larger than is taken.</summary>
    TooLarge,

    /// <summary>An idempotency key came with another request before.</summary>
    Reused,

    /// <summary>A bound is reached: of a rate, an inbox, a quota.</summary>
    Exhausted,

    /// <summary>A fault of the mesh. It is in the log.</summary>
    Internal,

    /// <summary>It cannot be done now, and may be in a moment.</summary>
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
    /// <summary>What is wrong with single members, for <see cref="ErrorKind.Invalid"/>.</summary>
    public IReadOnlyList<MemberError>? Members { get; init; }

    /// <summary>Status of the agent in question.</summary>
    public string? AgentStatus { get; init; }

    /// <summary>Agent whose last heartbeat explains the refusal; -1 for none. The answer adds the time from memory.</summary>
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
