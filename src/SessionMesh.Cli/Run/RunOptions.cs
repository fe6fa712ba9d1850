using SessionMesh.Cli.Run.Kept;
using SessionMesh.Cli.Run.Orphans;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Run;

/// <summary>What <c>run</c> was asked to do.</summary>
internal sealed record RunOptions
{
    /// <summary>The command and its arguments; at least one.</summary>
    public required IReadOnlyList<string> Command { get; init; }
    public string? AgentId { get; init; }
    public IReadOnlyList<SpecializationRequest> Specializations { get; init; } = [];
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
    public string? ParentId { get; init; }
    public string? Cluster { get; init; }

    /// <summary>Of the lease; the server's default unless given.</summary>
    public int? TtlSeconds { get; init; }

    /// <summary>What the process's key may do besides speaking for its agent; nothing unless given.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Which agents <see cref="Scopes"/> are for; none given is the agent's own subtree.</summary>
    public IReadOnlyList<string> Within { get; init; } = [];

    /// <summary>Whether the process may register agents below its own and mint keys for them, if the runner's key may.</summary>
    public bool SubAgents { get; init; } = true;

    /// <summary>Between TERM and KILL where the stop itself does not say.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(Limits.DefaultGrace);

    /// <summary>Shell command to run for each steer.</summary>
    public string? OnSteer { get; init; }

    /// <summary>File to write each steer to.</summary>
    public string? SteerFile { get; init; }

    /// <summary>Whether steers are lines on the process's stdin.</summary>
    public bool SteerStdin { get; init; }

    /// <summary>Bound of a steer handler, and of waiting for room in the process's stdin.</summary>
    public TimeSpan SteerTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>For how long an exit is reported to a server that does not answer.</summary>
    public TimeSpan ReportTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether the process is started again after it ended by itself.</summary>
    public RestartPolicy Restart { get; init; } = RestartPolicy.None;

    /// <summary>Before the first restart; doubles from there.</summary>
    public TimeSpan RestartDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Bytes of the process's output to keep; null for none, and then its stdout and stderr are ours.</summary>
    public long? KeepOutput { get; init; }

    /// <summary>Where output is kept.</summary>
    public KeptOutput? Kept { get; init; }

    /// <summary>What becomes of processes that a runner of this agent, now gone, has left.</summary>
    public OrphanAnswer Orphans { get; init; }
}
