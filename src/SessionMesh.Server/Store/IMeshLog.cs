using SessionMesh.Core;
using SessionMesh.Core.State;

namespace SessionMesh.Server.Store;

/// <summary>
/// The store as the engine sees it: one log, to which a batch of changes is appended together with the rows that they add up to. The
/// engine's thread alone calls it.
/// </summary>
/// <remarks>
/// A turn is <see cref="Begin"/>, then <see cref="Commit"/>, and <see cref="Resolve"/> if the outcome of the commit is unknown. An
/// exception from any of them means that nothing of the batch is stored, and that the fault lies in the batch.
/// </remarks>
public interface IMeshLog : IDisposable
{
    /// <summary>
    /// Returns the changes that others have committed after <paramref name="revision"/>, oldest first and without a gap. Empty if this
    /// process is the only writer.
    /// </summary>
    IReadOnlyList<Change> Begin(long revision);

    /// <summary>Whether other processes append to the same log.</summary>
    bool IsShared => false;

    /// <summary>
    /// Whether this process decides what time brings about. One does; where several share a log, the store checks it again in each commit
    /// of such a decision. Any thread.
    /// </summary>
    bool IsJudge => true;

    /// <summary>
    /// Up to which level changes may be written, so that every process that appends to the same log can read them. Where there are several,
    /// the store checks it again in the commit. Any thread.
    /// </summary>
    int Level => ChangeCodec.Level;

    /// <summary>
    /// Like <see cref="Begin"/>, but asks the store instead of waiting to hear of it: empty means that the log stood at
    /// <paramref name="revision"/> when it was asked.
    /// </summary>
    IReadOnlyList<Change> Look(long revision) => [];

    /// <summary>Revision at which the log stood when <see cref="Look"/> asked last.</summary>
    long Stands => 0;

    /// <summary>
    /// Like <see cref="Look"/>, and nobody else appends until the next commit of this process, or for a second at most: for a writer that
    /// lost its place to faster ones again and again.
    /// </summary>
    IReadOnlyList<Change> Queue(long revision) => Look(revision);

    /// <summary>
    /// Whether the disk is full and the reserve is in use: only vital commands may be committed. <see cref="Begin"/> ends it when there is
    /// room again. Always false for a store without a reserve.
    /// </summary>
    bool OnReserve => false;

    /// <summary>Puts the store on its reserve: a commit failed for want of room, and vital commands wait. False if it has none.</summary>
    bool TryDrawReserve() => false;

    /// <summary>Commits all of the batch or nothing. After <see cref="CommitOutcome.Committed"/> the batch is on the disk.</summary>
    CommitResult Commit(MeshDraft draft);

    /// <summary>
    /// Finds out what became of a batch whose commit ended with <see cref="CommitOutcome.Unknown"/>. It may take as long as the store
    /// allows itself. <see cref="CommitOutcome.Unknown"/> again means that the store gives up for now: if the batch is stored after all,
    /// the next <see cref="Begin"/> returns it as changes of others.
    /// </summary>
    CommitResult Resolve(MeshDraft draft);
}

/// <summary>How a commit ended.</summary>
public enum CommitOutcome
{
    /// <summary>The batch is durable.</summary>
    Committed,

    /// <summary>The store refuses everything at the moment. Nothing of the batch is stored.</summary>
    Failed,

    /// <summary>The store refuses a row of this batch, however often it is tried. Nothing of the batch is stored.</summary>
    Refused,

    /// <summary>Somebody else's batch came first. Nothing of this one is stored; apply theirs and decide again.</summary>
    Behind,

    /// <summary>The answer was lost. The batch is stored as a whole or not at all.</summary>
    Unknown,
}

/// <summary>How a commit ended.</summary>
/// <param name="Failure">Why it failed or was refused.</param>
/// <param name="IsFull">It failed for want of room.</param>
/// <param name="Missed">If it was behind, the changes that came first, oldest first and without a gap.</param>
public readonly record struct CommitResult(
    CommitOutcome Outcome, Exception? Failure = null, bool IsFull = false, IReadOnlyList<Change>? Missed = null)
{
    public static readonly CommitResult Committed = new(CommitOutcome.Committed);
    public static readonly CommitResult Unknown = new(CommitOutcome.Unknown);

    public static CommitResult Behind(IReadOnlyList<Change> missed) => new(CommitOutcome.Behind, Missed: missed);
}
