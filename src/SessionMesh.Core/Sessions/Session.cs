namespace SessionMesh.Core.Sessions;

/// <summary>
/// A session without an agent behind it. Immutable; replaced whole by applying a change. Its times are UTC microseconds since the epoch,
/// the precision of imported records. It ends exactly at its end, although the log says so later: readers are shown <see cref="IsOverAt"/>.
/// </summary>
public sealed record Session
{
    /// <summary>Revision of the change that created it; the order of every list.</summary>
    public required long Revision { get; init; }
    public required string Id { get; init; }
    public required string User { get; init; }

    /// <summary>Whether it is recorded as over: expired by hand, or found over by a tick.</summary>
    public bool IsExpired { get; init; }

    /// <summary>
    /// Seconds; null for a session without an end. Made here they are whole and above 0; an imported record may have any number.
    /// </summary>
    public double? Ttl { get; init; }
    public Meta Meta { get; init; } = Meta.Empty;
    public required long CreatedAt { get; init; }
    public required long LastAccess { get; init; }

    /// <summary>0 for none.</summary>
    public long ExpiresAt { get; init; }

    /// <summary>When it was last expired by hand, which a refresh leaves as it is; 0 for never.</summary>
    public long ExpiredAt { get; init; }

    /// <summary>Revision of its last change.</summary>
    public required long Version { get; init; }

    /// <summary>Whether it is over, recorded or not.</summary>
    /// <param name="now">Microseconds.</param>
    public bool IsOverAt(long now) => IsExpired || (ExpiresAt != 0 && now >= ExpiresAt);

    /// <summary>Microseconds at which it ended; null while it has not.</summary>
    public long? OverSince(long now) =>
        !IsOverAt(now) ? null : WasEndedByHand ? ExpiredAt : ExpiresAt != 0 ? ExpiresAt : LastAccess;

    /// <summary>Whether its present life was expired by hand. An <see cref="ExpiredAt"/> from before the last refresh did not.</summary>
    internal bool WasEndedByHand => IsExpired && ExpiredAt != 0 && (ExpiresAt == 0 || ExpiredAt >= ExpiresAt - ((Ttl ?? 0) * 1_000_000));
}

/// <summary>The session ids of agents' registrations: <c>s-</c> and the revision of the registration.</summary>
public static class AgentSessionId
{
    private const string Prefix = "s-";

    public static string Of(long session) => Prefix + session.ToString(System.Globalization.CultureInfo.InvariantCulture);

    public static bool TryParse(string id, out long session)
    {
        session = 0;
        return id.StartsWith(Prefix, StringComparison.Ordinal)
            && long.TryParse(
                id.AsSpan(Prefix.Length),
                System.Globalization.NumberStyles.None,
                System.Globalization.CultureInfo.InvariantCulture,
                out session)
            && session > 0;
    }
}
