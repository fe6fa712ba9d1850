using Microsoft.Data.Sqlite;

namespace SessionMesh.Storage;

/// <summary>What may go: what was over, or written, before these times, in wall milliseconds; null keeps everything.</summary>
public sealed record TrimLimits(long? Log, long? Directives, long? Keys);

/// <summary>Rows that a pass has removed so far.</summary>
public readonly record struct Trimmed(long Changes, long Directives, long Keys)
{
    public long Total => Changes + Directives + Keys;
}

/// <summary>
/// One pass over the tables, in steps that each look at no more than <see cref="StepRows"/> rows by primary key and delete in one transaction.
/// Nothing that can still change is touched, and neither is what a start reads: the newest entry of the log, and the newest directive of
/// each agent, stay whatever their age. One caller at a time, always on a connection that may write.
/// </summary>
/// <param name="limits">What may go.</param>
/// <param name="newestOf">Revision of an agent's newest directive, by the agent's number.</param>
public sealed class TrimPass(TrimLimits limits, Func<int, long> newestOf)
{
    /// <summary>Rows a step looks at: deleting so many entries of the log took 2 ms in the median, its fsync included (300 steps, 12 ms at the 99th percentile).</summary>
    public const int StepRows = 500;

    private const int Pending = 2; // queued, delivered, accepted: all states above are over

    /// <summary>Revisions that follow a message which was kept for many, at most: its directives are issued right after it, for up to so many agents.</summary>
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

    /// <summary>The oldest revision that the log still has, as of the last step; 0 before the first.</summary>
    public long OldestRevision { get; private set; }

    /// <summary>Revisions of the agents' newest directives, where no memory has them: one pass over the table.</summary>
    public static Dictionary<int, long> NewestDirectives(SqliteConnection db) =>
        db.Rows("SELECT agent, max(revision) FROM directives GROUP BY agent", r => (Agent: r.GetInt32(0), Revision: r.GetInt64(1))).ToDictionary(row => row.Agent, row => row.Revision);

    /// <summary>Does one step; false once there is nothing left to do.</summary>
    /// <exception cref="SqliteException">Nothing of this step is there; the pass may go on with the same step later.</exception>
    public bool Step(SqliteConnection db)
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

    private void StepLog(SqliteConnection db)
    {
        // Times never go back along the log, so that what is old enough is a prefix.
        var cut = limits.Log is not { } before ? null : db.Number(
            """
            SELECT max(revision) FROM (SELECT revision, at FROM changes ORDER BY revision LIMIT $most)
            WHERE at < $before AND revision < (SELECT max(revision) FROM changes)
            """,
            ("$most", StepRows), ("$before", before));
        var removed = cut is { } upTo ? db.InTransaction(() => db.Run("DELETE FROM changes WHERE revision <= $upTo", ("$upTo", upTo))) : 0;
        Removed = Removed with { Changes = Removed.Changes + removed };
        OldestRevision = db.Number("SELECT min(revision) FROM changes") ?? 1;
        if (removed < StepRows)
        {
            _stage = Stage.Directives;
        }
    }

    /// <summary>
    /// An agent's directives go oldest first: one whose predecessor is still there stays, so that what is left of a history is always its
    /// newest part, without a hole.
    /// </summary>
    private void StepDirectives(SqliteConnection db)
    {
        var window = Window("directives", "agent, previous, state", limits.Directives, db);
        var removed = Delete(db, window, row => row.Over < limits.Directives && row.State > Pending && row.Revision != newestOf(row.Agent), (row, rows) => rows.Run(
            "DELETE FROM directives WHERE revision = $revision AND NOT EXISTS (SELECT 1 FROM directives WHERE revision = $previous)",
            ("$revision", row.Revision), ("$previous", row.Previous)));
        Removed = Removed with { Directives = Removed.Directives + removed };
        GoOn(window, Stage.Keys, limits.Directives);
    }

    private void StepKeys(SqliteConnection db)
    {
        var window = Window("keys", "0, 0, 0", limits.Keys, db);
        var removed = Delete(db, window, row => row.Over > 0 && row.Over < limits.Keys, (row, rows) => rows.Run("DELETE FROM keys WHERE revision = $revision", ("$revision", row.Revision)));
        Removed = Removed with { Keys = Removed.Keys + removed };
        GoOn(window, Stage.Messages, limits.Keys);
    }

    /// <summary>A message goes with the last directive that names it, and not before the log has lost the entries that do.</summary>
    private void StepMessages(SqliteConnection db)
    {
        var window = db.Rows(
            "SELECT revision FROM messages WHERE revision > $after AND revision < $before ORDER BY revision LIMIT $most",
            r => r.GetInt64(0), ("$after", _reached), ("$before", OldestRevision - MessageReach), ("$most", StepRows));
        if (window.Count > 0)
        {
            db.InTransaction(() => window.Sum(revision => db.Run(
                """
                DELETE FROM messages WHERE revision = $revision
                AND NOT EXISTS (SELECT 1 FROM directives WHERE revision > $revision AND revision <= $upTo AND message_at = $revision)
                """,
                ("$revision", revision), ("$upTo", revision + MessageReach))));
        }

        (_stage, _reached) = window.Count < StepRows ? (Stage.Done, 0) : (Stage.Messages, window[^1]);
    }

    private List<Row> Window(string table, string more, long? before, SqliteConnection db) => before is null
        ? []
        : db.Rows(
            $"SELECT revision, {(table == "keys" ? "created_at" : "issued_at")}, ended_at, {more} FROM {table} WHERE revision > $after ORDER BY revision LIMIT $most",
            r => new Row(r.GetInt64(0), r.GetInt64(1), r.GetInt64(2), r.GetInt32(3), r.GetInt64(4), r.GetInt32(5)),
            ("$after", _reached), ("$most", StepRows));

    private static int Delete(SqliteConnection db, List<Row> window, Predicate<Row> isOver, Func<Row, SqliteConnection, int> delete)
    {
        var over = window.FindAll(isOver);
        return over.Count == 0 ? 0 : db.InTransaction(() => over.Sum(row => delete(row, db)));
    }

    /// <summary>Rows are in the order of their beginnings: past one that began after the limit none can have been over before it.</summary>
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

    /// <param name="Over">When it was over, wall milliseconds; 0 while it is not.</param>
    private readonly record struct Row(long Revision, long Began, long Over, int Agent, long Previous, int State);
}
