using System.Diagnostics.CodeAnalysis;
using SessionMesh.Contracts.Errors;

namespace SessionMesh.Core;

/// <summary>What a command came to: a value, or the reason it was refused. Expected failures are values, not exceptions.</summary>
public readonly struct Outcome<T>
{
    private Outcome(T? value, MeshError? error) => (Value, Error) = (value, error);

    public T? Value { get; }
    public MeshError? Error { get; }

    [MemberNotNullWhen(true, nameof(Value))]
    [MemberNotNullWhen(false, nameof(Error))]
    public bool Succeeded => Error is null;

    public static implicit operator Outcome<T>(T value) => new(value, null);
    public static implicit operator Outcome<T>(MeshError error) => new(default, error);
}

/// <summary>A refusal: the HTTP status it maps to, a stable code of <see cref="ErrorCodes"/>, and what to do next.</summary>
public sealed record MeshError(int Status, string Code, string Detail)
{
    /// <summary>What is wrong with single members, for 400.</summary>
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
        new(400, ErrorCodes.InvalidRequest, $"{pointer.TrimStart('/')}: {message}")
        {
            Members = [new MemberError { Pointer = pointer, Message = message, Allowed = allowed }],
        };
}
