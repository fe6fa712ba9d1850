using System.Linq.Expressions;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;

namespace SessionMesh.Server.Store.Moving;

/// <summary>A table as it is moved from one store to another: in the order of its key, so that what is there already is left out.</summary>
internal abstract class MovedTable(string name)
{
    /// <summary>Rows of a page, each in a transaction of its own.</summary>
    public const int PageRows = 2000;

    /// <summary>All but the one row about the mesh. The log is first: what has the start of one alone is seen to be unfinished.</summary>
    public static readonly IReadOnlyList<MovedTable> All =
    [
        new MovedTable<ChangeRow>("changes", db => db.Changes, row => row.Revision),
        new MovedTable<MessageRow>("messages", db => db.Messages, row => row.Revision),
        new MovedTable<DirectiveRow>("directives", db => db.Directives, row => row.Revision),
        new MovedTable<AgentTableRow>("agents", db => db.Agents, row => row.Number),
        new MovedTable<KeyTableRow>("keys", db => db.Keys, row => row.Revision),
        new MovedTable<ClaimTableRow>("claims", db => db.Claims, row => row.Revision),
        new MovedTable<LinkTableRow>("links", db => db.Links, row => row.Revision),
        new MovedTable<SessionTableRow>("sessions", db => db.Sessions, row => row.Revision),
        new MovedTable<ReceiptRow>("receipts", db => db.Receipts, row => row.Revision),
        new MovedTable<HeadRow>("heads", db => db.Heads, row => row.Agent),
    ];

    public string Name => name;

    public abstract Task<long> CountAsync(MeshDbContext db);

    /// <summary>The key of the last row; -1 for none.</summary>
    public abstract Task<long> LastAsync(MeshDbContext db);

    /// <summary>Copies the page after a key. Returns the key of its last row; null if there is nothing left.</summary>
    public abstract Task<long?> CopyAsync(MeshDbContext from, MeshDbContext to, long after);

    /// <summary>Adds every row to a hash.</summary>
    public abstract Task HashAsync(MeshDbContext db, IncrementalHash hash);
}

internal sealed class MovedTable<T>(string name, Func<MeshDbContext, DbSet<T>> set, Expression<Func<T, long>> key) : MovedTable(name)
    where T : class
{
    private readonly Func<T, long> _keyOf = key.Compile();

    public override Task<long> CountAsync(MeshDbContext db) => set(db).LongCountAsync();

    public override async Task<long> LastAsync(MeshDbContext db) => await set(db).MaxAsync(Nullable(key)) ?? -1;

    public override async Task<long?> CopyAsync(MeshDbContext from, MeshDbContext to, long after)
    {
        var rows = await PageAsync(from, after);
        if (rows.Count == 0)
        {
            return null;
        }

        set(to).AddRange(rows);
        await to.SaveChangesAsync();
        to.ChangeTracker.Clear();
        return _keyOf(rows[^1]);
    }

    public override async Task HashAsync(MeshDbContext db, IncrementalHash hash)
    {
        for (var after = -1L; await PageAsync(db, after) is { Count: > 0 } rows; after = _keyOf(rows[^1]))
        {
            foreach (var row in rows)
            {
                hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(row));
                hash.AppendData("\n"u8);
            }
        }
    }

    private Task<List<T>> PageAsync(MeshDbContext db, long after)
    {
        var isAfter = Expression.Lambda<Func<T, bool>>(Expression.GreaterThan(key.Body, Expression.Constant(after)), key.Parameters);
        return set(db).AsNoTracking().Where(isAfter).OrderBy(key).Take(PageRows).ToListAsync();
    }

    private static Expression<Func<T, long?>> Nullable(Expression<Func<T, long>> key) =>
        Expression.Lambda<Func<T, long?>>(Expression.Convert(key.Body, typeof(long?)), key.Parameters);
}
