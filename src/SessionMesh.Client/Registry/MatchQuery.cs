using SessionMesh.Client.Http;
using SessionMesh.Contracts.Registry;

namespace SessionMesh.Client;

/// <summary>Who should do it. Everything but the specialization takes the server's default: one agent, the least loaded.</summary>
public sealed record MatchQuery
{
    /// <summary>What the agents have to be good at; one below that name will do.</summary>
    public required string Specialization { get; init; }

    /// <summary>How many, 1 to 100.</summary>
    public int? Count { get; init; }

    /// <summary>One of <see cref="MatchStrategy.All"/>.</summary>
    public string? Strategy { get; init; }
    public string? Cluster { get; init; }

    /// <inheritdoc cref="AgentQuery.LabelTerms"/>
    public IReadOnlyList<string> LabelTerms { get; init; } = [];

    internal string ToQueryString() => new QueryText()
        .Add("specialization", Specialization)
        .Add("count", Count)
        .Add("strategy", Strategy)
        .Add("cluster", Cluster)
        .Add("label", LabelTerms.Count == 0 ? null : string.Join(',', LabelTerms))
        .ToString();
}
