using SessionMesh.Core.Audit;
using SessionMesh.Core.State;

namespace SessionMesh.Core;

/// <summary>
/// Something a caller wants changed. <see cref="Decide"/> is pure: it reads the draft, which shows the state with all
/// that this batch has already decided, and either emits changes into it or returns an error. It must find every error
/// before it emits its first change.
/// </summary>
public abstract record Command<T>
{
    /// <summary>The id of the key that asks, or <see cref="Actors.Mesh"/>.</summary>
    public required string Actor { get; init; }

    /// <summary>False for a command that something other than the actor's key authorizes, and that checks it itself.</summary>
    public virtual bool NeedsValidKey => true;

    /// <summary>True for a dry run: a read, which leaves no receipt under an <c>Idempotency-Key</c>.</summary>
    public virtual bool OnlyLooks => false;

    /// <summary>
    /// True for a command that only reads, and only what any thread may read: it is decided on the caller's thread from the state as it is,
    /// and delays nobody.
    /// </summary>
    public virtual bool NeedsNoTurn => false;

    /// <summary>About how many bytes it holds while it waits: <see cref="BaseWeight"/>, and the characters of what can be long.</summary>
    public virtual int Weight => BaseWeight;

    /// <summary>A command with short texts alone, and what waits for it.</summary>
    protected const int BaseWeight = 512;

    /// <summary>
    /// Whether it stops or revokes something, and so must not wait for room on a full disk. It is committed from the reserve that is kept
    /// for this, and has to write little: false for a command that may be as large as its caller likes.
    /// </summary>
    public virtual bool IsVital(MeshState state) => false;

    public abstract Outcome<T> Decide(MeshDraft draft);
}
