using System.Buffers;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using Microsoft.EntityFrameworkCore;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.State;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Store.Sqlite;

namespace SessionMesh.Server.Http;

/// <summary>
/// The steps of every mutating call, in this order: read the request, bind it to a command (<see cref="MutationRequest.Bind{T}"/>),
/// execute it (under its <c>Idempotency-Key</c>, if it has one), answer. An error passes through the steps as a value, and the last one
/// writes it. A handler binds and renders; it cannot forget to audit, to notify or to persist, because it does none of the three.
/// Thread-safe.
/// </summary>
public sealed class Mutations(MeshEngine engine, MeshStore store, ProblemWriter problems)
{
    /// <summary>A call without a body.</summary>
    public static MutationRequest Read(HttpContext http) =>
        new(http, IdempotencyHeader.IsGiven(http) ? RequestBody.HashOf(http, ReadOnlySequence<byte>.Empty) : default);

    /// <summary>A call with a JSON body.</summary>
    /// <param name="most">Bytes of the body.</param>
    public static async ValueTask<MutationRequest<TBody>> ReadAsync<TBody>(
        HttpContext http, JsonTypeInfo<TBody> type, int most = Limits.BodyBytes) where TBody : class =>
        new(http, await RequestBody.ReadJsonAsync(http, type, optional: false, hash: IdempotencyHeader.IsGiven(http), most));

    /// <summary>A call whose JSON body may be left out: that is the same as an empty object.</summary>
    public static async ValueTask<MutationRequest<TBody>> ReadOptionalAsync<TBody>(
        HttpContext http, JsonTypeInfo<TBody> type) where TBody : class, new()
    {
        var parsed = await RequestBody.ReadJsonAsync(http, type, optional: true, hash: IdempotencyHeader.IsGiven(http));
        return new(http, parsed with { Value = parsed.Value ?? new TBody() });
    }

    /// <summary>
    /// Executes the command, once under an <c>Idempotency-Key</c>; completes when it is durable, refused, or found done before.
    /// </summary>
    /// <param name="render">
    /// From the result to the answer; null when the answer is known only after the commit. Pure and quick, for under an
    /// <c>Idempotency-Key</c> it runs on the engine's thread, inside of the commit that keeps the answer.
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
    /// <param name="instead">What to answer instead of what was rendered, or answered before; null for that.</param>
    public Task AnswerAsync<T>(in MutationResult<T> result, Answer? instead = null) where T : class
    {
        var http = result.Request.Http;
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

    /// <summary>For a call that changed nothing, and of which it was known only now what to answer: that is kept by itself.</summary>
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

    /// <summary>The answer of the first call; null when it is gone: its time may be over since the engine looked.</summary>
    private async Task<Answer?> ReadEarlierAsync(Receipt receipt)
    {
        await using var db = store.OpenReader();
        var row = await db.Receipts.Where(r => r.Revision == receipt.Revision)
            .Select(r => new { r.Answer, r.Version }).SingleOrDefaultAsync();
        return row?.Answer is null ? null : new Answer(receipt.Status, Encoding.UTF8.GetBytes(row.Answer), Version: row.Version);
    }

    /// <summary>A call is never done again, even where its answer is gone.</summary>
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
