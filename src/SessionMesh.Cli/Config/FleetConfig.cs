using System.Globalization;
using SessionMesh.Cli.Config.Rules;
using SessionMesh.Cli.Hosting;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Config;

/// <summary>One session that a config names, and what it is expected to be.</summary>
internal sealed record ExpectedSession(string Id, string Filter)
{
    /// <summary>What it is declared to be good at, where it is not known yet.</summary>
    public IReadOnlyList<SpecializationRequest>? Specializations { get; init; }
}

/// <summary>
/// What <c>load-config</c> reads: sessions to find, agents and their links to make known, and the cluster of what is declared.
/// </summary>
internal sealed record FleetConfig(
    string File,
    IReadOnlyList<ExpectedSession> Sessions,
    IReadOnlyList<FleetAgent> Agents,
    IReadOnlyList<FleetLink> Links,
    string? Cluster)
{
    /// <summary>Sessions, agents and links of one file.</summary>
    public const int MaxEntries = 100_000;

    /// <summary>What <c>balance</c> runs; loading a file only checks them.</summary>
    public IReadOnlyList<Rule> Rules { get; init; } = [];

    /// <exception cref="CommandException">The file is not as it should be; with every fault.</exception>
    public static FleetConfig Read(string path, CliHost host)
    {
        var map = ConfigReader.Read(path, host);
        var faults = new ConfigFaults(map.At.File);
        map.Only(faults, "sessions", "agents", "links", "skills", "cluster", "rules");

        // Which tools an agent loads is the agent's own matter; that they are names, or maps with one, is all there is to check.
        faults.Take(() => SkillNodes.Read(map, "skills"));
        var cluster = faults.Take(() => map.Find("cluster")?.AsText("cluster"));
        var seen = new Dictionary<string, ConfigNode>(StringComparer.Ordinal);
        var sessions = ListOf(map, "sessions", "{id, filter}", faults) is { } expected ? Expected(expected, seen, faults) : [];
        var agents = new List<FleetAgent>();
        foreach (var node in ListOf(map, "agents", "{id, …}", faults)?.Items ?? [])
        {
            if (FleetAgent.Read(node, faults) is { } agent && IsFirst(agent.Id, agent.Node, seen, faults))
            {
                agents.Add(agent);
            }
        }

        var links = ReadLinks(map, faults);
        var rules = RuleReader.Read(map, faults);
        if (map.Find("sessions", "agents", "links", "cluster", "rules") is null && faults.IsEmpty)
        {
            faults.Add(map, "no 'sessions', no 'agents', no 'links', no 'cluster' and no 'rules': there is nothing to load");
        }

        var entries = sessions.Count + agents.Count + links.Count;
        if (entries > MaxEntries)
        {
            faults.Add(map, string.Create(
                CultureInfo.InvariantCulture, $"{entries:N0} entries; a file has at most {MaxEntries:N0}, so split it"));
        }

        faults.ThrowIfAny();
        return new FleetConfig(map.At.File, sessions, agents, links, cluster) { Rules = rules };
    }

    /// <summary>A word of <see cref="AliveFilter.Allowed"/>, in lower case.</summary>
    public static string FilterOf(ConfigNode node)
    {
        var text = node.AsText("filter");
        return AliveFilter.Allowed.FirstOrDefault(filter => filter.Equals(text, StringComparison.OrdinalIgnoreCase))
            ?? throw node.Wrong($"'{text}' is not a filter; allowed: {string.Join(", ", AliveFilter.Allowed)}");
    }

    private static List<FleetLink> ReadLinks(ConfigMap map, ConfigFaults faults)
    {
        var links = new List<FleetLink>();
        var seen = new Dictionary<(string From, string To, string Kind), ConfigNode>();
        foreach (var node in ListOf(map, "links", "{from, to}", faults)?.Items ?? [])
        {
            if (FleetLink.Read(node, faults) is not { } link)
            {
                continue;
            }

            if (seen.TryAdd((link.From, link.To, link.Kind), node))
            {
                links.Add(link);
            }
            else
            {
                var first = seen[(link.From, link.To, link.Kind)].At.Line;
                faults.Add(node, $"the link '{link.Kind}' from '{link.From}' to '{link.To}' appears twice, first at line {first}");
            }
        }

        return links;
    }

    private static ConfigList? ListOf(ConfigMap map, string member, string entries, ConfigFaults faults)
    {
        switch (map.Find(member))
        {
            case null or ConfigScalar { Text: null }:
                return null;
            case ConfigList list:
                return list;
            case var other:
                faults.Add(other, $"'{member}' is {other.Kind}, and should be a list of {entries}");
                return null;
        }
    }

    private static bool IsFirst(string id, ConfigNode node, Dictionary<string, ConfigNode> seen, ConfigFaults faults)
    {
        if (seen.TryAdd(id, node))
        {
            return true;
        }

        faults.Add(node, $"'{id}' appears twice, first at line {seen[id].At.Line}");
        return false;
    }

    /// <summary>
    /// Entries <c>{id, filter}</c>; the filter is <c>alive</c> unless given. A filter on an entry of its own, as some write it,
    /// belongs to the session before it.
    /// </summary>
    private static List<ExpectedSession> Expected(ConfigList list, Dictionary<string, ConfigNode> seen, ConfigFaults faults)
    {
        var sessions = new List<ExpectedSession>();
        var open = false;
        foreach (var node in list.Items)
        {
            if (node is not ConfigMap entry)
            {
                faults.Add(node, $"an entry of 'sessions' is {node.Kind}, and should be {{id, filter}}");
                continue;
            }

            entry.Only(faults, "id", "agent_id", "filter", "specializations", "skills");
            var filter = entry.Find("filter") is { } wanted ? faults.Take(() => FilterOf(wanted)) : null;
            if (entry.Find("id", "agent_id") is { } named)
            {
                open = filter is null;
                if (faults.Take(() => named.AsId("id")) is { } id && IsFirst(id, entry, seen, faults))
                {
                    sessions.Add(new ExpectedSession(id, filter ?? AgentStatus.Alive)
                    {
                        Specializations = faults.Take(() => SkillNodes.Read(entry, "specializations", "skills")),
                    });
                }
            }
            else if (open && filter is not null && sessions.Count > 0)
            {
                sessions[^1] = sessions[^1] with { Filter = filter };
                open = false;
            }
            else
            {
                faults.Add(entry, "an entry of 'sessions' has no id");
            }
        }

        return sessions;
    }
}
