using SessionMesh.Cli.Config;
using SessionMesh.Contracts;

namespace SessionMesh.Cli.Registry;

/// <summary>What <c>register --config FILE</c> reads: one agent.</summary>
internal sealed record AgentConfig
{
    public string? AgentId { get; private init; }
    public string? ParentId { get; private init; }
    public string? Cluster { get; private init; }
    public string? User { get; private init; }
    public IReadOnlyList<string> Specializations { get; private init; } = [];
    public IReadOnlyDictionary<string, string>? Labels { get; private init; }

    /// <summary>Seconds.</summary>
    public int? Ttl { get; private init; }

    public static AgentConfig Empty { get; } = new();

    public static AgentConfig Read(string path)
    {
        var map = ConfigReader.Read(path).Only(
            "spec", "specs", "specialization", "specializations", "agent_id", "id", "parent", "parent_id", "cluster", "user", "labels", "ttl");
        return new AgentConfig
        {
            AgentId = Id(map, "agent_id", "id"),
            ParentId = Id(map, "parent_id", "parent"),
            Cluster = map.Find("cluster")?.AsText("cluster"),
            User = map.Find("user")?.AsText("user"),
            Specializations = map.Find("spec", "specialization", "specs", "specializations")?.AsTexts("spec") ?? [],
            Labels = map.Find("labels")?.AsTextMap("labels"),
            Ttl = map.Find("ttl")?.AsSeconds("ttl"),
        };
    }

    /// <summary>An id under either of its names; a number is its text.</summary>
    public static string? Id(ConfigMap map, string name, string otherName) =>
        map.Find(name, otherName) is { } node && node.AsText(name) is { } id
            ? MeshId.IsValid(id) ? id : throw node.Wrong($"'{id}' is not an id; {MeshId.Rule}")
            : null;
}
