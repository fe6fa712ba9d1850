using System.Globalization;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Config.Rules;

/// <summary>
/// Reads <c>rules</c> of a config. A rule without a bound, or one that could never act, or one that would act on everybody without
/// saying so, is a fault; every one is named, with its place.
/// </summary>
internal sealed class RuleReader
{
    private readonly ConfigFaults _faults;
    private readonly ConfigMap _rule;

    private RuleReader(ConfigMap rule, ConfigFaults faults) => (_rule, _faults) = (rule, faults);

    public static IReadOnlyList<Rule> Read(ConfigMap file, ConfigFaults faults)
    {
        switch (file.Find("rules"))
        {
            case null or ConfigScalar { Text: null }:
                return [];
            case ConfigList list:
                return Read(list, faults);
            case var other:
                faults.Add(other, $"'rules' is {other.Kind}, and should be a list of {{name, select, when, do, at_most}}");
                return [];
        }
    }

    private static List<Rule> Read(ConfigList list, ConfigFaults faults)
    {
        if (list.Items.Count > Rule.MaxRules)
        {
            faults.Add(list, $"{list.Items.Count} rules; a file has at most {Rule.MaxRules}, so split it");
            return [];
        }

        var rules = new List<Rule>(list.Items.Count);
        var seen = new Dictionary<string, ConfigNode>(StringComparer.Ordinal);
        foreach (var node in list.Items)
        {
            if (node is not ConfigMap map)
            {
                faults.Add(node, $"an entry of 'rules' is {node.Kind}, and should be {{name, select, when, do, at_most}}");
            }
            else if (new RuleReader(map, faults).One(seen) is { } rule)
            {
                rules.Add(rule);
            }
        }

        return rules;
    }

    /// <returns>Null where it has a fault.</returns>
    private Rule? One(Dictionary<string, ConfigNode> seen)
    {
        _rule.Only(_faults, "name", "select", "when", "until", "do", "at_most", "cool_down");
        var name = NameOf(seen);
        var act = Need("do", "what to do: steer, pause, resume or kill") is { } does ? ActReader.Read(does, _faults) : null;
        var select = Need("select", "which agents; 'select: all' means every one that is alive") is { } selects
            ? SelectReader.Read(selects, act, _faults)
            : null;
        var filter = select?.Filter ?? AgentStatus.Alive;
        var conditions = new ConditionReader(_faults, filter);
        var when = Need("when", "the condition, such as {load: {above: 0.8}, for: 2m}") is { } whenNode
            ? conditions.Read(whenNode, "when")
            : null;
        var until = _rule.Find("until") is { } untilNode and not ConfigScalar { Text: null } ? conditions.Read(untilNode, "until") : null;
        if (when is not null && until is not null)
        {
            conditions.CheckApart(_rule.Find("until")!, when.Value.Conditions, until.Value.Conditions);
        }

        var atMost = Need("at_most", "how many agents an interval: a rule has a bound") is { } bound
            ? Number(bound, "at_most", 1, Rule.MaxAtMost)
            : null;
        var coolDown = _rule.Find("cool_down") is { } cool and not ConfigScalar { Text: null }
            ? Seconds(cool, "cool_down", 1, Rule.MaxCoolDown)
            : Rule.DefaultCoolDown;
        if (name is null || act is null || select is null || when is null || atMost is null || coolDown is null)
        {
            return null;
        }

        return new Rule(name)
        {
            Select = select,
            When = when.Value.Conditions,
            For = when.Value.For,
            Until = until?.Conditions,
            UntilFor = until?.For ?? when.Value.For,
            Act = act,
            AtMost = atMost.Value,
            CoolDown = TimeSpan.FromSeconds(coolDown.Value),
        };
    }

    private string? NameOf(Dictionary<string, ConfigNode> seen)
    {
        if (Need("name", "it is the reason in the audit") is not { } node || _faults.Take(() => node.AsText("name")) is not { } name)
        {
            return null;
        }

        if (name.Length is 0 or > Limits.NameLength || name.Any(char.IsControl))
        {
            _faults.Add(node, $"a rule's name has 1 to {Limits.NameLength} characters, on one line");
            return null;
        }

        if (!seen.TryAdd(name, node))
        {
            _faults.Add(node, $"rule '{name}' appears twice, first at line {seen[name].At.Line}");
        }

        return name;
    }

    private ConfigNode? Need(string member, string why)
    {
        if (_rule.Find(member) is { } node and not ConfigScalar { Text: null })
        {
            return node;
        }

        _faults.Add(_rule.Find(member) ?? _rule, $"'{member}' is missing: {why}");
        return null;
    }

    private int? Number(ConfigNode node, string member, int least, int most) => _faults.Take<int?>(() =>
        int.TryParse(node.AsText(member), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && number >= least && number <= most
            ? number
            : throw node.Wrong($"'{member}' should be a whole number from {least} to {most}"));

    private int? Seconds(ConfigNode node, string member, int least, int most) => Seconds(_faults, node, member, least, most);

    /// <summary>Null where it is wrong, which is noted.</summary>
    internal static int? Seconds(ConfigFaults faults, ConfigNode node, string member, int least, int most) => faults.Take<int?>(() =>
        node.AsSeconds(member) is { } seconds && seconds >= least && seconds <= most
            ? seconds
            : throw node.Wrong($"'{member}' should be a time from {least} to {most} seconds, such as 90, 90s or 1h30m"));
}

/// <summary>Reads <c>do</c>.</summary>
internal static class ActReader
{
    private const string Form = "'do' should be steer: {direction: TOKEN}, pause, resume or kill: {grace: TIME}";
    private const string NoDirection = "a steer needs a direction: steer: {direction: TOKEN}";

    public static RuleAct? Read(ConfigNode node, ConfigFaults faults)
    {
        if (node is ConfigScalar { Text: { } word })
        {
            return Alone(node, word, faults);
        }

        if (node is not ConfigMap { Members.Count: 1 } map)
        {
            faults.Add(node, node is ConfigMap ? $"{Form}, and one of them" : $"'do' is {node.Kind}; {Form}");
            return null;
        }

        var (verb, given) = map.Members.Single();
        if (given is ConfigScalar { Text: null })
        {
            return Alone(given, verb, faults);
        }

        if (!RuleAct.Verbs.Contains(verb) || given is not ConfigMap more)
        {
            faults.Add(
                given, RuleAct.Verbs.Contains(verb) ? $"'{verb}' is {given.Kind}, and should be a map" : $"'{verb}' is none; {Form}");
            return null;
        }

        return verb switch
        {
            RuleAct.Kill => Kill(more, faults),
            DirectiveVerb.Steer => Told(more, verb, faults, "direction", "message", "ttl"),
            _ => Told(more, verb, faults, "message", "ttl"),
        };
    }

    private static RuleAct? Alone(ConfigNode node, string verb, ConfigFaults faults)
    {
        if (verb is DirectiveVerb.Pause or DirectiveVerb.Resume or RuleAct.Kill)
        {
            return new RuleAct(verb);
        }

        faults.Add(node, verb is DirectiveVerb.Steer ? NoDirection : $"'{verb}' is none; {Form}");
        return null;
    }

    private static RuleAct? Told(ConfigMap map, string verb, ConfigFaults faults, params string[] members)
    {
        map.Only(faults, members);
        var direction = Text(map, "direction", Limits.DirectionLength, faults);
        if (verb is DirectiveVerb.Steer && string.IsNullOrEmpty(direction))
        {
            faults.Add(map, NoDirection);
            return null;
        }

        return new RuleAct(verb)
        {
            Direction = verb is DirectiveVerb.Steer ? direction : null,
            Message = Text(map, "message", Limits.MessageLength, faults),
            Ttl = map.Find("ttl") is { } ttl ? RuleReader.Seconds(faults, ttl, "ttl", 1, Limits.MaxDirectiveTtl) : null,
        };
    }

    private static RuleAct Kill(ConfigMap map, ConfigFaults faults)
    {
        map.Only(faults, "grace", "cascade");
        return new RuleAct(RuleAct.Kill)
        {
            Grace = map.Find("grace") is { } grace ? RuleReader.Seconds(faults, grace, "grace", 0, Limits.MaxGrace) : null,
            Cascade = map.Find("cascade") is not { } cascade ? null : faults.Take(() => cascade.AsText("cascade") switch
            {
                "descendants" => "descendants",
                "none" => "none",
                var other => throw cascade.Wrong($"'cascade' is descendants or none, not '{other}'"),
            }),
        };
    }

    private static string? Text(ConfigMap map, string member, int most, ConfigFaults faults) =>
        map.Find(member) is not { } node ? null : faults.Take(() => node.AsText(member) is { Length: var length } text && length <= most
            ? text
            : throw node.Wrong($"'{member}' should be a text of at most {most} characters"));
}
