using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Config;

/// <summary>Specializations in a file: names, or maps with what is known of each. A name stands for itself, whatever is in it.</summary>
internal static class SkillNodes
{
    /// <param name="members">The names under which they may stand; under one at a time.</param>
    /// <returns>Null where none of them is there.</returns>
    public static IReadOnlyList<SpecializationRequest>? Read(ConfigMap map, params string[] members)
    {
        var given = Array.FindAll(members, map.Members.ContainsKey);
        return given switch
        {
            [] => null,
            [var member] => List(map.Members[member], member),
            [var one, var other, ..] => throw map.Members[other].Wrong($"'{one}' and '{other}' mean the same; leave one of them out"),
        };
    }

    private static List<SpecializationRequest> List(ConfigNode node, string member) => node switch
    {
        ConfigList list => [.. list.Items.Select(item => One(item, member))],
        ConfigScalar { Text: null } => [],
        _ => [One(node, member)],
    };

    private static SpecializationRequest One(ConfigNode node, string member)
    {
        if (node is not ConfigMap map)
        {
            return Checked(node, node.AsText(member) ?? throw node.Wrong($"'{member}' has an empty entry"));
        }

        map.Only("name", "version", "level", "capacity");
        return new SpecializationRequest
        {
            Name = Checked(node, map.Find("name")?.AsText("name") ?? throw node.Wrong($"an entry of '{member}' has no name")),
            Version = map.Find("version")?.AsText("version"),
            Level = Number(map, "level", 0, Limits.MaxSkillLevel),
            Capacity = Number(map, "capacity", 1, Limits.MaxCapacity),
        };
    }

    /// <summary>As the server has it, so that a file is refused whole rather than loaded in part.</summary>
    private static string Checked(ConfigNode node, string name) =>
        name.Length <= Limits.NameLength && !name.Any(char.IsControl) && name.Split('/').Any(part => !string.IsNullOrWhiteSpace(part))
            ? name
            : throw node.Wrong($"'{name}' is no name of a specialization, which has 1 to {Limits.NameLength} characters");

    private static int? Number(ConfigMap map, string member, int least, int most) => map.Find(member) switch
    {
        null or ConfigScalar { Text: null } => null,
        var node when int.TryParse(node.AsText(member), out var number) && number >= least && number <= most => number,
        var node => throw node.Wrong($"'{member}' should be a whole number from {least} to {most}"),
    };
}
