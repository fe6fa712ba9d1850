using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Client;

public sealed partial class MeshClient
{
    /// <summary>One page of <c>GET /alive</c>.</summary>
    public Task<AgentPage> AliveAsync(AgentQuery? query = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Alive(query ?? new()), ClientJson.Context.AgentPage, cancellation);

    /// <summary>One page of <c>GET /agents</c>.</summary>
    public Task<AgentPage> AgentsAsync(AgentQuery? query = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Agents(query ?? new()), ClientJson.Context.AgentPage, cancellation);

    /// <summary>One agent, with how its last life ended and what waits for it; 404 <c>agent_not_found</c> for none.</summary>
    public Task<AgentDetail> AgentAsync(string agentId, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Agent(agentId), ClientJson.Context.AgentDetail, cancellation);

    /// <summary>The same with the newest entries of the log about it.</summary>
    /// <param name="events">How many, up to 100.</param>
    public Task<AgentDetail> AgentAsync(string agentId, int events, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Agent(agentId, events), ClientJson.Context.AgentDetail, cancellation);

    /// <summary><c>POST /agents</c>: starts an incarnation, renews it, or only declares the agent.</summary>
    public Task<AgentRegistration> RegisterAsync(RegisterAgentRequest request, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.RegisterAgent(request), ClientJson.Context.AgentRegistration, cancellation);

    /// <summary>
    /// Renews an agent's lease, says what it does, and answers for directives; the answer has those that are pending, and when to beat
    /// again. <see cref="MeshAgent"/> does that by itself.
    /// </summary>
    public Task<HeartbeatAnswer> HeartbeatAsync(
        string agentId, HeartbeatRequest? report = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Heartbeat(agentId, report), ClientJson.Context.HeartbeatAnswer, cancellation);

    /// <summary>Many agents' beats in one call. A refused one is in the answer, not an exception.</summary>
    public Task<HeartbeatsAnswer> HeartbeatsAsync(IEnumerable<BulkHeartbeat> beats, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Heartbeats(beats), ClientJson.Context.HeartbeatsAnswer, cancellation);

    /// <summary>Reports that the process of an incarnation is gone: what makes a kill confirmed.</summary>
    public Task<KillReport> ExitAsync(string agentId, ExitRequest request, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Exit(agentId, request), ClientJson.Context.KillReport, cancellation);

    /// <summary>
    /// Stops an agent and all below it: with a grace of 10 s unless the options say otherwise, and then by force. <c>confirmed</c> in the
    /// answer is true only once the agent or its runner has reported the exit; <see cref="KillOptions.WaitSeconds"/> waits for that.
    /// </summary>
    public Task<KillReport> KillAsync(string agentId, KillOptions? options = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Kill(agentId, options), ClientJson.Context.KillReport, cancellation);

    /// <inheritdoc cref="MeshCall.KillMany"/>
    public Task<KillManyAnswer> KillManyAsync(
        AgentSelector selector, KillOptions? options = null, int? expect = null,
        bool dryRun = false, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.KillMany(selector, options, expect, dryRun), ClientJson.Context.KillManyAnswer, cancellation);

    /// <inheritdoc cref="MeshCall.Revive"/>
    public Task<AgentRow> ReviveAsync(string agentId, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Revive(agentId), ClientJson.Context.AgentRow, cancellation);

    /// <inheritdoc cref="MeshCall.Move"/>
    public Task<AgentRow> MoveAsync(string agentId, string? parentId, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Move(agentId, parentId), ClientJson.Context.AgentRow, cancellation);

    /// <summary>Who is below whom, with what is alive, stalled, lost and pending in each subtree.</summary>
    public Task<Topology> TopologyAsync(TopologyQuery query, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Topology(query), ClientJson.Context.Topology, cancellation);

    /// <inheritdoc cref="MeshCall.Forget"/>
    public Task<ForgottenAgent> ForgetAsync(string agentId, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Forget(agentId), ClientJson.Context.ForgottenAgent, cancellation);
}
