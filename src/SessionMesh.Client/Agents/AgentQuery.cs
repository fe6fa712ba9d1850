using SessionMesh.Client.Http;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Client;

/// <summary>What to list. Everything left out takes the server's default: living agents, 100 a page, whole rows.</summary>
public sealed record AgentQuery
{
    /// <summary>One of <see cref="AliveFilter.Allowed"/>.</summary>
    public string? Filter { get; init; }

    /// <summary>One of <see cref="SessionKind.Allowed"/>.</summary>
    public string? Kind { get; init; }
    public string? Specialization { get; init; }

    /// <summary>Further specializations that an agent must have.</summary>
    public IReadOnlyList<string> Specializations { get; init; } = [];

    /// <summary>Specializations of which an agent must have one.</summary>
    public IReadOnlyList<string> AnySpecialization { get; init; } = [];
    public string? Cluster { get; init; }
    public string? User { get; init; }

    /// <summary>Only children of this agent.</summary>
    public string? Parent { get; init; }

    /// <summary>What an agent's id must begin with.</summary>
    public string? Prefix { get; init; }

    /// <summary>Words that an agent's texts must have.</summary>
    public string? Search { get; init; }

    /// <summary>Terms such as <c>env=prod</c> and <c>tier!=free</c>, beside <see cref="Labels"/>.</summary>
    public IReadOnlyList<string> LabelTerms { get; init; } = [];

    /// <summary>One of <see cref="AliveSort.Allowed"/>; by the server's numbers where it is left out.</summary>
    public string? Sort { get; init; }

    /// <summary>Seconds to wait for another answer than the one at <see cref="After"/>, 0 to 60.</summary>
    public int? Wait { get; init; }

    /// <summary><c>as_of</c> of the answer before.</summary>
    public string? After { get; init; }

    /// <summary>Labels that an agent must have, each with this value.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Only this agent and all below it.</summary>
    public string? Subtree { get; init; }

    /// <summary>Rows a page, 1 to 1000.</summary>
    public int? Limit { get; init; }

    /// <summary><c>next_cursor</c> of the page before.</summary>
    public string? Cursor { get; init; }

    /// <summary>Names of the members wanted in each row.</summary>
    public IReadOnlyList<string>? Fields { get; init; }

    /// <summary>Whether the answer says how many rows there are on all pages.</summary>
    public bool WithTotal { get; init; }

    internal string ToQueryString()
    {
        var labels = (Labels ?? new Dictionary<string, string>()).Select(label => $"{label.Key}={label.Value}").Concat(LabelTerms).ToList();
        var text = new QueryText()
            .Add("filter", Filter)
            .Add("kind", Kind)
            .Add("specialization", Specialization);
        foreach (var name in Specializations)
        {
            text.Add("specialization", name);
        }

        foreach (var name in AnySpecialization)
        {
            text.Add("any_specialization", name);
        }

        return text
            .Add("cluster", Cluster)
            .Add("user", User)
            .Add("label", labels.Count == 0 ? null : string.Join(',', labels))
            .Add("parent", Parent)
            .Add("subtree", Subtree)
            .Add("prefix", Prefix)
            .Add("q", Search)
            .Add("sort", Sort)
            .Add("limit", Limit)
            .Add("cursor", Cursor)
            .Add("fields", Fields is null ? null : string.Join(',', Fields))
            .Add("total", WithTotal ? "true" : null)
            .Add("wait", Wait)
            .Add("after", After)
            .ToString();
    }
}
