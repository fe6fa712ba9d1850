using Microsoft.Data.Sqlite;

namespace SessionMesh.Storage;

/// <summary>
/// The epoch of a store. Every restore raises it above the epoch of the store that is replaced and that of the backup, so that whoever
/// remembers numbers of one epoch knows that they mean nothing in another. It is in the one row of the table <c>mesh</c>; a store of a
/// version without that table has epoch 1.
/// </summary>
public static class StoreEpoch
{
    /// <summary>Shared with the migration: a restored store of an earlier version has the table before that migration runs.</summary>
    public const string CreateTable =
        """
        CREATE TABLE IF NOT EXISTS "mesh" (
            "id" INTEGER NOT NULL CONSTRAINT "PK_mesh" PRIMARY KEY,
            "epoch" INTEGER NOT NULL,
            "forgotten_incarnation" INTEGER NOT NULL
        )
        """;

    /// <summary>Reads the epoch of the store behind a connection.</summary>
    /// <exception cref="SqliteException">It cannot be read.</exception>
    public static long Of(SqliteConnection db) => HasTable(db) ? db.Number("SELECT epoch FROM mesh WHERE id = 1") ?? 1 : 1;

    /// <summary>
    /// Raises the epoch of a file that is to take the place of another, in one transaction that is on the disk when this returns. If the
    /// other is missing or cannot be read, nobody knows its epoch: the time in seconds stands for it, which no count of restores reaches.
    /// </summary>
    /// <param name="file">A store that nobody else has open.</param>
    /// <param name="replaced">The store whose place it takes; a server may have it open.</param>
    /// <returns>The new epoch.</returns>
    internal static long Raise(string file, string replaced)
    {
        var before = TryRead(replaced) ?? new DateTimeOffset(File.GetLastWriteTimeUtc(file)).ToUnixTimeSeconds();
        using var db = StoreFile.OpenAlone(file);
        return db.InTransaction(() =>
        {
            var epoch = Math.Max(before, Of(db)) + 1;
            db.Run(CreateTable);
            db.Run(
                "INSERT INTO mesh (id, epoch, forgotten_incarnation) VALUES (1, $epoch, 0) "
                    + "ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch",
                ("$epoch", epoch));
            return epoch;
        });
    }

    private static bool HasTable(SqliteConnection db) =>
        db.Number("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'mesh'") > 0;

    private static long? TryRead(string file)
    {
        if (!File.Exists(file))
        {
            return null;
        }

        try
        {
            using var db = StoreFile.OpenReadOnly(file);
            return Of(db);
        }
        catch (SqliteException)
        {
            return null; // damaged, which is why it is being replaced
        }
    }
}
