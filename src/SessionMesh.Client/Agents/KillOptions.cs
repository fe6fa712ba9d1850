using SessionMesh.Client.Http;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Client;

/// <summary>How to stop an agent. Left out: ten seconds of grace, descendants too, answer at once.</summary>
public sealed record KillOptions
{
    /// <summary>Seconds between the stop directive and force. The server refuses it together with <see cref="Force"/>.</summary>
    public int? Grace { get; init; }

    /// <summary><c>descendants</c> or <c>none</c>.</summary>
    public string? Cascade { get; init; }

    /// <summary>No grace: its keys and its session end now.</summary>
    public bool Force { get; init; }

    /// <summary>Seconds for which the answer may be held back until the exit is known.</summary>
    public int? WaitSeconds { get; init; }
    public string? Reason { get; init; }

    internal QueryText ToQuery(bool withWait = true) => new QueryText()
        .Add("grace", Grace)
        .Add("cascade", Cascade)
        .Add("force", Force ? "true" : null)
        .Add("wait", withWait ? WaitSeconds : null)
        .Add("reason", Reason);
}

/// <summary>A selector as a query has it: lists with commas, a label as <c>name=value</c>.</summary>
internal static class SelectorQuery
{
    public static QueryText AddTo(this AgentSelector selector, QueryText query) => query
        .Add("specialization", selector.Specialization)
        .Add("label", List(selector.Label?.Select(label => $"{label.Key}={label.Value}")))
        .Add("cluster", selector.Cluster)
        .Add("subtree", selector.Subtree is null ? null : MeshCall.CheckedId(selector.Subtree))
        .Add("agent_ids", List(selector.AgentIds?.Select(MeshCall.CheckedId)));

    private static string? List(IEnumerable<string>? items)
    {
        if (items is null)
        {
            return null;
        }

        var list = items.ToList();
        return list.Exists(item => item.Contains(','))
            ? throw new ArgumentException("a label with a comma cannot travel in a query", nameof(items))
            : string.Join(',', list);
    }
}
