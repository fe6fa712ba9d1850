using System.Globalization;
using SessionMesh.Client.Http;
using SessionMesh.Contracts.Audit;
using SessionMesh.Contracts.Json;

namespace SessionMesh.Client;

/// <summary>Which entries of the audit: those that match all that is given.</summary>
public sealed record AuditQuery
{
    /// <summary>A key's id, or <c>mesh</c>.</summary>
    public string? Actor { get; init; }

    /// <summary>A change's kind or a refused operation; what ends with <c>.</c> or <c>*</c> is what it begins with.</summary>
    public string? Operation { get; init; }
    public string? Subject { get; init; }

    /// <summary>One of <see cref="AuditOutcome.Allowed"/>.</summary>
    public string? Outcome { get; init; }

    /// <summary>Inclusive.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Exclusive.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Entries a page, 1 to 1000.</summary>
    public int? Limit { get; init; }

    /// <summary><c>next_cursor</c> of the page before.</summary>
    public string? Cursor { get; init; }

    internal string ToQueryString() => new QueryText()
        .Add("actor", Actor)
        .Add("operation", Operation)
        .Add("subject", Subject)
        .Add("outcome", Outcome)
        .Add("since", Text(Since))
        .Add("until", Text(Until))
        .Add("limit", Limit)
        .Add("cursor", Cursor)
        .ToString();

    private static string? Text(DateTimeOffset? time) => time?.UtcDateTime.ToString(UtcTimeConverter.Format, CultureInfo.InvariantCulture);
}
