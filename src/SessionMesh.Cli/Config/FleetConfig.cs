using SessionMesh.Cli.Hosting;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Config;

/// <summary>One session that a config names, and what it is expected to be.</summary>
internal sealed record ExpectedSession(string Id, string Filter)
{
    /// <summary>What it is declared to be good at, where it is not known yet.</summary>
    public IReadOnlyList<SpecializationRequest>? Specializations { get; init; }
}

/// <summary>What <c>load-config</c> reads: sessions to have, the cluster to be in.</summary>
internal sealed record FleetConfig(IReadOnlyList<ExpectedSession> Sessions, string? Cluster)
{
    public static FleetConfig Read(string path, CliHost host)
    {
        var map = ConfigReader.Read(path, host).Only("sessions", "skills", "cluster");

        // Which tools an agent loads is the agent's own matter; that they are names, or maps with one, is all there is to check.
        SkillNodes.Read(map, "skills");
        var cluster = map.Find("cluster")?.AsText("cluster");
        var sessions = map.Find("sessions") switch
        {
            null or ConfigScalar { Text: null } => [],
            ConfigList list => Expected(list),
            var other => throw other.Wrong($"'sessions' is {other.Kind}, and should be a list of {{id, filter}}"),
        };
        return map.Find("sessions") is null && cluster is null
            ? throw map.Wrong("neither 'sessions' nor 'cluster': there is nothing to load")
            : new FleetConfig(sessions, cluster);
    }

    /// <summary>
    /// Entries <c>{id, filter}</c>; the filter is <c>alive</c> unless given. A filter on an entry of its own, as some write it,
    /// belongs to the session before it.
    /// </summary>
    private static List<ExpectedSession> Expected(ConfigList list)
    {
        var sessions = new List<ExpectedSession>();
        var open = false;
        foreach (var node in list.Items)
        {
            var entry = (node as ConfigMap ?? throw node.Wrong($"an entry of 'sessions' is {node.Kind}, and should be {{id, filter}}"))
                .Only("id", "agent_id", "filter", "specializations", "skills");
            var filter = entry.Find("filter") is { } wanted ? Filter(wanted) : null;
            if (entry.Find("id", "agent_id")?.AsId("id") is { } id)
            {
                if (sessions.Any(session => session.Id == id))
                {
                    throw entry.Wrong($"session {id} appears twice");
                }

                sessions.Add(
                    new ExpectedSession(id, filter ?? AgentStatus.Alive)
                    {
                        Specializations = SkillNodes.Read(entry, "specializations", "skills"),
                    });
                open = filter is null;
            }
            else if (open && filter is not null)
            {
                sessions[^1] = sessions[^1] with { Filter = filter };
                open = false;
            }
            else
            {
                throw entry.Wrong("an entry of 'sessions' has no id");
            }
        }

        return sessions;
    }

    private static string Filter(ConfigNode node)
    {
        var text = node.AsText("filter");
        return AliveFilter.Allowed.FirstOrDefault(filter => filter.Equals(text, StringComparison.OrdinalIgnoreCase))
            ?? throw node.Wrong($"'{text}' is not a filter; allowed: {string.Join(", ", AliveFilter.Allowed)}");
    }
}
