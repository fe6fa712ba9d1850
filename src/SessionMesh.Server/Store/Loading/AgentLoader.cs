using System.Data.Common;

namespace SessionMesh.Server.Store.Loading;

/// <summary>
/// Reads agents by their columns and not through EF, which took half the time of a start with a million of them (eng/bench.sh, item j).
/// A test compares it with what EF reads.
/// </summary>
internal static class AgentLoader
{
    private const string Columns =
        "number, id, incarnation, session, liveness, paused, specializations, labels, cluster, parent, \"user\", owner, direction, "
        + "created_at, ttl, stop, last_exit, meta, session_changed_at, is_expired_by_hand, born, gone_at, orphaned_from, skills, "
        + "claimed_at, stall";

    /// <summary>All rows in the order of their numbers. One object is used for all of them: read it before you ask for the next.</summary>
    public static IEnumerable<AgentTableRow> Read(DbConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {Columns} FROM agents ORDER BY number";
        using var rows = command.ExecuteReader();
        var row = new AgentTableRow { Id = "", Specializations = "", Labels = "", Cluster = "" };
        while (rows.Read())
        {
            row.Number = rows.GetInt32(0);
            row.Id = rows.GetString(1);
            row.Incarnation = rows.GetInt32(2);
            row.Session = rows.GetInt64(3);
            row.Liveness = rows.GetInt32(4);
            row.Paused = rows.GetBoolean(5);
            row.Specializations = rows.GetString(6);
            row.Labels = rows.GetString(7);
            row.Cluster = rows.GetString(8);
            row.Parent = rows.GetInt32(9);
            row.User = Text(rows, 10);
            row.Owner = Text(rows, 11);
            row.Direction = Text(rows, 12);
            row.CreatedAt = rows.GetInt64(13);
            row.Ttl = rows.GetInt32(14);
            row.Stop = Text(rows, 15);
            row.LastExit = Text(rows, 16);
            row.Meta = Text(rows, 17);
            row.SessionChangedAt = rows.IsDBNull(18) ? null : rows.GetInt64(18);
            row.IsExpiredByHand = rows.IsDBNull(19) ? null : rows.GetBoolean(19);
            row.Born = rows.IsDBNull(20) ? null : rows.GetInt64(20);
            row.GoneAt = rows.IsDBNull(21) ? null : rows.GetInt64(21);
            row.OrphanedFrom = Text(rows, 22);
            row.Skills = Text(rows, 23);
            row.ClaimedAt = rows.IsDBNull(24) ? null : rows.GetInt64(24);
            row.Stall = Text(rows, 25);
            yield return row;
        }
    }

    private static string? Text(DbDataReader rows, int column) => rows.IsDBNull(column) ? null : rows.GetString(column);
}
