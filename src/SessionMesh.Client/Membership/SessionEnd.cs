using SessionMesh.Contracts.Errors;

namespace SessionMesh.Client.Membership;

/// <summary>What the process must come to when its session is over by the server's word.</summary>
internal enum EndDemand
{
    /// <summary>At once: the agent was killed by force, or its key was revoked.</summary>
    Kill,

    /// <summary>With the usual grace: another process took the agent over, or its session was ended.</summary>
    Stop,
}

/// <summary>The server's word that this incarnation is over. Silence, a refused key or an error does not count as that.</summary>
/// <param name="Reason">What the exit report says.</param>
/// <param name="Detail">The server's own words.</param>
internal sealed record SessionEnd(EndDemand Demand, string Reason, string Detail)
{
    private const string KeyRevoked = "its key was revoked";

    /// <summary>Somebody else is this agent now: of this incarnation the server takes no report any more.</summary>
    public bool IsSuperseded => Reason == ErrorCodes.Superseded;

    /// <summary>The key that we speak with was revoked; it says nothing of the agent.</summary>
    public bool IsByKey => Reason == KeyRevoked;

    /// <summary>
    /// Null for a code that does not end an incarnation: an expired key (<c>key_expired</c>) only puts the process out of
    /// reach, a revoked one was taken away, and the child's with it.
    /// </summary>
    public static SessionEnd? Of(string? code, string detail) => code switch
    {
        ErrorCodes.Tombstoned => new(EndDemand.Kill, "killed by force", detail),
        ErrorCodes.KeyRevoked => new(EndDemand.Kill, KeyRevoked, detail),
        ErrorCodes.Superseded or ErrorCodes.NoSession => new(EndDemand.Stop, code, detail),
        _ => null,
    };
}

/// <summary>What came of reporting an exit.</summary>
internal enum ReportOutcome
{
    /// <summary>The server knows, or does not want to: the incarnation is over for it.</summary>
    Told,

    /// <summary>Nobody answered in time, or we were told not to wait any longer.</summary>
    NoAnswer,

    /// <summary>The key we speak with may not say it any more.</summary>
    Refused,
}
