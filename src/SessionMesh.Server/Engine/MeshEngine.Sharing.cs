using SessionMesh.Core;
using SessionMesh.Core.Audit;
using SessionMesh.Core.State;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Engine;

/// <summary>The engine beside those of other nodes, which append to the same log.</summary>
public sealed partial class MeshEngine
{
    /// <summary>After so many batches that came too late, one after another, the next one queues. Set before the start.</summary>
    internal int PatienceInRaces { get; set; } = 8;

    private int _lostRaces;

    /// <summary>Where the log stood when the commands that are run now asked first; null until they have.</summary>
    private long? _asked;

    /// <summary>Whether other nodes append to the same log.</summary>
    public bool IsShared => _store.IsShared;

    /// <summary>Whether this node decides what time brings about.</summary>
    public bool IsJudge => _store.IsJudge;

    /// <summary>There may be changes of other nodes; the store knows.</summary>
    public void LookForNews() => _queue.Nudge();

    /// <summary>
    /// Completes once memory has all that was in the log when it was called, whichever node wrote it. Many that ask at once cost one look.
    /// </summary>
    /// <returns>Null, or why it is not known.</returns>
    public async Task<MeshError?> CatchUpAsync() =>
        IsShared ? (await ExecuteAsync(new EmptyTurn { Actor = Actors.Mesh }, Origin.Mesh)).Error : null;

    /// <summary>Applies what other nodes have written, where no command waits that would find out by itself.</summary>
    private void TakeNews()
    {
        try
        {
            while (_queue.Count == 0 && _store.Begin(State.Revision) is { Count: > 0 } missed)
            {
                Follow(missed);
            }
        }
#pragma warning disable CA1031 // Whatever a store throws must not take the engine down; whoever watches over the store says what is wrong.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogNotFollowed(e);
        }
    }

    /// <summary>
    /// A batch that changes nothing is only as true as memory is new: what others have written is looked for before anyone is refused. One
    /// look is enough, however fast they write: with what was there then, the answer is of a moment after the question.
    /// </summary>
    private CommitResult Confirm(MeshDraft draft)
    {
        if (!_store.IsShared)
        {
            return CommitResult.Committed;
        }

        try
        {
            if (draft.Base.Revision >= _asked)
            {
                return CommitResult.Committed;
            }

            var missed = _store.Look(draft.Base.Revision);
            _asked ??= _store.Stands;
            return missed.Count > 0 ? CommitResult.Behind(missed) : CommitResult.Committed;
        }
#pragma warning disable CA1031 // Whatever a store throws must not take the engine down.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return new CommitResult(CommitOutcome.Failed, e);
        }
    }

    private void LoseRace()
    {
        _lostRaces++;
        _metrics.LostRace();
    }

    /// <summary>Applies what others have committed, and publishes it like our own.</summary>
    private void Follow(IReadOnlyList<Change> missed)
    {
        if (missed.Count == 0)
        {
            return;
        }

        var draft = new MeshDraft(State, _clock.NotBefore(missed[^1].At));
        foreach (var change in missed)
        {
            draft.Apply(change);
        }

        Finish(draft);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What other nodes have written could not be read; it is tried again")]
    private partial void LogNotFollowed(Exception e);
}
