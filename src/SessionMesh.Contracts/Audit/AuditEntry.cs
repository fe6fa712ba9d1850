namespace SessionMesh.Contracts.Audit;

/// <summary>What somebody did, or was not allowed to do.</summary>
public sealed record AuditEntry
{
    /// <summary>Position in the log; null for what was refused.</summary>
    public long? Revision { get; init; }
    public required DateTimeOffset At { get; init; }

    /// <summary>
    /// The id of the key, or <c>mesh</c> for the server itself. Of a call refused with 401 only what its well-formed key claims to be,
    /// which proves nothing; null where it claims nothing.
    /// </summary>
    public string? Actor { get; init; }

    /// <summary>
    /// The change's kind, such as <c>agent.stopping</c>; for what was refused the operation's id, such as <c>killAgent</c>.
    /// </summary>
    public string? Operation { get; init; }

    /// <summary>The id of what changed, or was to change; null where the call's path names none.</summary>
    public string? Subject { get; init; }

    /// <summary><see cref="AuditOutcome.Done"/> or <see cref="AuditOutcome.Refused"/>.</summary>
    public required string Outcome { get; init; }

    /// <summary>Why: as the caller gave it, or as the refusal said.</summary>
    public string? Reason { get; init; }

    /// <summary>The error code of a refusal.</summary>
    public string? Code { get; init; }

    /// <summary>The other end of the connection. Null for the mesh's own changes, and for those from before it was kept.</summary>
    public string? RemoteAddress { get; init; }

    /// <summary>The <c>X-Request-Id</c> of the answer; null as <see cref="RemoteAddress"/> is.</summary>
    public string? RequestId { get; init; }
}

/// <summary>Values of <c>outcome</c>.</summary>
public static class AuditOutcome
{
    /// <summary>A change that is in the log.</summary>
    public const string Done = "done";

    /// <summary>A call that was refused for want of a right (401, 403). It changed nothing.</summary>
    public const string Refused = "refused";

    /// <summary>In a query: both.</summary>
    public const string All = "all";

    public static readonly IReadOnlyList<string> Allowed = [Done, Refused, All];
}

/// <summary>Names of the events on <c>GET /audit</c> as a stream.</summary>
public static class AuditEvent
{
    /// <summary>Data = an <see cref="AuditEntry"/>; id = its revision, and none for a refusal.</summary>
    public const string Entry = "audit";
}
