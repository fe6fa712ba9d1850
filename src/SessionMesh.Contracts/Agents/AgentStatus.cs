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
    public const string All = "all";

    public static readonly IReadOnlyList<string> Allowed =
        [
            Active, AgentStatus.Alive, AgentStatus.Suspect, AgentStatus.Lost, AgentStatus.Stopping, AgentStatus.Dead,
            AgentStatus.Declared, Stalled, All,
        ];
}

/// <summary>Values of <c>kind</c> on <c>/alive</c>.</summary>
public static class SessionKind
{
    public const string Agent = "agent";
    public const string Session = "session";
    public const string All = "all";

    public static readonly IReadOnlyList<string> Allowed = [Agent, Session, All];
}
