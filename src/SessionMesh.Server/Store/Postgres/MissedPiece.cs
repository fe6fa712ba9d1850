using Npgsql;

namespace SessionMesh.Server.Store.Postgres;

/// <summary>
/// What the log has after a revision, or the first piece of it: whole batches, read in one statement and so at one moment.
/// </summary>
/// <param name="IsOurs">
/// Whether the batch that ends with the revision is the one with that stamp; if not, there is nothing else here.
/// </param>
/// <param name="Head">Where the log stands.</param>
/// <param name="Last">Revision of the last change of the piece; that which was asked about if there is none.</param>
/// <param name="Stamp">Of the batch that ends there.</param>
/// <param name="Rows">Oldest first, without a gap.</param>
/// <param name="IsTrimmed">
/// Whether what could tell that is gone, as the oldest part of the log is at some time: all that is left is newer.
/// </param>
internal readonly record struct MissedPiece(bool IsOurs, bool IsTrimmed, long Head, long Last, Guid Stamp, List<ChangeRow> Rows)
{
    /// <summary>Changes that are read at once, and applied before the next.</summary>
    private const long Most = 4096;

    private const int TimeoutSeconds = 10;

    private const string Query = """
        WITH ours AS (SELECT $1 = 0 OR EXISTS (SELECT FROM mesh_batches WHERE last = $1 AND stamp = $2) AS is_ours),
        piece AS (
            SELECT last, stamp FROM mesh_batches
            WHERE last > $1 AND (last <= $1 + $3 OR last = (SELECT min(last) FROM mesh_batches WHERE last > $1))
            ORDER BY last DESC LIMIT 1)
        SELECT is_ours, h.revision, piece.last, piece.stamp,
            c.revision, c.at, c.actor, c.kind, c.subject, c.payload, c.remote_address, c.request_id,
            NOT is_ours AND $1 < (SELECT min(last) FROM mesh_batches)
        FROM mesh_head h CROSS JOIN ours LEFT JOIN piece ON is_ours
            LEFT JOIN changes c ON c.revision > $1 AND c.revision <= piece.last
        ORDER BY c.revision
        """;

    /// <param name="stamp">Of the batch that ends with the revision.</param>
    public static MissedPiece Read(NpgsqlConnection connection, long revision, Guid stamp)
    {
        using var command = new NpgsqlCommand(Query, connection)
        {
            Parameters = { new() { Value = revision }, new() { Value = stamp }, new() { Value = Most } },
            CommandTimeout = TimeoutSeconds,
        };
        using var rows = command.ExecuteReader();
        var piece = new MissedPiece(false, false, 0, revision, stamp, []);
        while (rows.Read())
        {
            piece = piece with { IsOurs = rows.GetBoolean(0), Head = rows.GetInt64(1), IsTrimmed = rows.GetBoolean(12) };
            if (rows.IsDBNull(2))
            {
                continue;
            }

            piece = piece with { Last = rows.GetInt64(2), Stamp = rows.GetGuid(3) };
            if (!rows.IsDBNull(4))
            {
                piece.Rows.Add(ToRow(rows));
            }
        }

        return piece;
    }

    private static ChangeRow ToRow(NpgsqlDataReader rows)
    {
        return new()
        {
            Revision = rows.GetInt64(4),
            At = rows.GetInt64(5),
            Actor = Text(6)!,
            Kind = Text(7)!,
            Subject = Text(8)!,
            Payload = Text(9)!,
            RemoteAddress = Text(10),
            RequestId = Text(11),
        };

        string? Text(int column) => rows.IsDBNull(column) ? null : PostgresText.Unescape(rows.GetString(column));
    }
}
