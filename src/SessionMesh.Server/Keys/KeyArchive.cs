using Microsoft.EntityFrameworkCore;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Store.Loading;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Keys;

/// <summary>A key that was found, held or ended.</summary>
/// <param name="HasSuccessor">Whether a later generation of its name was ever minted.</param>
public sealed record FoundKey(Key Key, bool HasSuccessor);

/// <summary>
/// Keys that have ended: they are in their table alone, until they are trimmed. For who may see them, which goes by what they hung below,
/// as long as it is known. Thread-safe.
/// </summary>
public sealed class KeyArchive(MeshEngine engine, MeshStore store)
{
    /// <summary>Maximum number of parents to follow: more than any chain has.</summary>
    private const int Deepest = 64;

    /// <summary>Whether a key was held when it was found, and has ended since.</summary>
    public bool HasJustEnded(FoundKey found) => found.Key.EndedAt == 0 && engine.State.Keys.Find(found.Key.Id) is null;

    /// <summary>A key by its id; null for one that is unknown, or not the caller's to see.</summary>
    public async Task<FoundKey?> FindAsync(Key caller, string id, CancellationToken cancellation)
    {
        await using var db = store.OpenReader();
        var row = await db.Keys.AsNoTracking().Where(k => k.Id == id).SingleOrDefaultAsync(cancellation);
        var key = engine.State.Keys.Find(id) ?? (row is null ? null : StateLoader.ToKey(row));
        if (key is null || !await MaySeeAsync(caller, key))
        {
            return null;
        }

        return new FoundKey(
            key, await db.Keys.AnyAsync(k => k.Lineage == key.Lineage && k.Generation > key.Generation, cancellation));

        // The table has the parent of a lineage that ended in the row of its first key, whose id it is.
        async Task<bool> MaySeeAsync(Key caller, Key key)
        {
            if (caller.Has(ScopeSet.Admin) || key.Lineage == caller.Lineage)
            {
                return true;
            }

            var lineage = key.Parent;
            for (var i = 0; i < Deepest && lineage is not null; i++)
            {
                if (lineage == caller.Lineage)
                {
                    return true;
                }

                var first = lineage;
                lineage = engine.State.Keys.NewestOf(first) is { } newest
                    ? newest.Parent
                    : await db.Keys.Where(k => k.Id == first).Select(k => k.Parent).SingleOrDefaultAsync(cancellation);
            }

            return false;
        }
    }
}
