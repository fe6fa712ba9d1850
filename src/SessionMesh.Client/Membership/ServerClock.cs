using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Client.Membership;

/// <summary>
/// The server's clock, as the answer to a registration showed it and our own time has gone on since: this machine's may be wrong by hours.
/// It is late by the time that the answer took, so that what it calls over is over. Thread-safe.
/// </summary>
internal sealed class ServerClock(AgentRegistration registration, TimeProvider time)
{
    private readonly DateTimeOffset _then = registration.ExpiresAt - TimeSpan.FromSeconds(registration.Ttl) ?? time.GetUtcNow();
    private readonly long _since = time.GetTimestamp();

    /// <summary>Whether a directive has expired: then it is not to be acted on, and no answer is taken.</summary>
    public bool IsOver(Directive directive) => directive.ExpiresAt <= _then + time.GetElapsedTime(_since);
}
