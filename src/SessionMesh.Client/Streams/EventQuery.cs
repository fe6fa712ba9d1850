using System.Globalization;
using SessionMesh.Client.Http;
using SessionMesh.Contracts.Json;

namespace SessionMesh.Client.Streams;

/// <summary>Which events to hear of: those that match all that is given.</summary>
public sealed record EventQuery
{
    /// <summary>Of one of these kinds; <c>agent.*</c> is every kind that begins so. All where there is none.</summary>
    public IReadOnlyList<string> Kinds { get; init; } = [];

    /// <summary>About one of these agents, sessions or keys. All where there is none.</summary>
    public IReadOnlyList<string> Subjects { get; init; } = [];

    /// <summary>What happened from this time on, where there is no place to resume at; null begins now.</summary>
    public DateTimeOffset? Since { get; init; }

    internal string ToQueryString() => new QueryText()
        .Add("kind", Kinds.Count == 0 ? null : string.Join(',', Kinds))
        .Add("subject", Subjects.Count == 0 ? null : string.Join(',', Subjects))
        .Add("since", Since?.UtcDateTime.ToString(UtcTimeConverter.Format, CultureInfo.InvariantCulture))
        .ToString();
}
