using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace SessionMesh.Storage;

/// <summary>What a store is like at one revision.</summary>
/// <param name="Findings">What is wrong, a sentence each.</param>
public sealed record StoreFacts(
    IReadOnlyList<string> Findings,
    long Revision,
    long OldestRevision,
    long Changes,
    long Agents,
    long Directives,
    long Keys,
    long Sessions,
    long Receipts,
    long Bytes)
{
    /// <summary>Of a file that cannot be read as a store.</summary>
    internal static StoreFacts Unreadable(params IReadOnlyList<string> findings) => new(findings, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}

/// <summary>Checks whether a store is intact: the file itself, the log, and the tables against the log. It changes nothing.</summary>
public static class StoreCheck
{
    private static readonly string[] s_tables = ["changes", "agents", "directives", "keys", "receipts"];

    /// <summary>Queries that must not return more than 0, and what it means if they do. All columns are in the first version.</summary>
    private static readonly (string Sql, string Finding)[] s_rules =
    [
        ("SELECT coalesce(max(revision) - min(revision) + 1 - count(*), 0) FROM changes",
            "the log has a gap: {0} of its revisions are missing"),
        ("SELECT count(*) FROM (SELECT at < lag(at) OVER (ORDER BY revision) AS back FROM changes) t WHERE back",
            "time goes back in the log, {0} times"),
        ("SELECT max(newest) - (SELECT coalesce(max(revision), 0) FROM changes) FROM ("
            + "SELECT max(revision) AS newest FROM directives UNION ALL SELECT max(revision) FROM keys "
            + "UNION ALL SELECT max(revision) FROM receipts UNION ALL SELECT max(session) FROM agents) t",
            "the tables are {0} revisions ahead of the log"),
        ("SELECT count(*) - count(DISTINCT id) FROM agents", "{0} ids of agents are there twice"),
        ("SELECT count(*) FROM agents WHERE number < 0", "{0} agents have no number"),
        ("SELECT count(*) FROM agents c WHERE c.parent >= 0 AND NOT EXISTS (SELECT 1 FROM agents p WHERE p.number = c.parent)",
            "{0} agents have a parent that is not there"),
        // The ended directives of a forgotten agent stay for a time. Its number may be another agent's by then, whose own begin at 1 again.
        ("SELECT count(*) FROM directives d WHERE d.state <= 2 AND NOT EXISTS (SELECT 1 FROM agents a WHERE a.number = d.agent)",
            "{0} directives wait for agents that are not there"),
        ("SELECT count(DISTINCT agent) FROM "
            + "(SELECT agent, seq, previous, lag(revision) OVER (PARTITION BY agent ORDER BY revision) AS before FROM directives) t "
            + "WHERE (previous = 0 AND seq <> 1) OR (previous <> 0 AND before <> previous)",
            "the directives of {0} agents have a gap"),
        ("SELECT count(*) FROM directives d JOIN directives p ON p.revision = d.previous WHERE p.agent <> d.agent OR p.seq + 1 <> d.seq",
            "{0} directives do not follow the one that they say"),
        ("SELECT count(*) - count(DISTINCT id) FROM keys", "{0} ids of keys are there twice"),
    ];

    /// <summary>Of a file alone.</summary>
    private static readonly (string Sql, string Finding)[] s_fileRules =
    [
        ("SELECT count(*) FROM sqlite_schema WHERE type IN ('trigger', 'view')",
            "it has {0} triggers or views, which no version of this server makes"),
    ];

    /// <summary>The same for a table that stores of earlier versions lack.</summary>
    private static readonly (string Sql, string Finding)[] s_sessionRules =
    [
        ("SELECT count(*) - count(DISTINCT id) FROM sessions", "{0} ids of sessions are there twice"),
        ("SELECT coalesce(max(version), 0) - (SELECT coalesce(max(revision), 0) FROM changes) FROM sessions",
            "the sessions are {0} revisions ahead of the log"),
    ];

    /// <inheritdoc cref="s_sessionRules"/>
    private static readonly (string Sql, string Finding)[] s_meshRules =
    [
        ("SELECT count(*) <> 1 OR coalesce(max(id), 0) <> 1 FROM mesh", "the one row about the mesh is not there, or not alone"),
        ("SELECT count(*) FROM mesh WHERE epoch < 1 OR forgotten_incarnation < 0",
            "the row about the mesh has an epoch or an incarnation that no mesh has"),
    ];

    /// <inheritdoc cref="s_sessionRules"/>
    private static readonly (string Sql, string Finding)[] s_messageRules =
    [
        ("SELECT count(*) FROM directives d "
            + "WHERE d.message_at > 0 AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.revision = d.message_at)",
            "{0} directives name a message that is not there"),
    ];

    /// <summary>
    /// What holds until an agent is forgotten for the first time: after that a number may be free, and directives of the forgotten agent
    /// may still be there.
    /// </summary>
    private static readonly (string Sql, string Finding)[] s_rulesWithoutForgetting =
    [
        ("SELECT coalesce(max(number) + 1 - count(*), 0) + coalesce(min(number), 0) FROM agents",
            "the numbers of the agents have a gap of {0}"),
        ("SELECT count(*) FROM directives d WHERE NOT EXISTS (SELECT 1 FROM agents a WHERE a.number = d.agent)",
            "{0} directives are for agents that are not there"),
    ];

    /// <summary>
    /// Checks everything in one read transaction, which does not see what is written meanwhile. It takes about as long as reading the file.
    /// </summary>
    /// <param name="quick">Do not compare indexes with tables: for a copy that was just made.</param>
    /// <exception cref="OperationCanceledException">It was cancelled, and has stopped within moments.</exception>
    public static StoreFacts Look(SqliteConnection db, bool quick = false, CancellationToken cancellation = default)
    {
        using var interrupt = db.InterruptedBy(cancellation);
        try
        {
            using var transaction = db.BeginTransaction(deferred: true);
            var findings = Damage(db, quick);
            var missing = s_tables.Where(table => !HasTable(db, table)).ToList();
            if (missing.Count > 0)
            {
                findings.Add($"it has no table {string.Join(", ", missing)}: it is no store of a mesh");
                return StoreFacts.Unreadable(findings);
            }

            var (hasSessions, hasMesh) = (HasTable(db, "sessions"), HasTable(db, "mesh"));
            var hasForgotten = hasMesh && db.Number("SELECT max(forgotten_incarnation) FROM mesh") > 0;
            (string Sql, string Finding)[] rules =
            [
                .. s_rules, .. s_fileRules, .. hasSessions ? s_sessionRules : [], .. HasTable(db, "messages") ? s_messageRules : [],
                .. hasMesh ? s_meshRules : [], .. hasForgotten ? [] : s_rulesWithoutForgetting,
            ];
            return FactsOf(db, rules, findings, hasSessions, StoreFile.SizeOf(db).Bytes);
        }
        catch (SqliteException e) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException("the check was interrupted", e, cancellation);
        }
    }

    /// <summary>
    /// Checks the tables of a mesh in another database, whose newest version it has, by the same rules. Call it in a transaction that sees
    /// one state.
    /// </summary>
    /// <param name="more">What else must not be more than 0 there, and what it means if it is.</param>
    public static StoreFacts LookAtTables(DbConnection db, long bytes, params (string Sql, string Finding)[] more)
    {
        var hasForgotten = db.Number("SELECT max(forgotten_incarnation) FROM mesh") > 0;
        (string Sql, string Finding)[] rules =
            [.. s_rules, .. s_sessionRules, .. s_messageRules, .. s_meshRules, .. hasForgotten ? [] : s_rulesWithoutForgetting, .. more];
        return FactsOf(db, rules, [], hasSessions: true, bytes);
    }

    private static StoreFacts FactsOf(
        DbConnection db, (string Sql, string Finding)[] rules, List<string> findings, bool hasSessions, long bytes)
    {
        foreach (var (sql, finding) in rules)
        {
            if (db.Number(sql) is > 0 and var number)
            {
                findings.Add(string.Format(System.Globalization.CultureInfo.InvariantCulture, finding, number));
            }
        }

        var counts = Array.ConvertAll(s_tables, table => db.Number($"SELECT count(*) FROM {table}") ?? 0);
        if (counts[0] == 0)
        {
            findings.Add("the log is empty");
        }

        return new StoreFacts(
            findings,
            Revision: db.Number("SELECT max(revision) FROM changes") ?? 0,
            OldestRevision: db.Number("SELECT min(revision) FROM changes") ?? 1,
            Changes: counts[0],
            Agents: counts[1],
            Directives: counts[2],
            Keys: counts[3],
            Sessions: hasSessions ? db.Number("SELECT count(*) FROM sessions") ?? 0 : 0,
            Receipts: counts[4],
            bytes);
    }

    /// <summary>The migrations that were applied to a store, in their order.</summary>
    public static IReadOnlyList<string> Migrations(SqliteConnection db) =>
        HasTable(db, "__EFMigrationsHistory")
            ? db.Rows("SELECT MigrationId FROM __EFMigrationsHistory ORDER BY 1", r => r.GetString(0))
            : [];

    /// <summary>Whether a token belongs to a valid key with the scope <c>admin</c>.</summary>
    public static bool HasAdminKey(SqliteConnection db, string token)
    {
        var hash = Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(token)));
        const string Sql = """SELECT count(*) FROM keys WHERE hash = $hash AND ended_at = 0 AND scopes LIKE '%"admin"%'""";
        return db.Number(Sql, ("$hash", hash)) > 0;
    }

    private static bool HasTable(SqliteConnection db, string name) =>
        db.Number("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = $name", ("$name", name)) > 0;

    private static List<string> Damage(SqliteConnection db, bool quick) =>
        [
            .. db.Rows($"PRAGMA {(quick ? "quick_check" : "integrity_check")}(20)", r => r.GetString(0))
                .Where(line => line != "ok")
                .Select(line => $"the file is damaged: {line}"),
        ];
}
