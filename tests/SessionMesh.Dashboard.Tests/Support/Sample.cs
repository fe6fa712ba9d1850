using SessionMesh.Contracts.Agents;
using SessionMesh.Dashboard.Live;

namespace SessionMesh.Dashboard.Tests.Support;

/// <summary>Agents as the page keeps them, for what needs no mesh.</summary>
internal static class Sample
{
    public static LiveAgent Agent(string id, string status = AgentStatus.Alive, string? parent = null, string cluster = "default") =>
        new() { Id = id, Status = status, Parent = parent, Cluster = cluster };

    /// <summary>A fleet of these, in the order of their ids.</summary>
    public static LiveFleet Fleet(params LiveAgent[] agents) =>
        new([.. agents.OrderBy(agent => agent.Id, StringComparer.Ordinal)], isWhole: true);
}
