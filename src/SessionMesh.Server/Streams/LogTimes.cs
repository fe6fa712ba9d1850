using Microsoft.EntityFrameworkCore;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Streams;

/// <summary>Times of the log as revisions, by binary search: times never go back along the log.</summary>
public sealed class LogTimes(MeshEngine engine, MeshStore store)
{
    /// <summary>Finds the newest revision before a time.</summary>
    internal async Task<long> LastBeforeAsync(long wall)
    {
        await using var db = store.OpenReader();
        return await FirstSinceAsync(db, wall, engine.State.Revision) - 1;
    }

    /// <summary>Whether the log may have had entries after a revision that are kept no longer.</summary>
    internal bool IsCutAfter(long revision) => revision > 0 && revision == store.OldestRevision - 1;

    /// <summary>Finds the first revision at or after a time.</summary>
    internal async Task<long> FirstSinceAsync(MeshDbContext db, long wall, long newest)
    {
        var (low, high) = (store.OldestRevision, newest + 1);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (await db.Changes.Where(c => c.Revision >= middle).OrderBy(c => c.Revision).Select(c => c.At).FirstAsync() >= wall)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }
}
