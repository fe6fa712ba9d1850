using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Config;

/// <summary>What a config says of one agent. A member that is null is not managed by the file.</summary>
internal sealed record FleetAgent(string Id, ConfigNode Node)
{
    /// <summary>What it is expected to be; null for no expectation.</summary>
    public string? Filter { get; init; }
    public string? Cluster { get; init; }

    /// <summary>Empty for no parent: <c>parent:</c> with nothing behind it.</summary>
    public string? ParentId { get; init; }
    public string? User { get; init; }
    public IReadOnlyList<SpecializationRequest>? Skills { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    public static FleetAgent? Read(ConfigNode node, ConfigFaults faults)
    {
        if (node is not ConfigMap map)
        {
            faults.Add(node, $"an entry of 'agents' is {node.Kind}, and should be {{id, …}}");
            return null;
        }

        map.Only(
            faults,
            "id", "agent_id", "filter", "cluster", "parent", "parent_id", "user", "spec", "specs", "specializations", "skills", "labels");
        var id = map.Find("id", "agent_id");
        if (id is null)
        {
            faults.Add(map, "an entry of 'agents' has no id");
            return null;
        }

        var agent = new FleetAgent(faults.Take(() => id.AsId("id")) ?? "", id)
        {
            Filter = map.Find("filter") is { } filter ? faults.Take(() => FleetConfig.FilterOf(filter)) : null,
            Cluster = map.Find("cluster") is { } cluster ? faults.Take(() => cluster.AsText("cluster")) : null,
            ParentId = map.Find("parent", "parent_id") is { } parent
                ? faults.Take(() => parent.AsText("parent") is "" ? "" : parent.AsId("parent")) ?? ""
                : null,
            User = map.Find("user") is { } user ? faults.Take(() => user.AsText("user")) : null,
            Skills = faults.Take(() => SkillNodes.Read(map, "specializations", "skills", "specs", "spec")),
            Labels = map.Find("labels") is { } labels ? faults.Take(() => LabelsOf(labels)) : null,
        };
        return agent.Id.Length > 0 ? agent : null;
    }

    private static IReadOnlyDictionary<string, string> LabelsOf(ConfigNode node) =>
        node is ConfigScalar { Text: null } ? new Dictionary<string, string>() : Checked(node, node.AsTextMap("labels"));

    /// <summary>As the server has it, so that a file is refused whole rather than loaded in part.</summary>
    private static IReadOnlyDictionary<string, string> Checked(ConfigNode node, IReadOnlyDictionary<string, string> labels)
    {
        foreach (var (name, value) in labels)
        {
            if (!MeshId.IsValid(name))
            {
                throw node.Wrong($"'{name}' is no name of a label; {MeshId.Rule}");
            }

            if (value.Length > Limits.LabelValueLength || value.Any(char.IsControl))
            {
                throw node.Wrong($"label '{name}' has at most {Limits.LabelValueLength} characters, none of them a control character");
            }
        }

        return labels.Count <= Limits.Labels ? labels : throw node.Wrong($"an agent has at most {Limits.Labels} labels");
    }
}
