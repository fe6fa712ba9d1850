using SessionMesh.Core;
using SessionMesh.Server.Engine;

namespace SessionMesh.Server.Http;

/// <summary>
/// The result of a mutating call. Exactly one of <see cref="Value"/>, <see cref="Earlier"/> and <see cref="Error"/> is not null.
/// </summary>
public readonly struct MutationResult<T> where T : class
{
    private readonly Command<T>? _command;
    private readonly Func<T, Answer?>? _render;
    private readonly Answer? _rendered;

    /// <param name="rendered">The answer that was kept with the changes; null if none was.</param>
    internal MutationResult(MutationRequest request, Command<T> command, T value, Func<T, Answer?> render, Answer? rendered) =>
        (Request, _command, Value, _render, _rendered) = (request, command, value, render, rendered);

    internal MutationResult(MutationRequest request, Answer earlier) => (Request, Earlier) = (request, earlier);

    internal MutationResult(MutationRequest request, MeshError error) => (Request, Error) = (request, error);

    public MutationRequest Request { get; }

    /// <summary>The command's result, if this call executed it.</summary>
    public T? Value { get; }

    /// <summary>The answer of an earlier call with the same <c>Idempotency-Key</c>; nothing was executed.</summary>
    public Answer? Earlier { get; }

    /// <summary>Why nothing was executed.</summary>
    public MeshError? Error { get; }

    /// <summary>
    /// Whether the answer still has to be kept for its <c>Idempotency-Key</c>, because it could not be rendered in the commit.
    /// </summary>
    internal bool IsUnkept => Request.Token is not null && _rendered is null && _command is { OnlyLooks: false };

    /// <summary>The answer to <see cref="Value"/>.</summary>
    internal Answer Render() =>
        _rendered ?? _render!(Value!) ?? throw new InvalidOperationException($"{_command!.GetType().Name} has no answer");
}
