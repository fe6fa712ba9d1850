using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Attach;

/// <summary>What <c>attach</c> was asked to do.</summary>
internal sealed record AttachOptions
{
    /// <summary>What to register; without an id the server chooses one.</summary>
    public required RegisterAgentRequest Agent { get; init; }

    /// <summary>
    /// The incarnation that the agent's own hook has registered, which is to be kept; null where the agent has no hook. Only its stops are
    /// the watcher's then.
    /// </summary>
    public int? HookedIncarnation { get; init; }

    /// <summary>What tells the processes that came of it from others, beside their parents; null where nothing does.</summary>
    public ProcessMark? Mark { get; init; }

    /// <summary>The file in which Claude Code keeps the session, a whole path; null for none: <see cref="SessionTranscript"/>.</summary>
    public string? Transcript { get; init; }

    /// <summary>Between TERM and KILL where the stop itself does not say.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(Limits.DefaultGrace);

    /// <summary>Shell command to run for each steer.</summary>
    public string? OnSteer { get; init; }

    /// <summary>File to write each steer to, a whole path.</summary>
    public string? SteerFile { get; init; }

    /// <summary>Bound of a steer handler.</summary>
    public TimeSpan SteerTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>For how long the end is reported to a server that does not answer.</summary>
    public TimeSpan ReportTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
