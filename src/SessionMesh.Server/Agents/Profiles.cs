using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Leases;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Agents;

/// <summary>The binding and rendering that all registrations share.</summary>
internal static class Profiles
{
    public static Profile Bind(
        ref Check check, string? parentId, string? cluster, string? user, IReadOnlyList<SpecializationRequest>? specializations,
        IReadOnlyDictionary<string, string>? labels, int? ttl)
    {
        if (parentId is not null)
        {
            check.Id("/parent_id", parentId);
        }

        return new Profile
        {
            ParentId = parentId,
            Cluster = check.Name("/cluster", cluster),
            User = check.Name("/user", user),
            Skills = check.Skills("/specializations", specializations),
            Labels = check.Labels("/labels", labels),
            Ttl = check.Range("/ttl", ttl, Limits.MinAgentTtl, Limits.MaxAgentTtl),
        };
    }

    /// <summary>The row, with the granted lease: 201 for a new session, 200 for a renewed one.</summary>
    public static Answer Render(RowWriter rows, MeshEngine engine, Registered registered) =>
        Answers.Of(registered.Created ? StatusCodes.Status201Created : StatusCodes.Status200OK, json =>
        {
            json.Raw("{"u8);
            rows.WriteMembers(json, registered.Agent, engine.Now, registered.Renewed);
            json.Raw(",\"ttl\":"u8);
            json.Number(registered.Agent.Ttl);
            json.Raw(",\"next_heartbeat_in\":"u8);
            json.Number(LeasePolicy.NextBeat(registered.Agent.Ttl, Random.Shared.NextDouble()));
            json.Raw("}"u8);
        });
}
