using Microsoft.Data.Sqlite;

namespace SessionMesh.Storage;

/// <summary>
/// Replaces the store in a data directory, in two steps that survive a crash between any two system calls. First the new one is checked,
/// synced and staged; later, before anybody opens the store, the present one is set aside and the staged one takes its name. Only for
/// whoever holds the directory's lock.
/// </summary>
public static class StoreSwap
{
    /// <summary>
    /// Checks a file that is to be restored, and folds what is in files beside it into it. What is wrong is in the findings.
    /// </summary>
    /// <param name="known">Migrations known to the version that will open it; null if that cannot be told.</param>
    /// <param name="rootKey">The content of <c>root.key</c>; null if there is none.</param>
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
                var finding = $"a newer version wrote it (it has the migration {newer}): start that version, and restore there";
                return (facts with { Findings = [finding] }, false);
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
            return (StoreFacts.Unreadable($"the file {StoreWords.Of(e)}"), false);
        }
    }

    /// <summary>Whether a store is staged.</summary>
    public static bool IsStaged(string directory) => File.Exists(Path.Combine(directory, StoreFile.Staged));

    /// <summary>
    /// Gives an inspected file an epoch above that of the store in the directory, and stages it. Once this returns, the next start takes
    /// it, whatever happens in between; until that start the store in the directory counts, with its own epoch.
    /// </summary>
    public static void Stage(string file, string directory)
    {
        StoreEpoch.Raise(file, Path.Combine(directory, StoreFile.Name));
        StoreFile.Sync(file);
        File.Move(file, Path.Combine(directory, StoreFile.Staged), overwrite: true);
        StoreFile.SyncDirectory(directory);
    }

    /// <summary>
    /// Puts a staged store in place. The one before is kept as <c>mesh.db.before-restore-REVISION</c>, or <c>-damaged</c> if it cannot be
    /// read. Returns the name that it got, empty if there was none; null if nothing is staged.
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

        // They belong to the store before, and SQLite would take them for this one's.
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

    /// <summary>Folds the write-ahead log into the store, so that one file is all of it. Returns its revision.</summary>
    private static string Fold(string present)
    {
        try
        {
            using var db = StoreFile.OpenAlone(present);
            db.Number("PRAGMA wal_checkpoint(TRUNCATE)");
            return $"{db.Number("SELECT max(revision) FROM changes") ?? 0}";
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
