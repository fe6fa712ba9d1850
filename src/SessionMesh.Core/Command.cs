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

    /// <summary>False for what is opened by something else than the actor's key, and checks that itself.</summary>
    public virtual bool NeedsValidKey => true;

    /// <summary>True for a dry run: it is a read, of which an <c>Idempotency-Key</c> keeps nothing.</summary>
    public virtual bool OnlyLooks => false;

    /// <summary>
    /// True for what only looks, and at nothing but what any thread may read: it is decided on the caller's thread from the state as it
    /// is, and holds nobody up.
    /// </summary>
    public virtual bool NeedsNoTurn => false;

    /// <summary>About how many bytes it holds while it waits: <see cref="BaseWeight"/>, and the characters of what can be long.</summary>
    public virtual int Weight => BaseWeight;

    /// <summary>A command with short texts alone, and what waits for it.</summary>
    protected const int BaseWeight = 512;

    /// <summary>
    /// Whether it stops something or takes something away, so that it must not wait for room on a full disk. It is then committed from
    /// what is kept back for that, and has to write little: false for what can be as large as its caller likes.
    /// </summary>
    public virtual bool IsVital(MeshState state) => false;

    public abstract Outcome<T> Decide(MeshDraft draft);
}
