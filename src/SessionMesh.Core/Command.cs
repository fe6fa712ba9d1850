using SessionMesh.Core.Audit;
using SessionMesh.Core.State;

namespace SessionMesh.Core;

/// <summary>
/// Something a caller wants changed. <see cref="Decide"/> is pure: it reads the draft, which is the state plus everything that this batch
/// has already decided, and either emits changes into it or returns an error. It must find every error before it emits its first change.
/// </summary>
public abstract record Command<T>
{
    /// <summary>The id of the key that asks, or <see cref="Actors.Mesh"/>.</summary>
    public required string Actor { get; init; }

    /// <summary>False for a command that is authorized by something other than the actor's key, which it checks itself.</summary>
    public virtual bool NeedsValidKey => true;

    /// <summary>True for a dry run, which only reads and leaves no receipt under an <c>Idempotency-Key</c>.</summary>
    public virtual bool OnlyLooks => false;

    /// <summary>
    /// True for a command that only reads, and only what any thread may read. It is decided on the caller's thread, from the current state,
    /// and delays nobody.
    /// </summary>
    public virtual bool NeedsNoTurn => false;

    /// <summary>
    /// True for what time alone brings about: where several nodes share a log, one of them judges, and the commit is refused if it does so
    /// no more.
    /// </summary>
    public virtual bool IsForTheJudge => false;

    /// <summary>
    /// Roughly how many bytes it holds while it waits: <see cref="BaseWeight"/>, plus the characters of what can be long.
    /// </summary>
    public virtual int Weight => BaseWeight;

    /// <summary>The weight of a command with only short texts, and of what waits for it.</summary>
    protected const int BaseWeight = 512;

    /// <summary>
    /// Whether it stops or revokes something, and so must not wait for room on a full disk. It is committed from the reserve that is kept
    /// for this, so it must write little: false for a command whose size is up to the caller.
    /// </summary>
    public virtual bool IsVital(MeshState state) => false;

    public abstract Outcome<T> Decide(MeshDraft draft);
}
