using SessionMesh.Contracts.Agents;

namespace SessionMesh.Client.Membership;

/// <summary>
/// Under what the process speaks to the mesh: an incarnation, within an epoch of the store. Sequence numbers and acks are of one tenure
/// and say nothing in another, which is another object, be the numbers the same.
/// </summary>
internal sealed class Tenure(AgentRegistration registration)
{
    private long _epoch = registration.Epoch ?? 0;

    public int Incarnation { get; } = registration.Incarnation;

    /// <summary>
    /// What tells this incarnation from one of the same number that began after a restore; null where the server does not say.
    /// </summary>
    public string? SessionId { get; } = registration.SessionId;

    /// <summary>Null until an answer states it; a server of an older version never does.</summary>
    public long? Epoch => Interlocked.Read(ref _epoch) is var epoch and not 0 ? epoch : null;

    /// <summary>The server was exchanged for one that tells its epoch.</summary>
    public void Learn(long? epoch) => Interlocked.CompareExchange(ref _epoch, epoch ?? 0, 0);

    /// <summary>Whether a server's answer to "here is the incarnation that I hold" is about that one.</summary>
    public bool IsConfirmedBy(AgentRegistration answer) =>
        answer.Incarnation == Incarnation && (SessionId is null || answer.SessionId is null || answer.SessionId == SessionId);
}
