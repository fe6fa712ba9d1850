using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Config;

/// <summary>One member of an agent that a file wants otherwise.</summary>
/// <param name="Member">As a row names it; <c>labels.env</c> for one label, <c>skills.ocr</c> for one specialization.</param>
/// <param name="From">As it is; null for nothing.</param>
/// <param name="To">As it should be; null for nothing.</param>
internal sealed record FleetChange(string Member, string? From, string? To);

/// <summary>What loading a file does to one agent.</summary>
/// <param name="Row">The agent as it is; null where nobody knows it.</param>
internal sealed record PlannedAgent(FleetAgent Agent, AgentRow? Row, IReadOnlyList<FleetChange> Changes)
{
    /// <summary>Values of <c>change</c> in the report.</summary>
    public const string Declare = "declare";
    public const string Update = "update";
    public const string None = "none";

    public string Change => Row is null ? Declare : Changes.Count > 0 ? Update : None;
}

/// <summary>
/// What a file would change, worked out before anything is done: the agents in levels, those of a level independent of each other, and
/// every parent in place before its children.
/// </summary>
internal sealed class FleetPlan
{
    private FleetPlan(
        IReadOnlyList<IReadOnlyList<PlannedAgent>> levels, IEnumerable<string> inOrder, IReadOnlyList<PlannedLink> links) =>
        (Levels, InOrder, Links) = (levels, inOrder, links);

    public IReadOnlyList<IReadOnlyList<PlannedAgent>> Levels { get; }

    /// <summary>The ids in the file's order.</summary>
    public IEnumerable<string> InOrder { get; }

    /// <summary>In the file's order; to be applied when all agents are there.</summary>
    public IReadOnlyList<PlannedLink> Links { get; }

    /// <param name="known">The agents that the file names, themselves, as parents or in links, and every agent above those; by id.</param>
    /// <param name="links">Those that begin where a link of the file begins.</param>
    /// <param name="cluster">Of an agent that nobody knows and that says none; null leaves it to the server.</param>
    /// <param name="faults">Gets parents that are nowhere, and circles.</param>
    public static FleetPlan Of(
        FleetConfig config,
        IReadOnlyDictionary<string, AgentRow> known,
        IEnumerable<LinkRow> links,
        string? cluster,
        ConfigFaults faults)
    {
        var byId = config.Agents.ToDictionary(agent => agent.Id, StringComparer.Ordinal);
        string? ParentOf(string id) => byId.TryGetValue(id, out var agent) && agent.ParentId is not null
            ? agent.ParentId.Length > 0 ? agent.ParentId : null
            : known.GetValueOrDefault(id)?.ParentId;

        var levels = new List<List<PlannedAgent>>();
        var depths = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var agent in config.Agents)
        {
            if (agent.ParentId is { Length: > 0 } parent && !byId.ContainsKey(parent) && !known.ContainsKey(parent))
            {
                faults.Add(agent.Node, $"the parent of '{agent.Id}', '{parent}', is neither in the file nor known");
            }

            if (DepthOf(agent.Id, ParentOf, depths) is not (>= 0 and var depth))
            {
                // Of those below a circle nothing is said: they are where they should be, once the circle is none.
                var way = WayUp(agent.Id, ParentOf);
                if (way[^1] == agent.Id)
                {
                    faults.Add(agent.Node, $"'{agent.Id}' would be below itself: {string.Join(" → ", way)}");
                }

                continue;
            }

            while (levels.Count <= depth)
            {
                levels.Add([]);
            }

            var row = known.GetValueOrDefault(agent.Id);
            var placed = row is null && agent.Cluster is null ? agent with { Cluster = config.Cluster ?? cluster }
                : agent.Cluster is null ? agent with { Cluster = config.Cluster }
                : agent;
            levels[depth].Add(new PlannedAgent(placed, row, row is null ? [] : [.. Differences(placed, row)]));
        }

        var named = config.Sessions.Select(session => session.Id).Concat(byId.Keys).Concat(known.Keys).ToHashSet(StringComparer.Ordinal);
        return new FleetPlan(
            [.. levels.Where(level => level.Count > 0)],
            config.Agents.Select(agent => agent.Id),
            PlanLinks(config.Links, links, named, faults));
    }

    /// <param name="named">Ids of the file, and of the agents that are known.</param>
    private static List<PlannedLink> PlanLinks(
        IReadOnlyList<FleetLink> links, IEnumerable<LinkRow> known, HashSet<string> named, ConfigFaults faults)
    {
        var rows = known.ToDictionary(row => (row.From, row.To, row.Kind));
        foreach (var link in links)
        {
            foreach (var end in new[] { link.From, link.To }.Where(end => !named.Contains(end)))
            {
                faults.Add(link.Node, $"'{end}', at an end of a link, is neither in the file nor known");
            }
        }

        return [.. links.Select(link => new PlannedLink(link, rows.GetValueOrDefault((link.From, link.To, link.Kind))))];
    }

    /// <summary>How far an agent is below its root; -1 where it has none, because it is in a circle or below one.</summary>
    private static int DepthOf(string id, Func<string, string?> parentOf, Dictionary<string, int> depths)
    {
        var way = new List<string>();
        var isCircle = false;
        var depth = -1;
        for (var at = id; at is not null; at = parentOf(at))
        {
            if (depths.TryGetValue(at, out depth))
            {
                isCircle = depth < 0;
                break;
            }

            depth = -1;
            depths[at] = -1; // met again on the same way, it is a circle
            way.Add(at);
        }

        for (var i = way.Count - 1; i >= 0; i--)
        {
            depths[way[i]] = isCircle ? -1 : ++depth;
        }

        return depths[id];
    }

    /// <summary>An agent and what is above it, up to the root or to the first that comes twice.</summary>
    private static List<string> WayUp(string id, Func<string, string?> parentOf)
    {
        var way = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var at = id; at is not null; at = parentOf(at))
        {
            way.Add(at);
            if (!seen.Add(at))
            {
                break;
            }
        }

        return way;
    }

    private static IEnumerable<FleetChange> Differences(FleetAgent agent, AgentRow row)
    {
        if (agent.Cluster is { } cluster && cluster != row.Cluster)
        {
            yield return new FleetChange("cluster", row.Cluster, cluster);
        }

        if (agent.ParentId is { } parent && parent != (row.ParentId ?? ""))
        {
            yield return new FleetChange("parent_id", row.ParentId, parent.Length > 0 ? parent : null);
        }

        if (agent.User is { } user && user != row.User)
        {
            yield return new FleetChange("user", row.User, user);
        }

        var changes = (agent.Labels is { } labels ? Differences("labels", row.Labels, labels) : [])
            .Concat(agent.Skills is { } skills ? Differences("skills", SkillsOf(row), SkillsOf(skills, row)) : []);
        foreach (var change in changes)
        {
            yield return change;
        }
    }

    private static IEnumerable<FleetChange> Differences(
        string member, IReadOnlyDictionary<string, string> from, IReadOnlyDictionary<string, string> to) =>
        from.Keys.Union(to.Keys).Order(StringComparer.Ordinal)
            .Select(name => new FleetChange($"{member}.{name}", from.GetValueOrDefault(name), to.GetValueOrDefault(name)))
            .Where(change => change.From != change.To);

    private static Dictionary<string, string> SkillsOf(AgentRow row) =>
        row.Skills.ToDictionary(skill => skill.Name, skill => Say(skill.Version, skill.Level, skill.Capacity), StringComparer.Ordinal);

    /// <summary>As they will be: what is not said of one stays as it is.</summary>
    private static Dictionary<string, string> SkillsOf(IReadOnlyList<SpecializationRequest> skills, AgentRow row)
    {
        var said = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var skill in skills)
        {
            var name = NameOf(skill.Name!);
            var known = row.Skills.FirstOrDefault(known => known.Name == name);
            said[name] = Say(
                skill.Version ?? known?.Version,
                skill.Level ?? known?.Level ?? Limits.DefaultSkillLevel,
                skill.Capacity ?? known?.Capacity ?? 1);
        }

        return said;
    }

    /// <summary>
    /// As the server keeps a name, but for Unicode's compositions, which the tool cannot do: of such a name it says that it changes.
    /// </summary>
    private static string NameOf(string name) => string.Join('/', name.ToLowerInvariant()
        .Split('/', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

    private static string Say(string? version, int level, int capacity) =>
        string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"level {level}, capacity {capacity}{(version is null ? "" : ", version " + version)}");
}
