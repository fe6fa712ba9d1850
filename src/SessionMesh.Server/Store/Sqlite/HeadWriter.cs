using SessionMesh.Core.State;
using SQLitePCL;

namespace SessionMesh.Server.Store.Sqlite;

/// <summary>
/// Writes the newest directive of each agent now and then, so that a start need not read the whole history for it. A steer does not write
/// its row, which would be a write at a random place. Instead a pass begins after <see cref="Every"/> directives, and each commit from then
/// on writes a few of the agents that got directives, in its own transaction. After the pass the heads are right up to the revision at
/// which it began, and a start reads only the directives after that. The engine's thread alone.
/// </summary>
internal sealed class HeadWriter : IDisposable
{
    /// <summary>Directives between passes: reading so many at a start takes a fraction of a second (eng/bench.sh, item j).</summary>
    internal const int Every = 250_000;

    /// <summary>Heads that a commit writes beside its own rows: about as much work as 32 steers.</summary>
    internal const int AtOnce = 64;

    private readonly PreparedStatement _head;
    private readonly PreparedStatement _headsAt;
    private readonly int _every;

    /// <summary>Agents that got a directive since the last pass began.</summary>
    private HashSet<int> _told = [];

    /// <summary>The agents of the pass under way, in the order of their numbers.</summary>
    private List<int> _pass = [];
    private int _written;
    private int _writing;
    private long _passAt;
    private int _issued;

    /// <param name="told">Agents with a directive newer than the table.</param>
    /// <param name="every">Directives from one pass to the next; <see cref="Every"/> but in tests.</param>
    public HeadWriter(sqlite3 db, IEnumerable<int> told, int every = Every)
    {
        _head = new(db, """
            INSERT INTO heads (agent, seq, revision) VALUES (?,?,?)
            ON CONFLICT (agent) DO UPDATE SET seq=excluded.seq, revision=excluded.revision
            """);
        _headsAt = new(db, "UPDATE mesh SET heads_at = ? WHERE id = 1");
        _every = every;
        _told.UnionWith(told);
        _issued = _told.Count;
    }

    /// <summary>Its statements, to be reset after a failure.</summary>
    public IEnumerable<PreparedStatement> Statements => [_head, _headsAt];

    /// <summary>Writes a piece of the pass under way, if any, in the batch's transaction. <see cref="Committed"/> must follow.</summary>
    public void Write(MeshState state)
    {
        if (_written == _pass.Count)
        {
            return;
        }

        _writing = Math.Min(_pass.Count, _written + AtOnce);
        for (var i = _written; i < _writing; i++)
        {
            // A forgotten agent has no head, and the next agent with its number begins later.
            if (state.AgentAt(_pass[i]) is not null && state.Slots[_pass[i]]!.Inbox is { LastSeq: > 0 } inbox)
            {
                _head.Bind(_pass[i]).Bind(inbox.LastSeq).Bind(inbox.LastRevision).Run();
            }
        }

        if (_writing == _pass.Count)
        {
            _headsAt.Bind(_passAt).Run();
        }
    }

    /// <summary>Notes that the batch is committed, and with it what <see cref="Write"/> wrote.</summary>
    public void Committed(MeshDraft draft)
    {
        _written = Math.Max(_written, _writing);
        foreach (var directive in draft.ChangedDirectives)
        {
            if (directive.Revision > draft.Base.Revision)
            {
                _told.Add(directive.Agent);
                _issued++;
            }
        }

        if (_issued >= _every && _written == _pass.Count)
        {
            (_pass, _told) = ([.. _told.Order()], []);
            (_written, _writing, _issued, _passAt) = (0, 0, 0, draft.Revision);
        }
    }

    public void Dispose()
    {
        _head.Dispose();
        _headsAt.Dispose();
    }
}
