using Microsoft.Data.Sqlite;

namespace SessionMesh.Benchmarks;

/// <summary>
/// Fills a store that a server has made, and left, with agents that are alive and directives that were acknowledged long ago: what a start
/// has to read, and what it must not. The heads are those that a server would have written by then.
/// </summary>
internal static class StoreFiller
{
    /// <summary>Directives from one pass of the server's heads to the next: the worst that a start finds.</summary>
    private const int HeadsBehind = 250_000;

    public static int Run(string file, int agents, int directives)
    {
        using var db = new SqliteConnection($"Data Source={file};Pooling=False");
        db.Open();
        Execute(db, "PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF");
        var first = Number(db, "SELECT max(revision) FROM changes") + 1;
        Execute(db, $"""
            INSERT INTO agents ({Columns(db, "agents")})
            WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {agents})
            SELECT {Values(db, "agents", new(StringComparer.Ordinal)
            {
                ["number"] = "i", ["id"] = "'agent-' || i", ["incarnation"] = "1", ["session"] = $"{first} + i", ["liveness"] = "1",
                ["specializations"] = "'[\"spec-' || (i % 16) || '\"]'",
                ["labels"] = "'{}'", ["cluster"] = "'default'", ["parent"] = "-1", ["user"] = "'user-' || (i % 100)",
                ["created_at"] = "unixepoch() * 1000", ["ttl"] = "86400", ["born"] = $"{first} + i",
            })} FROM n
            """);
        first += agents;
        Execute(db, $"""
            INSERT INTO directives ({Columns(db, "directives")})
            WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {directives})
            SELECT {Values(db, "directives", new(StringComparer.Ordinal)
            {
                ["revision"] = $"{first} + i", ["agent"] = $"i % {agents}", ["seq"] = $"i / {agents} + 1",
                ["previous"] = $"CASE WHEN i < {agents} THEN 0 ELSE {first} + i - {agents} END", ["verb"] = "0",
                ["direction"] = "'north'", ["state"] = "3", ["issued_by"] = "'mesh'", ["issued_at"] = "unixepoch() * 1000",
                ["expires_at"] = "unixepoch() * 1000 + 3600000", ["ended_at"] = "unixepoch() * 1000",
            })} FROM n
            """);

        // A server that wrote these directives has written most heads too: they follow by this many.
        var headsAt = first + directives - HeadsBehind;
        Execute(db, $"""
            INSERT INTO heads (agent, seq, revision)
            SELECT agent, max(seq), max(revision) FROM directives WHERE revision <= {headsAt} GROUP BY agent;
            UPDATE mesh SET heads_at = {headsAt} WHERE id = 1 AND {directives} > {HeadsBehind}
            """);
        Execute(
            db,
            $"INSERT INTO changes (revision, at, actor, kind, subject, payload) VALUES ({first + directives}, unixepoch() * 1000, 'mesh', "
            + "'admin.requested', 'check', '{}')");
        Execute(db, "PRAGMA journal_mode=WAL");
        return 0;
    }

    /// <summary>Every column of a table, so that one which is added later is filled too.</summary>
    private static List<(string Name, bool Required, string Type)> ColumnsOf(SqliteConnection db, string table)
    {
        using var command = db.CreateCommand();
        command.CommandText = "SELECT name, \"notnull\", type FROM pragma_table_info($table)";
        command.Parameters.AddWithValue("$table", table);
        using var rows = command.ExecuteReader();
        var columns = new List<(string, bool, string)>();
        while (rows.Read())
        {
            columns.Add((rows.GetString(0), rows.GetBoolean(1), rows.GetString(2)));
        }

        return columns;
    }

    private static string Columns(SqliteConnection db, string table) =>
        string.Join(", ", ColumnsOf(db, table).Select(c => $"\"{c.Name}\""));

    private static string Values(SqliteConnection db, string table, Dictionary<string, string> values) =>
        string.Join(
            ", ",
            ColumnsOf(db, table).Select(c => values.GetValueOrDefault(c.Name) ?? (c.Required ? c.Type == "TEXT" ? "''" : "0" : "NULL")));

    private static long Number(SqliteConnection db, string sql)
    {
        using var command = db.CreateCommand();
#pragma warning disable CA2100 // The texts of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        return Convert.ToInt64(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
    }

    private static void Execute(SqliteConnection db, string sql)
    {
        using var command = db.CreateCommand();
#pragma warning disable CA2100 // The texts of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.CommandTimeout = 0;
        command.ExecuteNonQuery();
    }
}
