using System.Buffers;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using Microsoft.EntityFrameworkCore;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Events;
using SessionMesh.Core;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.State;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Http;

/// <summary>
/// The steps of every mutating call: read the request, bind it to a command (<see cref="MutationRequest.Bind{T}"/>), execute it (under its
/// <c>Idempotency-Key</c>, if any), answer. An error passes through the steps as a value, and the last step writes it. A handler only binds
/// and renders; it cannot forget to audit, notify or persist, because it does none of the three. Thread-safe.
/// </summary>
public sealed class Mutations(MeshEngine engine, MeshStore store, ProblemWriter problems)
{
    /// <summary>Reads a call without a body.</summary>
    public static MutationRequest Read(HttpContext http) =>
        new(http, IdempotencyHeader.IsGiven(http) ? RequestBody.HashOf(http, ReadOnlySequence<byte>.Empty) : default);

    /// <summary>Reads a call with a JSON body.</summary>
    /// <param name="most">Most bytes in the body.</param>
    public static async ValueTask<MutationRequest<TBody>> ReadAsync<TBody>(
        HttpContext http, JsonTypeInfo<TBody> type, int most = Limits.BodyBytes) where TBody : class =>
        new(http, await RequestBody.ReadJsonAsync(http, type, optional: false, hash: IdempotencyHeader.IsGiven(http), most));

    /// <summary>Reads a call with an optional JSON body; no body means an empty object.</summary>
    public static async ValueTask<MutationRequest<TBody>> ReadOptionalAsync<TBody>(
        HttpContext http, JsonTypeInfo<TBody> type) where TBody : class, new()
    {
        var parsed = await RequestBody.ReadJsonAsync(http, type, optional: true, hash: IdempotencyHeader.IsGiven(http));
        return new(http, parsed with { Value = parsed.Value ?? new TBody() });
    }

    /// <summary>
    /// Executes the command, only once per <c>Idempotency-Key</c>. Completes when it is durable, refused, or found to have been executed
    /// before.
    /// </summary>
    /// <param name="render">
    /// Makes the answer from the result; null if the answer is known only after the commit. Must be pure and quick: under an
    /// <c>Idempotency-Key</c> it runs on the engine's thread, inside the commit that keeps the answer.
    /// </param>
    public async Task<MutationResult<T>> ExecuteAsync<T>(
        MutationRequest request, Outcome<Command<T>> command, Func<T, Answer?> render) where T : class
    {
        if (!command.Succeeded)
        {
            return new(request, command.Error);
        }

        var origin = request.Http.StampOrigin();
        var executed = command.Value.NeedsNoTurn
            ? new Executed<T>(engine.Look(command.Value))
            : await engine.ExecuteAsync(command.Value, origin, request.Token, render);
        if (executed.Earlier is { } earlier)
        {
            return await ReadEarlierAsync(earlier) is { } first ? new(request, first) : new(request, NotKept());
        }

        return executed.Outcome.Succeeded
            ? new(request, command.Value, executed.Outcome.Value, render, executed.Answer)
            : new(request, executed.Outcome.Error);
    }

    /// <summary>Writes the answer, or the error.</summary>
    /// <param name="instead">Replaces the rendered or the earlier answer, unless null.</param>
    public Task AnswerAsync<T>(in MutationResult<T> result, Answer? instead = null) where T : class
    {
        var http = result.Request.Http;
        http.Response.Headers[StreamHeader.Revision] =
            engine.State.Revision.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (result.Error is { } error)
        {
            return problems.WriteAsync(http, error);
        }

        if (result.Earlier is { } earlier)
        {
            return ReplayAsync(http, instead ?? earlier);
        }

        var answer = instead ?? result.Render();
        return result.IsUnkept && answer.Status < StatusCodes.Status400BadRequest
            ? KeepAndAnswerAsync(result.Request, answer)
            : Answers.WriteAsync(http, answer);
    }

    /// <summary>Keeps the answer in a commit of its own: the call changed nothing, and its answer was not known until now.</summary>
    private async Task KeepAndAnswerAsync(MutationRequest request, Answer answer)
    {
        var http = request.Http;
        var keep = new KeepAnswer { Actor = request.Key.Id, Answer = answer };
        var kept = await engine.ExecuteAsync(keep, http.StampOrigin(), request.Token, found => found);
        if (kept.Earlier is { } other)
        {
            await (await ReadEarlierAsync(other) is { } first ? ReplayAsync(http, first) : problems.WriteAsync(http, NotKept()));
            return;
        }

        await (kept.Outcome.Succeeded ? Answers.WriteAsync(http, answer) : problems.WriteAsync(http, kept.Outcome.Error));
    }

    private static Task ReplayAsync(HttpContext http, Answer answer)
    {
        http.Response.Headers["Idempotency-Replayed"] = "true";
        return Answers.WriteAsync(http, answer);
    }

    /// <summary>The answer of the first call; null if it is gone: it may have been trimmed since the engine looked.</summary>
    private async Task<Answer?> ReadEarlierAsync(Receipt receipt)
    {
        await using var db = store.OpenReader();
        var row = await db.Receipts.Where(r => r.Revision == receipt.Revision)
            .Select(r => new { r.Answer, r.Version }).SingleOrDefaultAsync();
        return row?.Answer is null ? null : new Answer(receipt.Status, Encoding.UTF8.GetBytes(row.Answer), Version: row.Version);
    }

    /// <summary>For a repeated call whose answer is gone: it is never executed again.</summary>
    private static MeshError NotKept() => new(ErrorKind.Conflict, ErrorCodes.AnswerNotKept,
        "This call succeeded before, and its answer is kept no longer. Look at what it changed; "
        + "to do it once more, send a new Idempotency-Key.");

    private sealed record KeepAnswer : Command<Answer>
    {
        public required Answer Answer { get; init; }
        public override int Weight => BaseWeight + Answer.Json.Length;

        public override Outcome<Answer> Decide(MeshDraft draft) => Answer;
    }
}
