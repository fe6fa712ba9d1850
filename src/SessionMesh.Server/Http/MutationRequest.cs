using SessionMesh.Core;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.Keys;

namespace SessionMesh.Server.Http;

/// <summary>A mutating call without a body, as it was read: what is wrong with it, or what it is to be executed under.</summary>
public class MutationRequest
{
    internal MutationRequest(HttpContext http, UInt128 hash, MeshError? error = null)
    {
        (Http, Key) = (http, http.GetKey());
        Error = error ?? IdempotencyHeader.Check(http);
        Token = Error is null ? IdempotencyHeader.Token(http, Key, hash) : null;
    }

    public HttpContext Http { get; }

    /// <summary>The caller's.</summary>
    public Key Key { get; }

    /// <summary>Null without an <c>Idempotency-Key</c>.</summary>
    public IdempotencyToken? Token { get; }

    /// <summary>Why it cannot be bound: the body before the header. Null when it can.</summary>
    public MeshError? Error { get; }

    /// <summary>The command that the call asks for, unless there is an error already.</summary>
    /// <param name="bind">From the caller's key to a command, or an error. Pure.</param>
    public Outcome<Command<T>> Bind<T>(Func<Key, Outcome<Command<T>>> bind) => Error is { } error ? error : bind(Key);
}

/// <inheritdoc cref="MutationRequest"/>
public sealed class MutationRequest<TBody> : MutationRequest where TBody : class
{
    private readonly TBody? _body;

    internal MutationRequest(HttpContext http, Parsed<TBody> parsed) : base(http, parsed.Hash, parsed.Error) => _body = parsed.Value;

    /// <summary>There once it is known that nothing is wrong.</summary>
    public TBody Body => _body ?? throw new InvalidOperationException("what could not be read has no body");

    /// <summary>The command that the call asks for, unless there is an error already.</summary>
    /// <param name="bind">From the caller's key and the body to a command, or an error. Pure.</param>
    public Outcome<Command<T>> Bind<T>(Func<Key, TBody, Outcome<Command<T>>> bind) => Error is { } error ? error : bind(Key, Body);
}
