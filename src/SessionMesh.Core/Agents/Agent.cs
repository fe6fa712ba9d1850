using SessionMesh.Core.State;

namespace SessionMesh.Core.Agents;

/// <summary>
/// What is durable about an agent. Immutable; replaced whole by applying a change. What only heartbeats say lives in
/// <see cref="AgentSlot"/>.
/// </summary>
public sealed record Agent
{
    /// <summary>
    /// Dense, from 0: the lowest that is free when the agent becomes known. The key of every index; never leaves the process. Once the
    /// agent is forgotten, another one gets its number, so code that keeps a bare number over time also checks <see cref="Born"/>.
    /// </summary>
    public required int Number { get; init; }
    public required string Id { get; init; }

    /// <summary>
    /// Revision of the change that made it known. A record with this number and a lower revision belongs to an agent that was forgotten. 0
    /// for an agent from before this was recorded, when none could be forgotten.
    /// </summary>
    public long Born { get; init; }

    /// <summary>
    /// 0 while only declared. The first session gets one more than the highest incarnation of any agent that was ever forgotten, 1 if none
    /// was; each further session gets one more.
    /// </summary>
    public int Incarnation { get; init; }

    /// <summary>Revision of the change that began the current session; 0 for none.</summary>
    public long Session { get; init; }
    public Liveness Liveness { get; init; }

    /// <summary>True once the agent (or its runner) acknowledged a pause, until it acknowledges a resume.</summary>
    public bool Paused { get; init; }
    public SkillSet Skills { get; init; } = SkillSet.Empty;

    /// <summary>The names of <see cref="Skills"/>.</summary>
    public NameSet Specializations => Skills.Names;

    /// <summary>What is claimed of them.</summary>
    public Holds Holds { get; init; } = Holds.None;

    /// <summary>Wall milliseconds of the last claim; 0 for none.</summary>
    public long ClaimedAt { get; init; }
    public LabelSet Labels { get; init; } = LabelSet.Empty;
    public required string Cluster { get; init; }

    /// <summary>Number of the parent; -1 for none.</summary>
    public int Parent { get; init; } = -1;

    /// <summary>Id of its forgotten parent; null once it has another parent, and for an agent that lost none.</summary>
    public string? OrphanedFrom { get; init; }
    public string? User { get; init; }

    /// <summary>The account (see <see cref="Keys.Key.Account"/>) whose key made it known; null for an admin's.</summary>
    public string? Owner { get; init; }

    /// <summary>The last direction it acknowledged.</summary>
    public string? Direction { get; init; }

    /// <summary>Wall milliseconds of the first appearance.</summary>
    public long CreatedAt { get; init; }

    /// <summary>Seconds of its lease.</summary>
    public int Ttl { get; init; }

    /// <summary>Metadata of the current session; a new one begins without any.</summary>
    public Sessions.Meta Meta { get; init; } = Sessions.Meta.Empty;

    /// <summary>Revision of the last change of <see cref="Meta"/> or <see cref="IsExpiredByHand"/>; 0 for none in this session.</summary>
    public long SessionChangedAt { get; init; }

    /// <summary>Somebody expired the session: no heartbeat revives it.</summary>
    public bool IsExpiredByHand { get; init; }

    /// <summary>Revision of the last change of the current session, as a session.</summary>
    public long SessionVersion => Math.Max(Session, SessionChangedAt);

    /// <summary>Wall milliseconds since which it is dead or lost; 0 while it is neither.</summary>
    public long GoneAt { get; init; }

    /// <summary>Set while it is stalled, which the log says once; see <see cref="AgentStalled"/>.</summary>
    public Stall? Stall { get; init; }

    /// <summary>The stop that was asked for, while stopping and after.</summary>
    public StopRequest? Stop { get; init; }

    /// <summary>The most recent end of one of its incarnations.</summary>
    public Exit? LastExit { get; init; }

    /// <summary>Whether it is dead or lost: only then may it be forgotten.</summary>
    public bool IsGone => Liveness is Liveness.Dead or Liveness.Lost;

    /// <summary>Whether it is known to have ended: dead, and the end is confirmed.</summary>
    public bool HasEnded => Liveness == Liveness.Dead && LastExit is { Confirmed: true };

    /// <summary>
    /// Since when it counts as gone, if it goes at <paramref name="at"/>: an agent that is lost and then ends is gone since it was lost.
    /// </summary>
    internal long GoneSince(long at) => IsGone ? GoneAt : at;

    /// <summary>Whether it holds, or may soon hold again, a session.</summary>
    public bool HasSession => Liveness is Liveness.Alive or Liveness.Suspect or Liveness.Lost or Liveness.Stopping;
}

/// <summary>A stop that was asked for.</summary>
/// <param name="Deadline">Wall milliseconds after which force follows.</param>
/// <param name="Reason">The operator's reason; null if none was given.</param>
/// <param name="Cascade">Whether the descendants end too; otherwise the children go to the grandparent.</param>
/// <param name="At">Wall milliseconds at which it was first asked for.</param>
public sealed record StopRequest(long Deadline, string? Reason, bool Cascade, long At);

/// <summary>What a working agent stands at since it made no progress for longer than promised.</summary>
/// <param name="Progress">The progress that it last reported; null for none.</param>
/// <param name="ProgressInterval">The seconds that it promised.</param>
public sealed record Stall(double? Progress, int ProgressInterval)
{
    /// <summary>
    /// Whether a heartbeat says that it moves again: other progress, other activity, or a promise withdrawn or made longer. Needs nothing
    /// that is lost when the server restarts.
    /// </summary>
    public bool IsEndedBy(in Beat beat) =>
        beat.Activity is not (Activity.Unknown or Activity.Working)
        || (!double.IsNaN(beat.Progress) && !beat.Progress.Equals(Progress))
        || (beat.ProgressInterval is { } interval && (interval == 0 || interval > ProgressInterval));
}

/// <summary>An incarnation's end.</summary>
/// <param name="Confirmed">True only when the agent or its runner reported it.</param>
/// <param name="At">Wall milliseconds.</param>
/// <param name="TombstoneUntil">Wall milliseconds until which an unconfirmed end refuses the next registration; 0 for none.</param>
public sealed record Exit(bool Confirmed, int? ExitCode, string? Signal, string? Reason, long At, long TombstoneUntil);
