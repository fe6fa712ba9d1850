using SessionMesh.Client.Http;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Sessions;

namespace SessionMesh.Client;

/// <summary>Which sessions to list. Everything left out takes the server's default: plain sessions in every state, 100 a page.</summary>
public sealed record SessionQuery
{
    /// <summary>One of <see cref="SessionStatus.All"/>.</summary>
    public string? Status { get; init; }
    public string? User { get; init; }

    /// <summary>Entries that the metadata must have, all of them. They travel in the query, where commas separate.</summary>
    public IReadOnlyDictionary<string, string>? Meta { get; init; }

    /// <summary>One of <see cref="SessionKind.Allowed"/>; plain sessions by default.</summary>
    public string? Kind { get; init; }

    /// <summary>Rows a page, 1 to 1000.</summary>
    public int? Limit { get; init; }

    /// <summary><c>next_cursor</c> of the page before.</summary>
    public string? Cursor { get; init; }

    internal string ToQueryString() => new QueryText()
        .Add("status", Status)
        .Add("user", User)
        .Add("meta", MetaText())
        .Add("kind", Kind)
        .Add("limit", Limit)
        .Add("cursor", Cursor)
        .ToString();

    private string? MetaText()
    {
        if (Meta is null || Meta.Count == 0)
        {
            return null;
        }

        return Meta.Any(entry => entry.Key.Contains(',') || entry.Value.Contains(','))
            ? throw new ArgumentException("metadata with a comma cannot travel in a query", nameof(Meta))
            : string.Join(',', Meta.Select(entry => $"{entry.Key}={entry.Value}"));
    }
}

/// <summary>The forms in which all sessions can be had at once.</summary>
public static class ExportFormat
{
    /// <summary>One array.</summary>
    public const string Json = "json";

    /// <summary>A record a line: what an import takes.</summary>
    public const string Jsonl = "jsonl";

    /// <summary>With a header, without metadata; cells that a spreadsheet would run are defused.</summary>
    public const string Csv = "csv";

    public static readonly IReadOnlyList<string> All = [Json, Jsonl, Csv];
}
