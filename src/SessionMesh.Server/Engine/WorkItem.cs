using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;
using SessionMesh.Server.Telemetry;
using Activity = System.Diagnostics.Activity;
using ActivityContext = System.Diagnostics.ActivityContext;
using ActivityLink = System.Diagnostics.ActivityLink;

namespace SessionMesh.Server.Engine;

/// <summary>An answer as it is sent.</summary>
/// <param name="Json">UTF-8 text of the body.</param>
/// <param name="KeyId">Set if <paramref name="Json"/> contains a secret: then it is neither stored nor repeated.</param>
/// <param name="Version">The <c>ETag</c>; null for none.</param>
public sealed record Answer(int Status, byte[] Json, string? KeyId = null, long? Version = null);

/// <summary>The result of a command.</summary>
/// <param name="Outcome">Value or error.</param>
/// <param name="Answer">The rendered answer, if the call had an <c>Idempotency-Key</c> and succeeded now.</param>
/// <param name="Earlier">The receipt of an earlier call with the same key; then <paramref name="Outcome"/> is meaningless.</param>
public readonly record struct Executed<T>(Outcome<T> Outcome, Answer? Answer = null, Receipt? Earlier = null);

/// <summary>A queued command, and the caller that waits for it.</summary>
internal abstract class WorkItem
{
    /// <summary>See <see cref="Command{T}.Weight"/>.</summary>
    public abstract int Weight { get; }

    /// <summary>See <see cref="Command{T}.IsVital"/>.</summary>
    public virtual bool IsVital(MeshState state) => false;

    /// <summary>Whether it has a span.</summary>
    public virtual bool IsTraced => false;

    /// <summary>Links its span to that of its batch.</summary>
    public virtual void Join(ActivityContext batch)
    {
    }

    /// <summary>Decides into the draft. An exception is a bug; the engine fails this command alone.</summary>
    public abstract void Decide(MeshDraft draft);

    /// <summary>
    /// Sets the error: the batch, or this command, failed, and nothing of it is stored. <see cref="Complete"/> tells the caller.
    /// </summary>
    public abstract void Fail(MeshError error);

    /// <summary>
    /// Answers the caller, with the decision or the error. The caller's continuation runs inside this call, so the engine's thread never
    /// makes it: see <see cref="Callers"/>.
    /// </summary>
    public abstract void Complete();
}

internal sealed class WorkItem<T>(
    Command<T> command, Origin origin, IdempotencyToken? token, Func<T, Answer?>? render, MeshMetrics metrics) : WorkItem
{
    private readonly Activity? _span = MeshTraces.Queue(command);
    private string _outcome = CommandOutcome.Refused;

    // Continuations run synchronously in Complete, on the pool: several callers, one after another.
    private readonly TaskCompletionSource<Executed<T>> _done = new();
    private Executed<T> _executed;

    public Task<Executed<T>> Done => _done.Task;

    public override int Weight => command.Weight;

    public override bool IsVital(MeshState state) => command.IsVital(state);

    public override bool IsTraced => _span is not null;

    public override void Join(ActivityContext batch) => _span?.AddLink(new ActivityLink(batch));

    public override void Decide(MeshDraft draft)
    {
        _outcome = CommandOutcome.Refused;
        draft.Origin = origin;
        if (!draft.ActFor(command.Actor) && command.NeedsValidKey)
        {
            _executed = new(KeyRules.Unauthenticated()); // revoked or expired since the call came in
            return;
        }

        if (command.IsForTheJudge && !draft.IsJudging)
        {
            _executed = new(Refusals.NotTheJudge()); // it was when this was queued; the judge finds it due as well
            return;
        }

        if (token is not null)
        {
            var (earlier, error) = ReceiptRules.Find(draft, token);
            if (error is not null || earlier is not null)
            {
                _executed = error is null ? new(default, Earlier: earlier) : new(error);
                _outcome = error is null ? CommandOutcome.Replayed : CommandOutcome.Refused;
                return;
            }

            if (!command.OnlyLooks && ReceiptRules.CheckRoom(draft) is { } full)
            {
                _executed = new(full);
                return;
            }
        }

        var before = draft.Revision;
        var outcome = command.Decide(draft);
        if (!outcome.Succeeded && draft.Revision != before)
        {
            throw new InvalidOperationException($"{command.GetType().Name} emitted changes and then failed with {outcome.Error.Code}");
        }

        draft.IsJudgement |= command.IsForTheJudge && draft.Revision != before;
        _executed = new(outcome);
        _outcome = !outcome.Succeeded ? CommandOutcome.Refused
            : draft.Revision == before ? CommandOutcome.Unchanged
            : CommandOutcome.Committed;

        // Kept even for a call that changed nothing: a repeat could change something.
        if (token is not null && outcome.Succeeded && !command.OnlyLooks && render!(outcome.Value) is { } answer)
        {
            ReceiptRules.Keep(draft, token, answer.Status, answer.KeyId is null ? answer.Json : null, answer.KeyId, answer.Version);
            _executed = new(outcome, answer);
        }
    }

    public override void Complete()
    {
        metrics.Executed(CommandName.Of(command), _outcome);
        if (_span is not null)
        {
            _span.SetTag("outcome", _outcome);
            MeshTraces.End(_span);
        }

        _done.TrySetResult(_executed);
    }

    public override void Fail(MeshError error)
    {
        _executed = new(error);
        _outcome = error.Code == ErrorCodes.Busy ? CommandOutcome.Busy : CommandOutcome.Failed;
    }
}
