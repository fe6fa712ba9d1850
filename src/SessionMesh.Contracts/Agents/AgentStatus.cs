namespace SessionMesh.Contracts.Agents;

/// <summary>Values of <c>status</c>.</summary>
public static class AgentStatus
{
    /// <summary>Known, but never had a session.</summary>
    public const string Declared = "declared";
    public const string Alive = "alive";

    /// <summary>The lease lapsed by less than one TTL.</summary>
    public const string Suspect = "suspect";
    public const string Lost = "lost";

    /// <summary>Asked to stop; the grace period runs.</summary>
    public const string Stopping = "stopping";
    public const string Dead = "dead";

    public static readonly IReadOnlyList<string> All = [Declared, Alive, Suspect, Lost, Stopping, Dead];
}

/// <summary>Values of <c>activity</c>, as an agent reports it.</summary>
public static class AgentActivity
{
    public const string Working = "working";
    public const string Waiting = "waiting";
    public const string Idle = "idle";

    public static readonly IReadOnlyList<string> All = [Working, Waiting, Idle];
}

/// <summary>Values of <c>filter</c> on <c>/alive</c> and <c>/agents</c>.</summary>
public static class AliveFilter
{
    /// <summary>The same as <see cref="AgentStatus.Alive"/>; the seed's word.</summary>
    public const string Active = "active";

    /// <summary>Alive and working, but without progress for longer than its <c>progress_interval</c>.</summary>
    public const string Stalled = "stalled";

    /// <summary>Alive or suspect, and it has acknowledged a pause.</summary>
    public const string Paused = "paused";

    /// <summary>It has not ended, and its parent is dead or was forgotten.</summary>
    public const string Orphaned = "orphaned";
    public const string All = "all";

    /// <summary>The activities mean agents that are alive and say that this is what they do; a stalled one says that it works.</summary>
    public static readonly IReadOnlyList<string> Allowed =
        [
            Active, AgentStatus.Alive, AgentStatus.Suspect, Stalled, AgentActivity.Idle, AgentActivity.Working, AgentActivity.Waiting,
            Paused, AgentStatus.Lost, AgentStatus.Stopping, AgentStatus.Dead, AgentStatus.Declared, Orphaned, All,
        ];
}

/// <summary>Values of <c>sort</c> on <c>/alive</c> and <c>/agents</c>; with <c>-</c> before it the order is reversed.</summary>
public static class AliveSort
{
    /// <summary>By id, character by character.</summary>
    public const string Id = "id";

    /// <summary>By reported load; agents that report none come last either way.</summary>
    public const string Load = "load";

    /// <summary>By time since it became known, the youngest first.</summary>
    public const string Age = "age";

    /// <summary>By last heartbeat, the oldest first; agents not heard yet come last either way.</summary>
    public const string LastSeen = "last_seen";

    /// <summary>By reported progress; agents that report none come last either way.</summary>
    public const string Progress = "progress";

    public static readonly IReadOnlyList<string> Allowed =
        [Id, "-" + Id, Load, "-" + Load, Age, "-" + Age, LastSeen, "-" + LastSeen, Progress, "-" + Progress];
}

/// <summary>Values of <c>kind</c> on <c>/alive</c>.</summary>
public static class SessionKind
{
    public const string Agent = "agent";
    public const string Session = "session";
    public const string All = "all";

    public static readonly IReadOnlyList<string> Allowed = [Agent, Session, All];
}
