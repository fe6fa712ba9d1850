using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using SessionMesh.Server.Options;

namespace SessionMesh.Server.Store.Moving;

/// <summary>
/// Copies a mesh that no server runs from one store to another. What is there of an earlier attempt is left out, both are compared by a
/// hash of every row, and only then does the copy become a mesh that a server can open.
/// </summary>
/// <param name="progress">Told where it is, a line at a time.</param>
internal sealed class StoreMove(MeshDbContext from, MeshDbContext to, Action<string> progress)
{
    /// <summary>Pages between two lines.</summary>
    private const int PagesALine = 25;

    /// <summary>Copies and compares. Returns the revision, and the hash in hex.</summary>
    /// <exception cref="StartupException">There is no mesh, the copy belongs to another one, or they are not equal.</exception>
    public async Task<(long Revision, string Hash)> RunAsync()
    {
        var revision = await MovedTable.All[0].LastAsync(from);
        if (revision <= 0)
        {
            throw new StartupException("There is no mesh to move: the log is empty.");
        }

        await RefuseAnotherAsync(revision);
        foreach (var table in MovedTable.All)
        {
            await CopyAsync(table);
        }

        await CopyFactsAsync();
        progress("comparing");
        var (here, there) = (await HashAsync(from), await HashAsync(to));
        return here == there ? (revision, here) : throw new StartupException(
            "The copy is not equal: the mesh was changed between two attempts. Drop what was copied, and move again.");
    }

    /// <summary>A hash of every row of every table, in hex.</summary>
    public static async Task<string> HashAsync(MeshDbContext db)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var table in MovedTable.All)
        {
            await table.HashAsync(db, hash);
        }

        var mesh = await db.Mesh.AsNoTracking().SingleAsync();
        hash.AppendData(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(mesh));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>What is there already must be the start of this mesh: its last entry is the same here.</summary>
    private async Task RefuseAnotherAsync(long revision)
    {
        var last = await MovedTable.All[0].LastAsync(to);
        if (last < 0)
        {
            return;
        }

        var theirs = await to.Changes.AsNoTracking().SingleAsync(change => change.Revision == last);
        var ours = await from.Changes.AsNoTracking().SingleOrDefaultAsync(change => change.Revision == last);
        if (last > revision || ours is null
            || (ours.At, ours.Kind, ours.Subject, ours.Payload) != (theirs.At, theirs.Kind, theirs.Subject, theirs.Payload))
        {
            throw new StartupException("Where it is to go there is another mesh. Nothing was changed; name another place.");
        }
    }

    private async Task CopyAsync(MovedTable table)
    {
        var count = await table.CountAsync(from);
        var after = await table.LastAsync(to);
        for (var page = 0; await table.CopyAsync(from, to, after) is { } last; page++)
        {
            after = last;
            if (page % PagesALine == 0)
            {
                progress($"{table.Name}: {await table.CountAsync(to)} of {count}");
            }
        }

        progress($"{table.Name}: {count}");
    }

    private async Task CopyFactsAsync()
    {
        var ours = await from.Mesh.AsNoTracking().SingleAsync();
        await to.Mesh.ExecuteUpdateAsync(row => row
            .SetProperty(mesh => mesh.Epoch, ours.Epoch)
            .SetProperty(mesh => mesh.ForgottenIncarnation, ours.ForgottenIncarnation)
            .SetProperty(mesh => mesh.HeadsAt, ours.HeadsAt));
    }
}
