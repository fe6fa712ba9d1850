using System.Data.Common;

namespace SessionMesh.Storage;

/// <summary>What may go: what ended, or was written, before these times, in wall milliseconds; null keeps everything.</summary>
public sealed record TrimLimits(long? Log, long? Directives, long? Keys);

/// <summary>Rows removed by a pass so far.</summary>
public readonly record struct Trimmed(long Changes, long Directives, long Keys)
{
    public long Total => Changes + Directives + Keys;
}

/// <summary>
/// One pass over the tables. Each step reads at most <see cref="StepRows"/> rows by primary key, and deletes in one transaction. What can
/// still change stays, and so does what a start reads, whatever its age: the newest entry of the log, and the newest directive of each
/// agent. One caller at a time, always on a connection that may write.
/// </summary>
/// <param name="limits">What may go.</param>
/// <param name="newestOf">From an agent's number to the revision of its newest directive.</param>
public sealed class TrimPass(TrimLimits limits, Func<int, long> newestOf)
{
    /// <summary>
    /// Rows in a step: deleting so many entries of the log took 2 ms in the median with its fsync, 12 ms at p99 (300 steps).
    /// </summary>
    public const int StepRows = 500;

    /// <summary>The last of the states queued, delivered and accepted; those above are final.</summary>
    private const int Pending = 2;

    /// <summary>
    /// Revisions after a message among which are all directives that name it: they are issued right after it, to so many agents at most.
    /// </summary>
    private const int MessageReach = 10_000;

    private Stage _stage;
    private long _reached;

    private enum Stage
    {
        Log,
        Directives,
        Keys,
        Messages,
        Done,
    }

    public Trimmed Removed { get; private set; }

    /// <summary>The oldest revision left in the log after the last step; 0 before the first.</summary>
    public long OldestRevision { get; private set; }

    /// <summary>Reads the revisions of the agents' newest directives, by agent, in one pass over the table.</summary>
    public static Dictionary<int, long> NewestDirectives(DbConnection db) =>
        db.Rows("SELECT agent, max(revision) FROM directives GROUP BY agent", r => (Agent: r.GetInt32(0), Revision: r.GetInt64(1)))
            .ToDictionary(row => row.Agent, row => row.Revision);

    /// <summary>Does one step; false once there is nothing left to do.</summary>
    /// <exception cref="DbException">The step changed nothing; calling again repeats it.</exception>
    public bool Step(DbConnection db)
    {
        switch (_stage)
        {
            case Stage.Log: StepLog(db); break;
            case Stage.Directives: StepDirectives(db); break;
            case Stage.Keys: StepKeys(db); break;
            case Stage.Messages: StepMessages(db); break;
        }

        return _stage != Stage.Done;
    }

    private void StepLog(DbConnection db)
    {
        // Time never goes back in the log, so what is old enough is a prefix of it.
        var cut = limits.Log is not { } before ? null : db.Number(
            """
            SELECT max(revision) FROM (SELECT revision, at FROM changes ORDER BY revision LIMIT @most) t
            WHERE at < @before AND revision < (SELECT max(revision) FROM changes)
            """,
            ("@most", StepRows), ("@before", before));
        var removed = cut is { } upTo ? db.InTransaction(() => db.Run("DELETE FROM changes WHERE revision <= @upTo", ("@upTo", upTo))) : 0;
        Removed = Removed with { Changes = Removed.Changes + removed };
        OldestRevision = db.Number("SELECT min(revision) FROM changes") ?? 1;
        if (removed < StepRows)
        {
            _stage = Stage.Directives;
        }
    }

    /// <summary>
    /// An agent's directives go oldest first: one whose predecessor is still there stays, so that what is left is the newest part of the
    /// history, without a gap.
    /// </summary>
    private void StepDirectives(DbConnection db)
    {
        var window = Window("directives", "agent, previous, state", limits.Directives, db);
        var removed = Delete(
            db,
            window,
            row => row.EndedAt < limits.Directives && row.State > Pending && row.Revision != newestOf(row.Agent),
            row => db.Run(
                "DELETE FROM directives WHERE revision = @revision AND NOT EXISTS (SELECT 1 FROM directives WHERE revision = @previous)",
                ("@revision", row.Revision),
                ("@previous", row.Previous)));
        Removed = Removed with { Directives = Removed.Directives + removed };
        GoOn(window, Stage.Keys, limits.Directives);
    }

    private void StepKeys(DbConnection db)
    {
        var window = Window("keys", "0, 0, 0", limits.Keys, db);
        var removed = Delete(
            db,
            window,
            row => row.EndedAt > 0 && row.EndedAt < limits.Keys,
            row => db.Run("DELETE FROM keys WHERE revision = @revision", ("@revision", row.Revision)));
        Removed = Removed with { Keys = Removed.Keys + removed };
        GoOn(window, Stage.Messages, limits.Keys);
    }

    /// <summary>A message goes after the last directive that names it, and after the entries of the log that do.</summary>
    private void StepMessages(DbConnection db)
    {
        var window = db.Rows(
            "SELECT revision FROM messages WHERE revision > @after AND revision < @before ORDER BY revision LIMIT @most",
            r => r.GetInt64(0), ("@after", _reached), ("@before", OldestRevision - MessageReach), ("@most", StepRows));
        if (window.Count > 0)
        {
            db.InTransaction(() => window.Sum(revision => db.Run(
                """
                DELETE FROM messages WHERE revision = @revision
                AND NOT EXISTS (SELECT 1 FROM directives WHERE revision > @revision AND revision <= @upTo AND message_at = @revision)
                """,
                ("@revision", revision), ("@upTo", revision + MessageReach))));
        }

        (_stage, _reached) = window.Count < StepRows ? (Stage.Done, 0) : (Stage.Messages, window[^1]);
    }

    private List<Row> Window(string table, string more, long? before, DbConnection db) => before is null
        ? []
        : db.Rows(
            $"SELECT revision, {(table == "keys" ? "created_at" : "issued_at")}, ended_at, {more} FROM {table} "
                + "WHERE revision > @after ORDER BY revision LIMIT @most",
            r => new Row(r.GetInt64(0), r.GetInt64(1), r.GetInt64(2), r.GetInt32(3), r.GetInt64(4), r.GetInt32(5)),
            ("@after", _reached), ("@most", StepRows));

    private static int Delete(DbConnection db, List<Row> window, Predicate<Row> mayGo, Func<Row, int> delete)
    {
        var old = window.FindAll(mayGo);
        return old.Count == 0 ? 0 : db.InTransaction(() => old.Sum(delete));
    }

    /// <summary>Rows are in the order in which they began: after one that began past the limit, none can have ended before it.</summary>
    private void GoOn(List<Row> window, Stage next, long? before)
    {
        if (window.Count < StepRows || window[^1].Began >= before)
        {
            (_stage, _reached) = (next, 0);
        }
        else
        {
            _reached = window[^1].Revision;
        }
    }

    /// <param name="EndedAt">Wall milliseconds; 0 while it has not ended.</param>
    private readonly record struct Row(long Revision, long Began, long EndedAt, int Agent, long Previous, int State);
}
