using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Client;

/// <summary>Who an agent is, and what it does when it is told something. Immutable; every member may be left out.</summary>
/// <remarks>
/// Handlers are called on a thread of the pool, one at a time and in the order in which the directives were issued, except that
/// <see cref="OnStop"/> overtakes. Their token is cancelled once the agent is told to stop. A handler that returns acknowledges its
/// directive; one that throws rejects it, and the exception's message becomes the note that the operator reads. Nothing that a handler
/// throws goes further.
/// </remarks>
public sealed record MeshAgentOptions
{
    /// <summary>
    /// How to reach the mesh. Null takes it from the environment, by <see cref="MeshClientOptions.FromEnvironment"/>. Not looked at where a
    /// <see cref="MeshClient"/> is given.
    /// </summary>
    public MeshClientOptions? Client { get; init; }

    /// <summary>
    /// The agent's id, of 1 to 128 characters (<see cref="Contracts.MeshId"/>). Null lets the server choose, or takes the agent that the
    /// key is bound to.
    /// </summary>
    public string? AgentId { get; init; }

    /// <summary>
    /// The agent above it. Null takes the one in whose process this runs, as <c>SESSION_MESH_AGENT_ID</c> names it, if the mesh is taken
    /// from the environment, too, and none otherwise.
    /// </summary>
    public string? ParentId { get; init; }

    /// <summary>The cluster that it belongs to; none by default.</summary>
    public string? Cluster { get; init; }

    /// <summary>
    /// What it is good at, such as <c>image-processing</c>: a string each, or with a level and how many jobs it takes at once. Null
    /// leaves what is declared of it already.
    /// </summary>
    public IReadOnlyList<SpecializationRequest>? Specializations { get; init; }

    /// <summary>Labels to find it by; null leaves what is declared already.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Whose agent it is; nobody's by default.</summary>
    public string? User { get; init; }

    /// <summary>
    /// For how long it counts as alive after it was heard last: 5 s to 7 days, 60 s by default. It is heard about three times as often.
    /// </summary>
    public TimeSpan Ttl { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Take the id over from a process that is alive under it, which is told that it is superseded. False by default: then connecting is
    /// refused with 409 <c>already_alive</c>.
    /// </summary>
    public bool Takeover { get; init; }

    /// <summary>
    /// Called for each steer. Null, the default, leaves steers to <see cref="MeshAgent.TakeSteers"/>; until something takes and answers
    /// them they stay <c>delivered</c>.
    /// </summary>
    public Func<Directive, CancellationToken, Task>? OnSteer { get; init; }

    /// <summary>
    /// Called for each pause; when it returns, the agent is paused. Null, the default, acknowledges the pause when the agent comes to
    /// <see cref="MeshAgent.MayContinueAsync"/> and is held there, or is resumed before.
    /// </summary>
    public Func<Directive, CancellationToken, Task>? OnPause { get; init; }

    /// <summary>
    /// Called for each resume; when it returns, the agent is no longer paused. Null, the default, only lets go whom
    /// <see cref="MeshAgent.MayContinueAsync"/> holds.
    /// </summary>
    public Func<Directive, CancellationToken, Task>? OnResume { get; init; }

    /// <summary>
    /// Called when the agent is to stop, before <see cref="MeshAgent.Stopping"/> is cancelled; it waits for no other handler. If it throws,
    /// a stop that an operator asked for is rejected, and the agent goes on until the grace is over; one of an incarnation that is over
    /// already (<see cref="MeshStop.IsOver"/>) happens all the same. Null, the default, agrees.
    /// </summary>
    public Func<MeshStop, CancellationToken, Task>? OnStop { get; init; }

    /// <summary>For how long the exit is reported to a server that does not answer; 10 s by default.</summary>
    public TimeSpan ExitTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Told in a line what goes wrong and how it ends: a server that is away, an answer that was not taken. It holds no key. Called from
    /// any thread; it must not throw. Null, the default, tells nobody.
    /// </summary>
    public Action<string>? Log { get; init; }

    internal RegisterAgentRequest ToRequest() => new()
    {
        AgentId = AgentId,
        ParentId = ParentId,
        Cluster = Cluster,
        Specializations = Specializations,
        Labels = Labels,
        User = User,
        Ttl = (int)Math.Ceiling(Ttl.TotalSeconds),
        Takeover = Takeover ? true : null,
    };
}

/// <summary>Why an agent is to stop.</summary>
/// <param name="Reason">In a few words; what the report of its exit says.</param>
/// <param name="Grace">How long it has until the mesh ends it by force; zero for at once.</param>
/// <param name="IsOver">
/// The mesh has ended this incarnation already, by force, because another process took it over or because its key was revoked: what it does
/// from here on counts for nothing there.
/// </param>
/// <param name="Directive">The operator's word; null where the mesh itself ended the incarnation.</param>
public sealed record MeshStop(string Reason, TimeSpan Grace, bool IsOver, Directive? Directive);
