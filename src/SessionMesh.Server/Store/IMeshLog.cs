using SessionMesh.Core;
using SessionMesh.Core.State;

namespace SessionMesh.Server.Store;

/// <summary>
/// The store as the engine sees it: one log, to which a batch of changes is appended together with the rows they add up to. All
/// members are called by the engine's thread alone.
/// </summary>
/// <remarks>
/// A turn is <see cref="Begin"/>, then <see cref="Commit"/>, and <see cref="Resolve"/> where the outcome of the commit is unknown.
/// Whatever these throw means that nothing of the batch is there, and that the fault lies in the batch.
/// </remarks>
public interface IMeshLog : IDisposable
{
    /// <summary>
    /// Changes that others have committed after <paramref name="revision"/>, oldest first and without a gap. Empty where this
    /// process is the only writer.
    /// </summary>
    IReadOnlyList<Change> Begin(long revision);

    /// <summary>
    /// Whether the disk is full and what was kept back for that is in use: vital commands alone may be committed. <see cref="Begin"/>
    /// ends it when there is room again. A store that keeps nothing back never is.
    /// </summary>
    bool OnReserve => false;

    /// <summary>A commit failed for want of room, and vital commands wait: from now on the store is on its reserve.</summary>
    void DrawReserve()
    {
    }

    /// <summary>Commits all of the batch or nothing. When it answers <see cref="CommitOutcome.Committed"/>, the disk has it.</summary>
    CommitResult Commit(MeshDraft draft);

    /// <summary>
    /// Finds out what became of a batch whose commit ended with <see cref="CommitOutcome.Unknown"/>. It may take as long as the store
    /// allows itself. <see cref="CommitOutcome.Unknown"/> again means that the store gives up for now: the next <see cref="Begin"/>
    /// brings the batch as changes of others if it is there after all.
    /// </summary>
    CommitResult Resolve(MeshDraft draft);
}

/// <summary>How a commit ended.</summary>
public enum CommitOutcome
{
    /// <summary>The batch is durable.</summary>
    Committed,

    /// <summary>The store refuses everything at the moment. Nothing of the batch is there.</summary>
    Failed,

    /// <summary>The store refuses a row of this batch, and will again. Nothing of the batch is there; without that row it would be.</summary>
    Refused,

    /// <summary>Somebody else's batch came first. Nothing of this one is there; apply theirs and decide again.</summary>
    Behind,

    /// <summary>The answer was lost. The batch is there whole or not at all.</summary>
    Unknown,
}

/// <summary>How a commit ended, and what is to be known of it.</summary>
/// <param name="Failure">Why, where it failed or was refused.</param>
/// <param name="IsFull">Failed for want of room.</param>
/// <param name="Missed">Where it was behind: the changes that came first, oldest first and without a gap.</param>
public readonly record struct CommitResult(CommitOutcome Outcome, Exception? Failure = null, bool IsFull = false, IReadOnlyList<Change>? Missed = null)
{
    public static readonly CommitResult Committed = new(CommitOutcome.Committed);
    public static readonly CommitResult Unknown = new(CommitOutcome.Unknown);

    public static CommitResult Behind(IReadOnlyList<Change> missed) => new(CommitOutcome.Behind, Missed: missed);
}
