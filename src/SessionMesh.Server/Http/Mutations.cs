using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using Microsoft.EntityFrameworkCore;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Store.Sqlite;

namespace SessionMesh.Server.Http;

/// <summary>
/// The way of every mutating call: read the body, bind it to a command, execute it (under its <c>Idempotency-Key</c>, if it has
/// one), write the answer. A handler only binds and renders; it cannot forget the rest.
/// </summary>
public sealed class Mutations(MeshEngine engine, MeshStore store, ProblemWriter problems)
{
    private const string Header = "Idempotency-Key";

    /// <summary>A call with a JSON body.</summary>
    /// <param name="bind">From caller and body (null only if <paramref name="optional"/>) to a command, or an error. Pure.</param>
    /// <param name="render">From the result to the answer. Pure, see <see cref="MeshEngine.ExecuteAsync{T}(Command{T}, Core.Audit.Origin, IdempotencyToken?, Func{T, Answer?}?)"/>.</param>
    /// <param name="finish">What happens between commit and answer, such as waiting for an ack; it may make another answer.</param>
    /// <param name="finishAgain">The same for a call that is repeated under its <c>Idempotency-Key</c>, from the first answer's body: a
    /// retry that asks to wait does wait.</param>
    /// <param name="most">Bytes of the body.</param>
    public async Task RunAsync<TBody, TResult>(
        HttpContext http,
        JsonTypeInfo<TBody> type,
        Func<Key, TBody?, Outcome<Command<TResult>>> bind,
        Func<TResult, Answer?> render,
        bool optional = false,
        Func<TBody?, TResult, Task<Answer?>>? finish = null,
        Func<TBody?, byte[], Task<Answer?>>? finishAgain = null,
        int most = Limits.BodyBytes) where TBody : class
    {
        var key = http.GetKey();
        var idempotencyKey = http.Request.Headers[Header];
        var parsed = await RequestBody.ReadJsonAsync(http, type, optional, hash: idempotencyKey.Count > 0, most);
        if (parsed.Error is { } unread)
        {
            await problems.WriteAsync(http, unread);
            return;
        }

        var (token, error) = Token(key, idempotencyKey, parsed.Hash);
        var command = error is null ? bind(key, parsed.Value) : error;
        if (!command.Succeeded)
        {
            await problems.WriteAsync(http, command.Error);
            return;
        }

        await ExecuteAsync(
            http, command.Value, token, render,
            finish is null ? null : result => finish(parsed.Value, result),
            finishAgain is null ? null : answer => finishAgain(parsed.Value, answer));
    }

    /// <summary>A call without a body.</summary>
    public async Task RunAsync<TResult>(
        HttpContext http,
        Func<Key, Outcome<Command<TResult>>> bind,
        Func<TResult, Answer?> render,
        Func<TResult, Task<Answer?>>? finish = null,
        Func<byte[], Task<Answer?>>? finishAgain = null)
    {
        var key = http.GetKey();
        var idempotencyKey = http.Request.Headers[Header];
        var (token, error) = Token(key, idempotencyKey, idempotencyKey.Count > 0 ? RequestBody.HashOf(http, ReadOnlySequence<byte>.Empty) : default);
        var command = error is null ? bind(key) : error;
        if (!command.Succeeded)
        {
            await problems.WriteAsync(http, command.Error);
            return;
        }

        await ExecuteAsync(http, command.Value, token, render, finish, finishAgain);
    }

    /// <summary>Null when there is no such header or it has the right form; for calls that are idempotent without it.</summary>
    public static MeshError? CheckHeader(HttpContext http) => http.Request.Headers.TryGetValue(Header, out var header) ? CheckForm(header) : null;

    private static MeshError? CheckForm(Microsoft.Extensions.Primitives.StringValues header) =>
        header is [{ Length: > 0 and <= Limits.IdempotencyKeyLength }]
            ? null
            : MeshError.Invalid("/Idempotency-Key", $"the header has 1 to {Limits.IdempotencyKeyLength} characters and is sent once");

    private static (IdempotencyToken? Token, MeshError? Error) Token(Key key, Microsoft.Extensions.Primitives.StringValues header, UInt128 request)
    {
        if (header.Count == 0)
        {
            return (null, null);
        }

        if (CheckForm(header) is { } error)
        {
            return (null, error);
        }

        var scope = SHA256.HashData(Encoding.UTF8.GetBytes($"{key.Lineage}\n{header[0]}"));
        return (new IdempotencyToken(BinaryPrimitives.ReadUInt128BigEndian(scope), request), null);
    }

    private async Task ExecuteAsync<TResult>(
        HttpContext http,
        Command<TResult> command,
        IdempotencyToken? token,
        Func<TResult, Answer?> render,
        Func<TResult, Task<Answer?>>? finish,
        Func<byte[], Task<Answer?>>? finishAgain)
    {
        var origin = http.StampOrigin();
        var executed = command.NeedsNoTurn
            ? new Executed<TResult>(engine.Look(command))
            : await engine.ExecuteAsync(command, origin, token, render);
        if (executed.Earlier is { } earlier)
        {
            await ReplayAsync(http, earlier, finishAgain);
            return;
        }

        if (!executed.Outcome.Succeeded)
        {
            await problems.WriteAsync(http, executed.Outcome.Error);
            return;
        }

        var answer = (finish is null ? null : await finish(executed.Outcome.Value)) ?? executed.Answer ?? render(executed.Outcome.Value)
            ?? throw new InvalidOperationException($"{command.GetType().Name} has no answer");
        if (token is not null && executed.Answer is null && !command.OnlyLooks && answer.Status < StatusCodes.Status400BadRequest)
        {
            // Nothing was changed, and what to answer was known only now: it is kept by itself.
            var kept = await engine.ExecuteAsync(new KeepAnswer { Actor = command.Actor, Answer = answer }, origin, token, found => found);
            if (kept.Earlier is { } other)
            {
                await ReplayAsync(http, other, finishAgain);
                return;
            }

            if (!kept.Outcome.Succeeded)
            {
                await problems.WriteAsync(http, kept.Outcome.Error);
                return;
            }
        }

        await Answers.WriteAsync(http, answer);
    }

    /// <summary>
    /// Answers what the first call answered. It is never done again, even where its answer is gone: its time may be over since the engine
    /// looked.
    /// </summary>
    private async Task ReplayAsync(HttpContext http, Receipt earlier, Func<byte[], Task<Answer?>>? finishAgain)
    {
        if (await ReadAnswerAsync(earlier) is not { } first)
        {
            await problems.WriteAsync(http, new MeshError(ErrorKind.Conflict, ErrorCodes.AnswerNotKept,
                "This call succeeded before, and its answer is kept no longer. Look at what it changed; "
                + "to do it once more, send a new Idempotency-Key."));
            return;
        }

        http.Response.Headers["Idempotency-Replayed"] = "true";
        await Answers.WriteAsync(http, (finishAgain is null ? null : await finishAgain(first.Json)) ?? first);
    }

    private async Task<Answer?> ReadAnswerAsync(Receipt receipt)
    {
        await using var db = store.OpenReader();
        var row = await db.Receipts.Where(r => r.Revision == receipt.Revision)
            .Select(r => new { r.Answer, r.Version }).SingleOrDefaultAsync();
        return row?.Answer is null ? null : new Answer(receipt.Status, Encoding.UTF8.GetBytes(row.Answer), Version: row.Version);
    }

    private sealed record KeepAnswer : Command<Answer>
    {
        public required Answer Answer { get; init; }
        public override int Weight => BaseWeight + Answer.Json.Length;

        public override Outcome<Answer> Decide(MeshDraft draft) => Answer;
    }
}
