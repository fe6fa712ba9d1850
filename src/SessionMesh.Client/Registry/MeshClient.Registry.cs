using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Registry;

namespace SessionMesh.Client;

public sealed partial class MeshClient
{
    /// <summary><c>POST /registry</c>: adds a specialization and renews the lease.</summary>
    public Task<AgentRegistration> RegisterSpecializationAsync(
        RegisterSpecializationRequest request, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.RegisterSpecialization(request), ClientJson.Context.AgentRegistration, cancellation);

    /// <summary>How many agents declare each specialization, and one page of those that have the one that is asked for.</summary>
    public Task<RegistryAnswer> RegistryAsync(
        string? specialization = null, int? limit = null, string? cursor = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.GetRegistry(specialization, limit, cursor), ClientJson.Context.RegistryAnswer, cancellation);

    /// <summary>An agent no longer does this.</summary>
    public async Task RemoveSpecializationAsync(string agentId, string specialization, CancellationToken cancellation = default) =>
        await _transport.SendAsync(MeshCall.RemoveSpecialization(agentId, specialization), cancellation);
}
