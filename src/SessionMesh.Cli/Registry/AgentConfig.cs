using SessionMesh.Cli.Config;
using SessionMesh.Cli.Hosting;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Registry;

/// <summary>What <c>register --config FILE</c> reads: one agent.</summary>
internal sealed record AgentConfig
{
    public string? AgentId { get; private init; }
    public string? ParentId { get; private init; }
    public string? Cluster { get; private init; }
    public string? User { get; private init; }
    public IReadOnlyList<SpecializationRequest> Specializations { get; private init; } = [];
    public IReadOnlyDictionary<string, string>? Labels { get; private init; }

    /// <summary>Seconds.</summary>
    public int? Ttl { get; private init; }

    public static AgentConfig Empty { get; } = new();

    public static AgentConfig Read(string path, CliHost host)
    {
        var map = ConfigReader.Read(path, host).Only(
            "spec", "specs", "specialization", "specializations", "skills", "agent_id",
            "id", "parent", "parent_id", "cluster", "user", "labels", "ttl");
        return new AgentConfig
        {
            AgentId = map.Find("agent_id", "id")?.AsId("agent_id"),
            ParentId = map.Find("parent_id", "parent")?.AsId("parent_id"),
            Cluster = map.Find("cluster")?.AsText("cluster"),
            User = map.Find("user")?.AsText("user"),
            Specializations = SkillNodes.Read(map, "spec", "specialization", "specs", "specializations", "skills") ?? [],
            Labels = map.Find("labels")?.AsTextMap("labels"),
            Ttl = map.Find("ttl")?.AsSeconds("ttl"),
        };
    }
}
