using System.Globalization;
using Microsoft.EntityFrameworkCore;
using SessionMesh.Contracts.Audit;
using SessionMesh.Core;
using SessionMesh.Server.Http;
using SessionMesh.Server.Store;
using SessionMesh.Server.Streams;

namespace SessionMesh.Server.Audit;

/// <summary>Which entries are wanted: those that match every given criterion.</summary>
internal sealed record AuditFilter
{
    /// <summary>Maximum length of the operation filter; no operation is as long.</summary>
    private const int OperationLength = 64;

    private static readonly string[] s_parameters = ["actor", "operation", "subject", "outcome", "since"];

    public string? Actor { get; init; }

    /// <summary>A kind of change or an operation id, or a prefix of one.</summary>
    public string? Operation { get; init; }
    public bool IsPrefix { get; init; }
    public string? Subject { get; init; }

    /// <summary>Whether to include the log.</summary>
    public bool Done { get; init; } = true;

    /// <summary>Whether to include the refusals.</summary>
    public bool Refused { get; init; } = true;

    /// <summary>Wall milliseconds, inclusive.</summary>
    public long? Since { get; init; }

    /// <summary>Wall milliseconds, exclusive.</summary>
    public long? Until { get; init; }

    /// <summary>The query parameters of a page or a stream; a stream has no end, no pages and no limit.</summary>
    public static string[] Parameters(bool streams) => streams ? s_parameters : [.. s_parameters, "until", "limit", "cursor"];

    public static AuditFilter Bind(Query query, ref Check check)
    {
        var outcome = check.OneOf("?outcome", query["outcome"], AuditOutcome.Allowed) ?? AuditOutcome.All;
        var operation = check.Name("?operation", query["operation"], length: OperationLength);
        var filter = new AuditFilter
        {
            Actor = query["actor"] is { } actor ? check.Id("?actor", actor) : null,
            Operation = operation?.TrimEnd('*'),
            IsPrefix = operation is [.., '.' or '*'],
            Subject = query["subject"] is { } subject ? check.Id("?subject", subject) : null,
            Done = outcome != AuditOutcome.Refused,
            Refused = outcome != AuditOutcome.Done,
            Since = query.Time("since", ref check),
            Until = query.Time("until", ref check),
        };
        if (filter.Until <= filter.Since)
        {
            check.Fail("?until", string.Create(CultureInfo.InvariantCulture, $"is after since, {query["since"]}"));
        }

        return filter;
    }

    /// <summary>Filters the log by everything except time: times are turned into revisions first, which is cheaper.</summary>
    public IQueryable<ChangeRow> Over(IQueryable<ChangeRow> changes)
    {
        changes = changes.Where(c => !EF.Constant(LogView.Bookkeeping).Contains(c.Kind));
        changes = Actor is null ? changes : changes.Where(c => c.Actor == Actor);
        changes = Subject is null ? changes : changes.Where(c => c.Subject == Subject);
        if (Operation is null)
        {
            return changes;
        }

        var length = Operation.Length;
        return IsPrefix ? changes.Where(c => c.Kind.Substring(0, length) == Operation) : changes.Where(c => c.Kind == Operation);
    }

    /// <summary>Whether an entry of the log matches, times aside.</summary>
    public bool Matches(Change change) => Done && !LogView.IsBookkeeping(change.Kind) && Matches(change.Actor, change.Kind, change.Subject);

    /// <inheritdoc cref="Matches(Change)"/>
    public bool Matches(ChangeRow row) => Done && !LogView.IsBookkeeping(row.Kind) && Matches(row.Actor, row.Kind, row.Subject);

    public bool Matches(Refusal refusal) =>
        Refused && Matches(refusal.Actor, refusal.Operation, refusal.Subject)
        && (Since is null || refusal.At >= Since) && (Until is null || refusal.At < Until);

    private bool Matches(string? actor, string? operation, string? subject) =>
        (Actor is null || actor == Actor) && (Subject is null || subject == Subject)
        && (Operation is null || (IsPrefix ? operation?.StartsWith(Operation, StringComparison.Ordinal) == true : operation == Operation));
}
