using SessionMesh.Contracts;
using SessionMesh.Contracts.Steering;
using SessionMesh.Core.Agents;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Steering;

/// <summary>Binds selectors from a body or a query. An empty one is refused; it never means every agent.</summary>
internal static class Selectors
{
    /// <summary>The query parameters of a selector. Lists are comma-separated; a label is <c>name=value</c>.</summary>
    public static readonly string[] Parameters = ["specialization", "label", "cluster", "subtree", "agent_ids"];

    public static Selection Bind(AgentSelector selector, ref Check check)
    {
        var selection = new Selection
        {
            Specialization = check.Specialization("/selector/specialization", selector.Specialization),
            Cluster = check.Name("/selector/cluster", selector.Cluster),
            Labels = check.Labels("/selector/label", selector.Label),
            Subtree = selector.Subtree is null ? null : check.Id("/selector/subtree", selector.Subtree),
            AgentIds = selector.AgentIds,
        };
        Finish("/selector", selection, ref check);
        return selection;
    }

    public static Selection Bind(Query query, ref Check check)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var label in Split(query["label"]) ?? [])
        {
            var parts = label.Split('=', 2);
            if (parts.Length != 2 || !labels.TryAdd(parts[0], parts[1]))
            {
                check.Fail("?label", "is name=value, several separated by commas, each name once");
            }
        }

        var selection = new Selection
        {
            Specialization = check.Specialization("?specialization", query["specialization"]),
            Cluster = check.Name("?cluster", query["cluster"]),
            Labels = labels.Count == 0 ? null : check.Labels("?label", labels),
            Subtree = query["subtree"] is { } subtree ? check.Id("?subtree", subtree) : null,
            AgentIds = Split(query["agent_ids"]),
        };
        Finish("?specialization", selection, ref check);
        return selection;
    }

    private static string[]? Split(string? list) =>
        list?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static void Finish(string pointer, Selection selection, ref Check check)
    {
        var ids = pointer[0] == '?' ? "?agent_ids" : pointer + "/agent_ids";
        if (selection.AgentIds is { Count: > Limits.SelectorIds })
        {
            check.Fail(ids, $"has at most {Limits.SelectorIds} entries");
        }

        for (var i = 0; i < Math.Min(selection.AgentIds?.Count ?? 0, Limits.SelectorIds); i++)
        {
            check.Id(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{ids}/{i}"), selection.AgentIds![i]);
        }

        if (selection.IsEmpty)
        {
            check.Fail(pointer, "an empty selector never means everyone: give at least one of its members", Parameters);
        }
    }
}
