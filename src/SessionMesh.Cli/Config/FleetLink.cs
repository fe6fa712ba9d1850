using System.Globalization;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Config;

/// <summary>What a config says of one link between two agents.</summary>
/// <param name="Weight">Null where the file does not say: then it stays as it is.</param>
internal sealed record FleetLink(string From, string To, string Kind, double? Weight, ConfigNode Node)
{
    private static readonly string s_kindRule = $"'kind' has 1 to {Limits.NameLength} characters, none of them a control character";

    public static FleetLink? Read(ConfigNode node, ConfigFaults faults)
    {
        if (node is not ConfigMap map)
        {
            faults.Add(node, $"an entry of 'links' is {node.Kind}, and should be {{from, to}}");
            return null;
        }

        map.Only(faults, "from", "to", "kind", "weight");
        var (from, to) = (EndOf(map, "from", faults), EndOf(map, "to", faults));
        if (from is not null && from == to)
        {
            faults.Add(map, $"a link is between two agents, and this one leads from '{from}' to itself");
        }

        var kind = map.Find("kind") is { } named ? faults.Take(() => KindOf(named)) : null;
        double? weight = map.Find("weight") is { } given ? faults.Take<double?>(() => WeightOf(given)) : null;
        return from is null || to is null ? null : new FleetLink(from, to, kind ?? LinkRequest.DefaultKind, weight, map);
    }

    private static string? EndOf(ConfigMap map, string name, ConfigFaults faults)
    {
        var id = map.Find(name) is { } node ? faults.Take(() => node.AsId(name) ?? throw node.Wrong($"'{name}' is empty")) : null;
        if (!map.Members.ContainsKey(name))
        {
            faults.Add(map, $"an entry of 'links' has no '{name}'");
        }

        return id;
    }

    private static string? KindOf(ConfigNode node) => node.AsText("kind") switch
    {
        null => null,
        { Length: 0 or > Limits.NameLength } => throw node.Wrong(s_kindRule),
        var kind when kind.Any(char.IsControl) => throw node.Wrong(s_kindRule),
        var kind => kind,
    };

    private static double? WeightOf(ConfigNode node) => node.AsText("weight") switch
    {
        null => null,
        var text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var weight)
            && weight is >= 0 and <= Limits.MaxLinkWeight => weight + 0.0,
        var text => throw node.Wrong(string.Create(
            CultureInfo.InvariantCulture, $"'weight' is '{text}', and should be a number from 0 to {Limits.MaxLinkWeight:0}")),
    };
}

/// <summary>What loading a file does to one link.</summary>
/// <param name="Row">The link as it is; null where there is none.</param>
internal sealed record PlannedLink(FleetLink Link, LinkRow? Row)
{
    public string Change => Row is null ? PlannedAgent.Declare : Changes.Count > 0 ? PlannedAgent.Update : PlannedAgent.None;

    public IReadOnlyList<FleetChange> Changes => Row is not null && Link.Weight is { } weight && !weight.Equals(Row.Weight)
        ? [new FleetChange("weight", Say(Row.Weight), Say(weight))]
        : [];

    private static string Say(double weight) => weight.ToString(CultureInfo.InvariantCulture);
}

/// <summary>What became of one link of a file, or would become of it.</summary>
internal sealed record LoadedLink(PlannedLink Planned)
{
    public string Change => Error is null ? Planned.Change : PlannedAgent.None;
    public string? Error { get; init; }
}
