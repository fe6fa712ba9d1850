using SessionMesh.Core;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.Keys;

namespace SessionMesh.Server.Http;

/// <summary>
/// A mutating call without a body, after reading: the error in it, or the caller and the idempotency token to execute under.
/// </summary>
public class MutationRequest
{
    internal MutationRequest(HttpContext http, UInt128 hash, MeshError? error = null)
    {
        (Http, Key) = (http, http.GetKey());
        Error = error ?? IdempotencyHeader.Check(http);
        Token = Error is null ? IdempotencyHeader.Token(http, Key, hash) : null;
    }

    public HttpContext Http { get; }

    /// <summary>The caller's key.</summary>
    public Key Key { get; }

    /// <summary>Null without an <c>Idempotency-Key</c>.</summary>
    public IdempotencyToken? Token { get; private set; }

    /// <summary>Why the call cannot be bound, or null. An error in the body comes before one in the header.</summary>
    public MeshError? Error { get; }

    /// <summary>
    /// Lets the call be executed only once by a name that its body gives it, as by an <c>Idempotency-Key</c>. One that came with the call
    /// counts instead.
    /// </summary>
    /// <param name="name">Of a protocol, with a line break in it, which no header can have.</param>
    /// <param name="content">Hash of what is asked for: something else under the same name is refused.</param>
    internal void OnceBy(string name, UInt128 content) => Token ??= IdempotencyHeader.Token(Key, name, content);

    /// <summary>Binds the call to a command, unless there is an error already.</summary>
    /// <param name="bind">Makes a command, or an error, from the caller's key. Pure.</param>
    public Outcome<Command<T>> Bind<T>(Func<Key, Outcome<Command<T>>> bind) => Error is { } error ? error : bind(Key);
}

/// <inheritdoc cref="MutationRequest"/>
public sealed class MutationRequest<TBody> : MutationRequest where TBody : class
{
    private readonly TBody? _body;

    internal MutationRequest(HttpContext http, Parsed<TBody> parsed) : base(http, parsed.Hash, parsed.Error) => _body = parsed.Value;

    /// <summary>The body; only if <see cref="MutationRequest.Error"/> is null.</summary>
    public TBody Body => _body ?? throw new InvalidOperationException("a request with an error has no body");

    /// <summary>Binds the call to a command, unless there is an error already.</summary>
    /// <param name="bind">Makes a command, or an error, from the caller's key and the body. Pure.</param>
    public Outcome<Command<T>> Bind<T>(Func<Key, TBody, Outcome<Command<T>>> bind) => Error is { } error ? error : bind(Key, Body);
}
