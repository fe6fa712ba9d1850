using SessionMesh.Client;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Config.Rules;

/// <summary>
/// Reads <c>select</c>: as the options of <c>list</c>. Who says nothing selects nobody: everyone is <c>select: all</c>.
/// </summary>
internal static class SelectReader
{
    /// <summary>The word for every agent that is alive.</summary>
    public const string Everyone = "all";

    /// <summary>Filters whose agents can be told something.</summary>
    private static readonly string[] s_reachable =
    [
        AliveFilter.Active, AgentStatus.Alive, AgentStatus.Suspect, AliveFilter.Stalled, AgentActivity.Idle, AgentActivity.Working,
        AgentActivity.Waiting, AliveFilter.Paused, AliveFilter.Orphaned,
    ];

    private static readonly string[] s_killable = [.. s_reachable, AgentStatus.Lost];

    public static AgentQuery? Read(ConfigNode node, RuleAct? act, ConfigFaults faults)
    {
        if (node is ConfigScalar { Text: Everyone })
        {
            return new AgentQuery { Filter = AgentStatus.Alive };
        }

        if (node is not ConfigMap { Members.Count: > 0 } map)
        {
            faults.Add(node, node is ConfigMap
                ? "'select' selects nothing; 'select: all' means every agent that is alive"
                : $"'select' is {node.Kind}, and should be a map such as {{specialization: ocr}}, or 'all'");
            return null;
        }

        map.Only(
            faults,
            "filter", "status", "spec", "specialization", "specializations", "label", "labels", "user", "cluster", "parent", "subtree");
        return new AgentQuery
        {
            Filter = Filter(map, act, faults) ?? AgentStatus.Alive,
            Specializations = OneOf(map, faults, "specialization", "specializations", "spec") is { } specs
                ? faults.Take(() => specs.AsTexts("specialization")) ?? []
                : [],
            LabelTerms = OneOf(map, faults, "label", "labels") is { } labels ? faults.Take(() => Labels(labels)) ?? [] : [],
            User = Text(map, "user", faults),
            Cluster = Text(map, "cluster", faults),
            Parent = Id(map, "parent", faults),
            Subtree = Id(map, "subtree", faults),
        };
    }

    private static string? Filter(ConfigMap map, RuleAct? act, ConfigFaults faults)
    {
        if (OneOf(map, faults, "filter", "status") is not { } node)
        {
            return null;
        }

        var filter = faults.Take(() => FleetConfig.FilterOf(node));
        var allowed = act?.Verb is null or RuleAct.Kill ? s_killable : s_reachable;
        if (filter is not null && !allowed.Contains(filter))
        {
            faults.Add(node, $"'{act?.Word ?? "do"}' cannot reach agents that are '{filter}'; allowed: {string.Join(", ", allowed)}");
        }
        else if (filter is AliveFilter.Paused && act?.Verb is DirectiveVerb.Pause)
        {
            faults.Add(node, "this rule can never act: who is paused is not paused again");
        }

        return filter;
    }

    /// <summary>Terms as <c>list --label</c> takes them: a text, a list of them, or a map.</summary>
    private static List<string> Labels(ConfigNode node)
    {
        var terms = node is ConfigMap
            ? node.AsTextMap("labels").Select(label => $"{label.Key}={label.Value}").ToList()
            : [.. node.AsTexts("labels").SelectMany(text => text.Split(','))];
        return terms.Find(term => !IsTerm(term)) is { } wrong
            ? throw node.Wrong($"'{wrong}' is no label; write KEY=VALUE or KEY!=VALUE, and no comma in a value")
            : terms;
    }

    private static bool IsTerm(string term) =>
        term.IndexOf('=', StringComparison.Ordinal) is >= 1 and var at && term[..at] is not "!" && !term.Contains(',');

    private static string? Text(ConfigMap map, string member, ConfigFaults faults) => map.Find(member) is not { } node ? null
        : faults.Take(() => node.AsText(member) ?? throw node.Wrong($"'{member}' is empty; leave it out for any"));

    private static string? Id(ConfigMap map, string member, ConfigFaults faults) => map.Find(member) is not { } node ? null
        : faults.Take(() => node.AsId(member) ?? throw node.Wrong($"'{member}' is empty; leave it out for any"));

    private static ConfigNode? OneOf(ConfigMap map, ConfigFaults faults, params string[] names)
    {
        var given = Array.FindAll(names, map.Members.ContainsKey);
        if (given is [var one, var other, ..])
        {
            faults.Add(map.Members[other], $"'{one}' and '{other}' mean the same; leave one of them out");
        }

        return given.Length == 0 ? null : map.Members[given[0]];
    }
}
