using System.Globalization;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Config.Rules;

/// <summary>Reads <c>when</c> and <c>until</c>, and refuses what can never hold.</summary>
/// <param name="filter">Of the agents that the rule selects.</param>
internal sealed class ConditionReader(ConfigFaults faults, string filter)
{
    private const string Hold = "for";
    private static readonly RuleMember[] s_members = Enum.GetValues<RuleMember>();
    private static readonly string[] s_names = [.. s_members.Select(RuleCondition.NameOf), Hold];

    /// <returns>Null where there is no condition that could be read.</returns>
    public (IReadOnlyList<RuleCondition> Conditions, TimeSpan For)? Read(ConfigNode node, string name)
    {
        if (node is not ConfigMap map)
        {
            faults.Add(node, $"'{name}' is {node.Kind}, and should be a map such as {{load: {{above: 0.8}}, for: 2m}}");
            return null;
        }

        map.Only(faults, s_names);
        var conditions = new List<RuleCondition>();
        var isWhole = true;
        foreach (var member in s_members)
        {
            if (map.Find(RuleCondition.NameOf(member)) is { } given)
            {
                if (faults.Take(() => member is RuleMember.Activity ? Activity(given) : Between(given, member)) is { } condition)
                {
                    conditions.Add(condition);
                }
                else
                {
                    isWhole = false;
                }
            }
        }

        if (conditions.Count == 0 && isWhole)
        {
            faults.Add(node, $"'{name}' has no condition; it takes {string.Join(", ", s_names[..^1])}");
        }

        var held = map.Find(Hold) is not { } time ? 0 : RuleReader.Seconds(faults, time, Hold, 0, Rule.MaxCoolDown) ?? 0;
        var youngest = conditions.Find(condition => condition is { Member: RuleMember.Age, Below: not null });
        if (youngest is not null && held >= youngest.Below)
        {
            faults.Add(map.Find(Hold)!, "nobody stays that young for so long: 'for' should be shorter than the age");
        }

        return conditions.Count == 0 ? null : (conditions, TimeSpan.FromSeconds(held));
    }

    /// <summary>What arms a rule again must not hold while it acts, or it acts again and again.</summary>
    public void CheckApart(ConfigNode node, IReadOnlyList<RuleCondition> when, IReadOnlyList<RuleCondition> until)
    {
        if (!until.Any(one => when.Any(one.Excludes)))
        {
            faults.Add(
                node, "'until' can hold while 'when' does, so the rule would flap: give one member of both bounds that exclude each other");
        }

        if (when.Any(condition => condition is { Member: RuleMember.Age, Above: not null })
            && until.Any(condition => condition is { Member: RuleMember.Age, Below: not null }))
        {
            faults.Add(node, "'until' can never hold: nobody gets younger");
        }
    }

    private RuleCondition Activity(ConfigNode node)
    {
        var word = node.AsText("activity");
        var activity = AgentActivity.All.FirstOrDefault(known => known.Equals(word, StringComparison.OrdinalIgnoreCase))
            ?? throw node.Wrong($"'{word}' is not an activity; allowed: {string.Join(", ", AgentActivity.All)}");
        var selected = filter is AliveFilter.Stalled ? AgentActivity.Working : filter;
        return AgentActivity.All.Contains(selected) && selected != activity
            ? throw node.Wrong($"this can never hold: the rule selects agents that are '{filter}'")
            : new RuleCondition(RuleMember.Activity) { Activity = activity };
    }

    private RuleCondition Between(ConfigNode node, RuleMember member)
    {
        var name = RuleCondition.NameOf(member);
        if (node is not ConfigMap map)
        {
            throw node.Wrong($"'{name}' is {node.Kind}, and should be {{above: …}} or {{below: …}}");
        }

        map.Only("above", "below");
        var condition = new RuleCondition(member) { Above = Bound(map, "above", member), Below = Bound(map, "below", member) };
        if (condition is { Above: null, Below: null })
        {
            throw node.Wrong($"'{name}' has no bound; write {{above: …}} or {{below: …}}");
        }

        // The whole range of what can be read.
        var (least, most) = member switch
        {
            RuleMember.Load => (0, 1),
            RuleMember.Inbox => (0, Limits.Inbox),
            RuleMember.Silence => (0, LongestSilence()),
            RuleMember.Age => (0, double.PositiveInfinity),
            _ => (double.NegativeInfinity, double.PositiveInfinity),
        };
        var reason = member switch
        {
            RuleMember.Load => "a load is from 0 to 1",
            RuleMember.Inbox => $"an inbox has 0 to {Limits.Inbox} directives",
            RuleMember.Silence => $"agents that are '{filter}' are silent for {RuleCondition.Time(LongestSilence())} at most",
            _ => "a time is not below 0",
        };
        if (condition.Above >= most)
        {
            throw map.Members["above"].Wrong($"this can never hold: {reason}");
        }

        if (condition.Below <= least)
        {
            throw map.Members["below"].Wrong($"this can never hold: {reason}");
        }

        if (condition.Above < least)
        {
            throw map.Members["above"].Wrong($"this always holds: {reason}");
        }

        if (condition.Below > most)
        {
            throw map.Members["below"].Wrong($"this always holds: {reason}");
        }

        return condition.IsEmpty(condition.Above, condition.Below)
            ? throw map.Members["below"].Wrong("this can never hold: nothing is between 'above' and 'below'")
            : condition;
    }

    private static double? Bound(ConfigMap map, string bound, RuleMember member)
    {
        if (map.Find(bound) is not { } node)
        {
            return null;
        }

        if (member is RuleMember.Silence or RuleMember.Age)
        {
            return node.AsSeconds(bound) ?? throw node.Wrong($"'{bound}' is empty");
        }

        return double.TryParse(node.AsText(bound), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && double.IsFinite(number)
                ? number
                : throw node.Wrong($"'{bound}' should be a number");
    }

    /// <summary>Seconds: the longest lease, and once more while an agent is suspect.</summary>
    private double LongestSilence() => filter switch
    {
        AgentStatus.Lost => double.PositiveInfinity,
        AgentStatus.Suspect or AliveFilter.Paused or AliveFilter.Orphaned => 2.0 * Limits.MaxAgentTtl,
        _ => Limits.MaxAgentTtl,
    };
}
