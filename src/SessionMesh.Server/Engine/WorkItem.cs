using SessionMesh.Core;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Log;
using SessionMesh.Core.State;

namespace SessionMesh.Server.Engine;

/// <summary>An answer as it goes over the wire.</summary>
/// <param name="Json">UTF-8 text of the body.</param>
/// <param name="KeyId">Set when <paramref name="Json"/> shows a secret: then it is neither stored nor repeated.</param>
/// <param name="Version">Goes out as the <c>ETag</c>; null for none.</param>
public sealed record Answer(int Status, byte[] Json, string? KeyId = null, long? Version = null);

/// <summary>What became of a command.</summary>
/// <param name="Outcome">Value or error.</param>
/// <param name="Answer">The rendered answer, when the call carried an <c>Idempotency-Key</c> and succeeded now.</param>
/// <param name="Earlier">The receipt of an earlier call with the same key; then <paramref name="Outcome"/> says nothing.</param>
public readonly record struct Executed<T>(Outcome<T> Outcome, Answer? Answer = null, Receipt? Earlier = null);

/// <summary>A queued command, with whoever waits for it.</summary>
internal abstract class WorkItem
{
    /// <summary>See <see cref="Command{T}.Weight"/>.</summary>
    public abstract int Weight { get; }

    /// <summary>Decides into the draft. Any exception is a bug; the engine keeps it to this command.</summary>
    public abstract void Decide(MeshDraft draft);

    /// <summary>The batch, or this command, failed; nothing of it is there. The caller hears of it with <see cref="Complete"/>.</summary>
    public abstract void Fail(MeshError error);

    /// <summary>
    /// Answers the caller, with what was decided or with why it failed. What the caller does next runs inside of this call, so that the
    /// engine's thread never makes it: see <see cref="Callers"/>.
    /// </summary>
    public abstract void Complete();
}

internal sealed class WorkItem<T>(Command<T> command, Origin origin, IdempotencyToken? token, Func<T, Answer?>? render) : WorkItem
{
    // Its continuations run where it is completed: on the pool, several callers after one another.
    private readonly TaskCompletionSource<Executed<T>> _done = new();
    private Executed<T> _executed;

    public Task<Executed<T>> Done => _done.Task;

    public override int Weight => command.Weight;

    public override void Decide(MeshDraft draft)
    {
        draft.Origin = origin;
        if (!draft.ActFor(command.Actor) && command.NeedsValidKey)
        {
            _executed = new(KeyRules.Unauthenticated()); // revoked, or expired, since the call came in
            return;
        }

        if (token is not null)
        {
            var (earlier, error) = ReceiptRules.Find(draft, token);
            if (error is not null || earlier is not null)
            {
                _executed = error is null ? new(default, Earlier: earlier) : new(error);
                return;
            }
        }

        var before = draft.Revision;
        var outcome = command.Decide(draft);
        if (!outcome.Succeeded && draft.Revision != before)
        {
            throw new InvalidOperationException($"{command.GetType().Name} emitted changes and then failed with {outcome.Error.Code}");
        }

        _executed = new(outcome);

        // A call that changed nothing needs no receipt: deciding it anew is as good.
        if (token is not null && outcome.Succeeded && draft.Revision != before)
        {
            if (render!(outcome.Value) is not { } answer)
            {
                return;
            }

            var shown = answer.KeyId is null ? System.Text.Encoding.UTF8.GetString(answer.Json) : null;
            ReceiptRules.Keep(draft, token, answer.Status, shown, answer.KeyId);
            _executed = new(outcome, answer);
        }
    }

    public override void Complete() => _done.TrySetResult(_executed);

    public override void Fail(MeshError error) => _executed = new(error);
}
