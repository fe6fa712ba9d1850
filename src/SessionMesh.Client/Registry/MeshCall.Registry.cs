using SessionMesh.Client.Http;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Client;

public sealed partial record MeshCall
{
    public static MeshCall RegisterSpecialization(RegisterSpecializationRequest request) =>
        Write(HttpMethod.Post, Routes.Registry, request, ClientJson.Context.RegisterSpecializationRequest);

    public static MeshCall GetRegistry(string? specialization = null, int? limit = null, string? cursor = null) =>
        Get(Routes.Registry + new QueryText()
            .Add("specialization", specialization)
            .Add("limit", limit)
            .Add("cursor", cursor));

    public static MeshCall RemoveSpecialization(string agentId, string specialization) =>
        Write(HttpMethod.Delete, Routes.Registry + new QueryText()
            .Add("specialization", specialization)
            .Add("agent_id", CheckedId(agentId)));
}
