using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SessionMesh.Client.Http;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Audit;
using SessionMesh.Contracts.Keys;
using SessionMesh.Contracts.Registry;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Client;

/// <summary>
/// The mesh, typed. Every method sends one call with up to three attempts (network errors, 408, 429 and 5xx are retried)
/// and throws <see cref="MeshException"/> when that fails, or <see cref="OperationCanceledException"/> when the caller
/// cancels. Thread-safe; keep one for the life of the process, since it owns the connections.
/// </summary>
public sealed partial class MeshClient : IDisposable
{
    private readonly MeshTransport _transport;

    /// <param name="handler">Takes the place of the network, in tests; stays the caller's to dispose of.</param>
    public MeshClient(MeshClientOptions? options = null, HttpMessageHandler? handler = null)
    {
        Options = options ?? new();
        _transport = new MeshTransport(Options, handler);
    }

    public MeshClientOptions Options { get; }

    internal MeshTransport Transport => _transport;

    /// <summary>Whether the server is up; throws when it cannot be reached.</summary>
    public async Task LivezAsync(CancellationToken cancellation = default) =>
        await _transport.SendAsync(MeshCall.Livez(), cancellation);

    /// <summary>One page of <c>GET /alive</c>.</summary>
    public Task<AgentPage> AliveAsync(AgentQuery? query = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Alive(query ?? new()), ClientJson.Context.AgentPage, cancellation);

    /// <summary>One page of <c>GET /agents</c>.</summary>
    public Task<AgentPage> AgentsAsync(AgentQuery? query = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Agents(query ?? new()), ClientJson.Context.AgentPage, cancellation);

    public Task<AgentDetail> AgentAsync(string agentId, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Agent(agentId), ClientJson.Context.AgentDetail, cancellation);

    /// <summary><c>POST /agents</c>: starts an incarnation, renews it, or only declares the agent.</summary>
    public Task<AgentRegistration> RegisterAsync(RegisterAgentRequest request, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.RegisterAgent(request), ClientJson.Context.AgentRegistration, cancellation);

    /// <summary><c>POST /registry</c>: adds a specialization and renews the lease.</summary>
    public Task<AgentRegistration> RegisterSpecializationAsync(
        RegisterSpecializationRequest request, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.RegisterSpecialization(request), ClientJson.Context.AgentRegistration, cancellation);

    public Task<RegistryAnswer> RegistryAsync(
        string? specialization = null, int? limit = null, string? cursor = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.GetRegistry(specialization, limit, cursor), ClientJson.Context.RegistryAnswer, cancellation);

    public async Task RemoveSpecializationAsync(string agentId, string specialization, CancellationToken cancellation = default) =>
        await _transport.SendAsync(MeshCall.RemoveSpecialization(agentId, specialization), cancellation);

    public Task<HeartbeatAnswer> HeartbeatAsync(
        string agentId, HeartbeatRequest? report = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Heartbeat(agentId, report), ClientJson.Context.HeartbeatAnswer, cancellation);

    /// <summary>Many agents' beats in one call. A refused one is in the answer, not an exception.</summary>
    public Task<HeartbeatsAnswer> HeartbeatsAsync(IEnumerable<BulkHeartbeat> beats, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Heartbeats(beats), ClientJson.Context.HeartbeatsAnswer, cancellation);

    /// <summary>Answers once the directive is durable, or when the state asked for by <c>wait</c> is reached or its bound passed.</summary>
    public Task<Directive> SteerAsync(SteerRequest request, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Steer(request), ClientJson.Context.Directive, cancellation);

    /// <summary>The same word to every agent that <see cref="SteerRequest.Selector"/> matches. It waits for none of them.</summary>
    public Task<SteerManyAnswer> SteerManyAsync(SteerRequest request, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Steer(request), ClientJson.Context.SteerManyAnswer, cancellation);

    /// <summary>Up to 1,000 words, each to one agent, in one call and one commit. One that cannot be told is in the answer, not an exception.</summary>
    public Task<SteersAnswer> SteersAsync(SteersRequest request, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Steers(request), ClientJson.Context.SteersAnswer, cancellation);

    /// <inheritdoc cref="MeshCall.CancelDirective"/>
    public Task<Directive> CancelDirectiveAsync(string directiveId, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.CancelDirective(directiveId), ClientJson.Context.Directive, cancellation);

    /// <inheritdoc cref="MeshCall.History"/>
    public Task<DirectiveList> HistoryAsync(
        string agentId, int? limit = null, string? cursor = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.History(agentId, limit, cursor), ClientJson.Context.DirectiveList, cancellation);

    public Task<Directive> DirectiveAsync(string directiveId, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Directive(directiveId), ClientJson.Context.Directive, cancellation);

    /// <inheritdoc cref="MeshCall.Directives"/>
    public Task<DirectiveList> DirectivesAsync(
        string agentId, long? after = null, int? waitSeconds = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Directives(agentId, after, waitSeconds), ClientJson.Context.DirectiveList, cancellation);

    public Task<Directive> AckAsync(string agentId, long seq, AckRequest request, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Ack(agentId, seq, request), ClientJson.Context.Directive, cancellation);

    /// <summary>Reports that the process of an incarnation is gone: what makes a kill confirmed.</summary>
    public Task<KillReport> ExitAsync(string agentId, ExitRequest request, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Exit(agentId, request), ClientJson.Context.KillReport, cancellation);

    public Task<KillReport> KillAsync(string agentId, KillOptions? options = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Kill(agentId, options), ClientJson.Context.KillReport, cancellation);

    /// <inheritdoc cref="MeshCall.KillMany"/>
    public Task<KillManyAnswer> KillManyAsync(
        AgentSelector selector, KillOptions? options = null, int? expect = null, bool dryRun = false, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.KillMany(selector, options, expect, dryRun), ClientJson.Context.KillManyAnswer, cancellation);

    /// <inheritdoc cref="MeshCall.Revive"/>
    public Task<AgentRow> ReviveAsync(string agentId, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Revive(agentId), ClientJson.Context.AgentRow, cancellation);

    /// <inheritdoc cref="MeshCall.Forget"/>
    public Task<ForgottenAgent> ForgetAsync(string agentId, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Forget(agentId), ClientJson.Context.ForgottenAgent, cancellation);

    /// <summary>
    /// Mints a key. When a retry finds that the lost first attempt had minted it, the answer is 409
    /// <c>secret_not_repeatable</c> with the key's id: revoke that one and mint again.
    /// </summary>
    public Task<CreatedKey> CreateKeyAsync(CreateKeyRequest request, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.CreateKey(request), ClientJson.Context.CreatedKey, cancellation);

    /// <inheritdoc cref="MeshCall.ListKeys"/>
    public Task<KeyList> KeysAsync(int? limit = null, string? cursor = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.ListKeys(limit, cursor), ClientJson.Context.KeyList, cancellation);

    /// <inheritdoc cref="MeshCall.OwnKey"/>
    public Task<KeyRow> OwnKeyAsync(CancellationToken cancellation = default) =>
        SendAsync(MeshCall.OwnKey(), ClientJson.Context.KeyRow, cancellation);

    public Task<KeyRow> KeyAsync(string keyId, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Key(keyId), ClientJson.Context.KeyRow, cancellation);

    /// <inheritdoc cref="MeshCall.RefreshKey"/>
    public Task<CreatedKey> RefreshKeyAsync(string refreshToken, int? ttl = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.RefreshKey(refreshToken, ttl), ClientJson.Context.CreatedKey, cancellation);

    public Task<RevokedKey> RevokeKeyAsync(string keyId, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.RevokeKey(keyId), ClientJson.Context.RevokedKey, cancellation);

    /// <summary>One page of <c>GET /audit</c>. It may be empty and yet have a <c>next_cursor</c>.</summary>
    public Task<AuditPage> AuditAsync(AuditQuery? query = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Audit(query ?? new()), ClientJson.Context.AuditPage, cancellation);

    /// <summary>Sends a call and gives the answer as the server wrote it, members unknown here included.</summary>
    public Task<JsonElement> SendAsync(MeshCall call, CancellationToken cancellation = default) =>
        SendAsync(call, ClientJson.Context.JsonElement, cancellation);

    public void Dispose() => _transport.Dispose();

    private async Task<T> SendAsync<T>(MeshCall call, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        var answer = await _transport.SendAsync(call, cancellation);
        try
        {
            return JsonSerializer.Deserialize(answer.Body.Span, type)
                ?? throw MeshTransport.NotAMesh(answer.Url, "it answered null");
        }
        catch (JsonException e)
        {
            throw MeshTransport.NotAMesh(answer.Url, "its answer is not the JSON that was expected", e);
        }
    }
}
