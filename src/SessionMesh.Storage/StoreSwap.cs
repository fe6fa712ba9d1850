using Microsoft.Data.Sqlite;

namespace SessionMesh.Storage;

/// <summary>
/// Puts another store in the place of the one in a data directory, in two steps that survive a crash between any two system calls: first the
/// new one is staged, checked and on the disk; then, before anybody opens the store, the present one is set aside and the staged one takes its
/// name. Only for whoever holds the directory's lock.
/// </summary>
public static class StoreSwap
{
    /// <summary>
    /// Looks at a file that is to be restored, and makes it a file that needs no other beside it. What is wrong is in the findings.
    /// </summary>
    /// <param name="known">Migrations that the version which will open it knows; null where that cannot be told.</param>
    /// <param name="rootKey">The text of <c>root.key</c>; null where there is none.</param>
    public static (StoreFacts Facts, bool RootKeyValid) Inspect(string file, IReadOnlyCollection<string>? known, string? rootKey)
    {
        try
        {
            using var db = StoreFile.OpenAlone(file);
            db.Run("PRAGMA trusted_schema=OFF");
            var facts = StoreCheck.Look(db);
            if (facts.Findings.Count > 0)
            {
                return (facts, false);
            }

            if (known is not null && StoreCheck.Migrations(db).FirstOrDefault(m => !known.Contains(m)) is { } newer)
            {
                return (facts with { Findings = [$"a newer version wrote it (it has the migration {newer}): start that version, and restore there"] }, false);
            }

            using (var mode = db.CreateCommand())
            {
                mode.CommandText = "PRAGMA journal_mode=DELETE";
                mode.ExecuteNonQuery();
            }

            return (facts, rootKey is not null && StoreCheck.HasAdminKey(db, rootKey));
        }
        catch (SqliteException e)
        {
            return (new StoreFacts([$"it is no database, or a damaged one: {e.Message}"], 0, 0, 0, 0, 0, 0, 0, 0, 0), false);
        }
    }

    /// <summary>Whether a store waits to be put in place.</summary>
    public static bool IsStaged(string directory) => File.Exists(Path.Combine(directory, StoreFile.Staged));

    /// <summary>
    /// Gives a file that was inspected an epoch above that of the store in the directory, and stages it: from when this returns the next
    /// start will take it, whatever happens in between. Until then the store in the directory is the one that counts, with the epoch that
    /// it has.
    /// </summary>
    public static void Stage(string file, string directory)
    {
        StoreEpoch.Raise(file, Path.Combine(directory, StoreFile.Name));
        StoreFile.Sync(file);
        File.Move(file, Path.Combine(directory, StoreFile.Staged), overwrite: true);
        StoreFile.SyncDirectory(directory);
    }

    /// <summary>
    /// Puts a staged store in place. The one before is kept as <c>mesh.db.before-restore-REVISION</c> (<c>-damaged</c> where it cannot be read),
    /// and its name is returned; empty when there was none, null when nothing is staged.
    /// </summary>
    public static string? Apply(string directory)
    {
        if (!IsStaged(directory))
        {
            return null;
        }

        var present = Path.Combine(directory, StoreFile.Name);
        var kept = File.Exists(present) ? SetAside(present) : "";
        StoreFile.SyncDirectory(directory);

        // Names of the one before, which would be taken for this one's.
        File.Delete(present + "-wal");
        File.Delete(present + "-shm");
        File.Move(Path.Combine(directory, StoreFile.Staged), present);
        StoreFile.SyncDirectory(directory);
        return kept;
    }

    private static string SetAside(string present)
    {
        var kept = Free($"{present}.before-restore-{Fold(present)}");
        foreach (var suffix in (string[])["-wal", "-shm", ""])
        {
            if (File.Exists(present + suffix))
            {
                File.Move(present + suffix, kept + suffix);
            }
        }

        return Path.GetFileName(kept);
    }

    /// <summary>Folds the write-ahead log into the store, so that one file is all of it; tells its revision.</summary>
    private static string Fold(string present)
    {
        try
        {
            using var db = StoreFile.OpenAlone(present);
            db.Number("PRAGMA wal_checkpoint(TRUNCATE)");
            return (db.Number("SELECT max(revision) FROM changes") ?? 0).ToString(System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (SqliteException)
        {
            return "damaged"; // which is why it is being replaced
        }
    }

    private static string Free(string path)
    {
        var free = path;
        for (var next = 2; File.Exists(free); next++)
        {
            free = $"{path}-{next}";
        }

        return free;
    }
}
