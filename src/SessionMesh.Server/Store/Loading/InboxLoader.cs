using System.Collections.Immutable;
using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using SessionMesh.Core.Steering;

namespace SessionMesh.Server.Store.Loading;

/// <summary>
/// Loads the inboxes at a start: the newest directive of each agent from the heads and the directives after them, and pending directives
/// by their index. Its cost is that of what is pending and of what was issued since the heads, not of the history.
/// </summary>
internal sealed class InboxLoader
{
    private readonly List<(long Seq, long Revision)> _heads = [];
    private readonly Dictionary<int, List<DirectiveRow>> _pending;
    private readonly KeptMessages _messages;

    public InboxLoader(MeshDbContext db)
    {
        var connection = db.Database.GetDbConnection();
        db.Database.OpenConnection();
        var headsAt = db.Mesh.AsNoTracking().Select(m => m.HeadsAt).Single() ?? 0;
        Read(connection, "SELECT agent, seq, revision FROM heads");
        Read(connection, $"SELECT agent, seq, revision FROM directives WHERE revision > {headsAt} ORDER BY revision");
        _messages = new KeptMessages(db);

        _pending = db.Directives.FromSqlRaw(db.PendingDirectives).AsNoTracking().AsEnumerable()
            .OrderBy(d => d.Revision)
            .GroupBy(d => d.Agent)
            .ToDictionary(g => g.Key, g => g.ToList());

        // Now, while nothing else is read on this connection.
        foreach (var at in _pending.Values.SelectMany(rows => rows).Select(row => row.MessageAt).OfType<long>().Distinct())
        {
            _messages.At(at);
        }
    }

    /// <summary>An agent's inbox. Directives older than the agent belong to a forgotten one that had its number.</summary>
    public Inbox Of(int number, string id, long born)
    {
        var (seq, revision) = number < _heads.Count ? _heads[number] : default;
        if (revision <= born)
        {
            return Inbox.Empty;
        }

        return Inbox.Load(seq, revision, _pending.TryGetValue(number, out var rows)
            ? [.. rows.Where(row => row.Revision > born).Select(row => StateLoader.ToDirective(row, id, _messages))]
            : ImmutableArray<DirectiveRecord>.Empty);
    }

    private void Read(DbConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Constants of this file, and a number.
        command.CommandText = sql;
#pragma warning restore CA2100
        using var rows = command.ExecuteReader();
        while (rows.Read())
        {
            var agent = rows.GetInt32(0);
            while (_heads.Count <= agent)
            {
                _heads.Add(default);
            }

            if (rows.GetInt64(2) is var revision && revision > _heads[agent].Revision)
            {
                _heads[agent] = (rows.GetInt64(1), revision);
            }
        }
    }
}
