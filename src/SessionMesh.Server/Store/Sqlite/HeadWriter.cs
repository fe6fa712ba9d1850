using SessionMesh.Core.State;
using SQLitePCL;

namespace SessionMesh.Server.Store.Sqlite;

/// <summary>
/// Writes down, now and then, which directive of each agent is the newest: what a start would otherwise have to read the whole history for.
/// A steer writes no such row, which would be one at random; instead a pass begins once <see cref="Every"/> directives were issued, and
/// each commit after that writes a few of the agents that were told something, in its own transaction. When the pass is over, the heads are
/// right up to the revision at which it began, and a start reads only the directives after that. The engine's thread alone.
/// </summary>
internal sealed class HeadWriter : IDisposable
{
    /// <summary>Directives from one pass to the next: reading so many at a start takes a fraction of a second (eng/bench.sh, item j).</summary>
    internal const int Every = 250_000;

    /// <summary>Heads that one commit writes beside its own rows: about as much work as 32 steers.</summary>
    internal const int AtOnce = 64;

    private readonly PreparedStatement _head;
    private readonly PreparedStatement _headsAt;
    private readonly int _every;

    /// <summary>Agents that were told something since the last pass began.</summary>
    private HashSet<int> _told = [];

    /// <summary>Those of the pass that is under way, in order of their numbers; how many of them are written; and where it began.</summary>
    private List<int> _pass = [];
    private int _written;
    private int _writing;
    private long _passAt;
    private int _issued;

    /// <param name="told">Agents whose newest directive is younger than what the table has.</param>
    /// <param name="every">Directives from one pass to the next; <see cref="Every"/> but in tests.</param>
    public HeadWriter(sqlite3 db, IEnumerable<int> told, int every = Every)
    {
        _head = new(db, "INSERT INTO heads (agent, seq, revision) VALUES (?,?,?) ON CONFLICT (agent) DO UPDATE SET seq=excluded.seq, revision=excluded.revision");
        _headsAt = new(db, "UPDATE mesh SET heads_at = ? WHERE id = 1");
        _every = every;
        _told.UnionWith(told);
        _issued = _told.Count;
    }

    /// <summary>Its statements, to be made ready again after a failure.</summary>
    public IEnumerable<PreparedStatement> Statements => [_head, _headsAt];

    /// <summary>Writes a piece of the pass, if one is under way. Inside the batch's transaction; <see cref="Committed"/> is to follow.</summary>
    public void Write(MeshState state)
    {
        if (_written == _pass.Count)
        {
            return;
        }

        _writing = Math.Min(_pass.Count, _written + AtOnce);
        for (var i = _written; i < _writing; i++)
        {
            // Who was forgotten has no head, and whoever has the number now begins after it.
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

    /// <summary>The batch is in the store, and with it what was written here.</summary>
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
