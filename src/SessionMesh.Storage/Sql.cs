using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace SessionMesh.Storage;

/// <summary>Short statements on an open connection.</summary>
internal static class Sql
{
    /// <summary>Returns how many rows it changed.</summary>
    public static int Run(this DbConnection db, string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var command = db.Prepare(sql, parameters);
        return command.ExecuteNonQuery();
    }

    /// <summary>Returns the one number of the answer; null for NULL or no row.</summary>
    public static long? Number(this DbConnection db, string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var command = db.Prepare(sql, parameters);
        return command.ExecuteScalar() switch
        {
            long number => number,
            int number => number,
            decimal number => (long)number,
            bool yes => yes ? 1 : 0,
            _ => null,
        };
    }

    /// <summary>Each row through <paramref name="read"/>.</summary>
    public static List<T> Rows<T>(
        this DbConnection db, string sql, Func<DbDataReader, T> read, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var command = db.Prepare(sql, parameters);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    /// <summary>Runs in a transaction that takes the write lock at its beginning; an exception rolls it back.</summary>
    public static T InTransaction<T>(this DbConnection db, Func<T> work)
    {
        db.Run(db is SqliteConnection ? "BEGIN IMMEDIATE" : "BEGIN");
        try
        {
            var result = work();
            db.Run("COMMIT");
            return result;
        }
        catch
        {
            // SQLite rolls back by itself after some errors.
            if (db is not SqliteConnection sqlite || SQLitePCL.raw.sqlite3_get_autocommit(sqlite.Handle) == 0)
            {
                db.Run("ROLLBACK");
            }

            throw;
        }
    }

    /// <summary>Quotes a string for SQL.</summary>
    public static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary>Waits no longer than a second for a lock: nobody else should hold one.</summary>
    private static DbCommand Prepare(this DbConnection db, string sql, ReadOnlySpan<(string Name, object Value)> parameters)
    {
        var command = db.CreateCommand();
#pragma warning disable CA2100 // Constants of this assembly; outside input is a parameter, or quoted where SQLite takes none.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.CommandTimeout = 1;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value);
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
