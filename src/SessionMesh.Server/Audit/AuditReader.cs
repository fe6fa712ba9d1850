using System.Globalization;
using Microsoft.EntityFrameworkCore;
using SessionMesh.Contracts.Audit;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Store;
using SessionMesh.Server.Streams;

namespace SessionMesh.Server.Audit;

/// <summary>Where a page starts: both records are read downwards from below these places.</summary>
internal readonly record struct AuditCursor(long Revision, long Refusal)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Revision}-{Refusal}");

    public static bool TryParse(string text, out AuditCursor cursor)
    {
        cursor = default;
        if (text.Split('-') is not [var left, var right]
            || !long.TryParse(left, NumberStyles.None, CultureInfo.InvariantCulture, out var revision)
            || !long.TryParse(right, NumberStyles.None, CultureInfo.InvariantCulture, out var refusal))
        {
            return false;
        }

        cursor = new AuditCursor(revision, refusal);
        return true;
    }
}

/// <summary>
/// Pages of the audit, newest first: the log, read on a read-only connection, merged by time with the refusals. A time is turned into a
/// revision by binary search. Other filters may have to scan, so one call scans a limited number of entries.
/// </summary>
public sealed class AuditReader(MeshEngine engine, MeshStore store, LogTimes times, RefusalLog refusals)
{
    /// <summary>Maximum number of log entries that one call scans: a few tens of milliseconds.</summary>
    public const int MostScanned = 50_000;

    internal async Task<AuditPage> ReadAsync(AuditFilter filter, int limit, AuditCursor? cursor)
    {
        var newest = engine.State.Revision;
        var at = cursor ?? new AuditCursor(long.MaxValue, refusals.Newest + 1);
        at = at with { Revision = Math.Min(at.Revision, newest + 1) };
        var log = filter.Done ? await ScanAsync(filter, at.Revision, newest, limit + 1) : Scan.Nothing(at.Revision);
        var refused = filter.Refused ? refusals.Before(at.Refusal, limit + 1, filter.Matches) : [];
        var (entries, next) = Merge(log, refused, limit, at);
        return new AuditPage
        {
            Entries = entries,
            NextCursor = next?.ToString(),
            Suppressed = refusals.Suppressed,
            OldestRevision = store.OldestRevision,
        };
    }

    private async Task<Scan> ScanAsync(AuditFilter filter, long below, long newest, int most)
    {
        await using var db = store.OpenReader();
        var first = filter.Since is { } since ? await times.FirstSinceAsync(db, since, newest) : store.OldestRevision;
        below = filter.Until is { } until ? Math.Min(below, await times.FirstSinceAsync(db, until, newest)) : below;
        var from = Math.Max(first, below - MostScanned);
        var rows = await filter.Over(db.Changes.Where(c => c.Revision >= from && c.Revision < below))
            .OrderByDescending(c => c.Revision).Take(most).ToListAsync();
        if (from <= first)
        {
            return new Scan(rows, below, from, null);
        }

        var floor = await db.Changes.Where(c => c.Revision >= from).OrderBy(c => c.Revision).Select(c => c.At).FirstAsync();
        return new Scan(rows, below, from, floor);
    }

    private static (List<AuditEntry> Entries, AuditCursor? Next) Merge(Scan log, List<Refusal> refused, int limit, AuditCursor at)
    {
        var entries = new List<AuditEntry>();
        var (row, refusal) = (0, 0);
        while (entries.Count < limit)
        {
            // At the same time, log entries come first. A refusal older than the scanned part of the log has to wait for the next page.
            var floor = row < log.Rows.Count ? log.Rows[row].At : log.FloorAt;
            if (refusal < refused.Count && !(floor >= refused[refusal].At))
            {
                entries.Add(AuditEntries.ToWire(refused[refusal++]));
            }
            else if (row < log.Rows.Count)
            {
                entries.Add(AuditEntries.ToWire(log.Rows[row++]));
            }
            else
            {
                break;
            }
        }

        var isLogLeft = row < log.Rows.Count || log.FloorAt is not null;
        var next = new AuditCursor(
            row == log.Rows.Count ? log.From : row > 0 ? log.Rows[row - 1].Revision : log.Below,
            refusal > 0 ? refused[refusal - 1].Seq : at.Refusal);
        return (entries, isLogLeft || refusal < refused.Count ? next : null);
    }

    /// <summary>The entries of the log between two revisions.</summary>
    /// <param name="Rows">The matches, newest first; one more than a page holds, if there is one.</param>
    /// <param name="Below">Exclusive.</param>
    /// <param name="From">Inclusive.</param>
    /// <param name="FloorAt">Time of the oldest scanned entry; null if the scan is complete.</param>
    private readonly record struct Scan(List<ChangeRow> Rows, long Below, long From, long? FloorAt)
    {
        public static Scan Nothing(long below) => new([], below, below, null);
    }
}
