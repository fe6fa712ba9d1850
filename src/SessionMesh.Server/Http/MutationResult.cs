using SessionMesh.Core;
using SessionMesh.Server.Engine;

namespace SessionMesh.Server.Http;

/// <summary>
/// What a mutating call came to, which is one of three: <see cref="Value"/>, <see cref="Earlier"/> or <see cref="Error"/>; the others
/// are null.
/// </summary>
public readonly struct MutationResult<T> where T : class
{
    private readonly Command<T>? _command;
    private readonly Func<T, Answer?>? _render;
    private readonly Answer? _rendered;

    /// <param name="rendered">The answer that is kept with the changes, if it is.</param>
    internal MutationResult(MutationRequest request, Command<T> command, T value, Func<T, Answer?> render, Answer? rendered) =>
        (Request, _command, Value, _render, _rendered) = (request, command, value, render, rendered);

    internal MutationResult(MutationRequest request, Answer earlier) => (Request, Earlier) = (request, earlier);

    internal MutationResult(MutationRequest request, MeshError error) => (Request, Error) = (request, error);

    public MutationRequest Request { get; }

    /// <summary>The command's result: it was executed by this call.</summary>
    public T? Value { get; }

    /// <summary>The answer of an earlier call under the same <c>Idempotency-Key</c>: nothing was executed.</summary>
    public Answer? Earlier { get; }

    /// <summary>Why nothing was executed.</summary>
    public MeshError? Error { get; }

    /// <summary>
    /// Whether an answer of now would have to be kept by itself: it could have been neither rendered nor kept in the commit.
    /// </summary>
    internal bool IsUnkept => Request.Token is not null && _rendered is null && _command is { OnlyLooks: false };

    /// <summary>The answer to <see cref="Value"/>.</summary>
    internal Answer Render() =>
        _rendered ?? _render!(Value!) ?? throw new InvalidOperationException($"{_command!.GetType().Name} has no answer");
}
