using System.Data;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Npgsql;
using NpgsqlTypes;
using SessionMesh.Core;
using SessionMesh.Core.State;
using SessionMesh.Server.Telemetry;

namespace SessionMesh.Server.Store.Postgres;

/// <summary>
/// The log in PostgreSQL. A commit is one call of <c>mesh_append</c>, which compares and swaps the head, so that no lock is ever held over
/// a round trip. When the answer to a call is lost, the node shuts that call out and then looks what became of it. The engine's thread
/// alone.
/// </summary>
internal sealed partial class PostgresLog : IMeshLog
{
    /// <summary>How long it tries to find out what became of a batch, before the callers are told that nobody knows yet.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Of mesh_append.</summary>
    private const int Parameters = 24;

    /// <summary>
    /// What PostgreSQL stores of one batch in a second on a machine that is very busy: a tenth of what docs/adr/0042 measured. A kill of
    /// hundreds of thousands is one batch, and is given the time.
    /// </summary>
    private const int SlowChangesPerSecond = 2500;

    /// <summary>How long a small question may take.</summary>
    private const int ShortSeconds = 3;

    /// <summary>Between two attempts to reach it.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    private readonly PostgresStore _store;
    private readonly MeshMetrics _metrics;
    private readonly ILogger<PostgresLog> _log;
    private readonly BatchRows _rows = new();

    /// <summary>Never set: to wait on the clock of the database's machine, which no test moves.</summary>
    private readonly ManualResetEventSlim _pause = new();
    private NpgsqlConnection? _connection;
    private NpgsqlCommand? _append;

    /// <summary>Holds the head of the log; null unless this node queues for it.</summary>
    private NpgsqlTransaction? _queue;

    /// <summary>The stamp of the batch under way.</summary>
    private Guid _next;

    /// <summary>A batch of ours may be in the log though memory does not have it.</summary>
    private bool _isInDoubt;

    /// <summary>
    /// PostgreSQL has warned since this was last false: of a commit that was broken off while no synchronous standby had it yet, which is
    /// reported as done.
    /// </summary>
    private bool _isWarned;

    /// <summary>Why this process reads and commits nothing any more; null while it does.</summary>
    private string? _over;

    public PostgresLog(PostgresStore store, MeshMetrics metrics, ILogger<PostgresLog> log) =>
        (_store, _metrics, _log) = (store, metrics, log);

    public static (long Revision, Guid Stamp) Head(NpgsqlConnection connection)
    {
        using var command = new NpgsqlCommand("SELECT revision, stamp FROM mesh_head WHERE id = 1", connection);
        using var rows = command.ExecuteReader();
        return rows.Read() ? (rows.GetInt64(0), rows.GetGuid(1)) : default;
    }

    public bool IsShared => true;

    /// <summary>Not while it is out of touch: agents are refused meanwhile, and their leases begin anew first.</summary>
    public bool IsJudge => _store.Nodes.JudgeEpoch != 0 && _store.Nodes.Contact.IsKept;

    public int Level => _store.Nodes.Level;

    public IReadOnlyList<Change> Queue(long revision)
    {
        ThrowIfOver();
        try
        {
            LeaveQueue();
            Connect();
            _queue = _connection.BeginTransaction();
            using (var take = new NpgsqlCommand(
                // One that stops in the middle of it is thrown out.
                "SET LOCAL idle_in_transaction_session_timeout = '1s'; SET LOCAL lock_timeout = '2s'; "
                    + "SELECT FROM mesh_head WHERE id = 1 FOR UPDATE",
                _connection))
            {
                take.ExecuteNonQuery();
            }

            return Head(_connection) == (revision, _store.Stamp) ? [] : Read(revision);
        }
        catch (Exception e) when (PostgresWords.IsOfTheWay(e) || e is PostgresException)
        {
            Hang();
            throw;
        }
    }

    public CommitResult Commit(MeshDraft draft)
    {
        _rows.Take(draft);
        _next = new Guid(RandomNumberGenerator.GetBytes(16));
        var level = draft.Changes.Max(ChangeCodec.LevelOf);
        NpgsqlCommand append;
        try
        {
            if (level > _store.Nodes.LogLevel)
            {
                LeaveQueue(); // a node that begins must not wait for it
                Connect();
                if (!_store.Nodes.TryRaise(_connection, level))
                {
                    return CommitResult.Behind([]); // a node of an earlier version has begun since this was decided
                }
            }

            append = Append();
        }
        catch (Exception e) when (PostgresWords.IsOfTheWay(e) || e is PostgresException)
        {
            Hang();
            return new CommitResult(CommitOutcome.Failed, e);
        }

        try
        {
            Bind(append, draft, level);
            append.CommandTimeout = (int)Patience.TotalSeconds + (draft.Changes.Count / SlowChangesPerSecond);
            var began = Stopwatch.GetTimestamp();
            _isWarned = false;
            var outcome = (string)append.ExecuteScalar()!;
            EndQueue(outcome == "committed");
            _metrics.Synced(began);
            switch (outcome)
            {
                case "committed" when _isWarned:
                    LogUnconfirmed();
                    return CommitResult.Unknown;
                case "committed":
                    _store.Stamp = _next;
                    return CommitResult.Committed;
                case "behind":
                    return Behind(draft);
                case "judged":
                    _store.Nodes.JudgeEpoch = 0;
                    return CommitResult.Behind([]);
                default:
                    return TryResume() // a session that was begun though nobody heard of it
                        ? CommitResult.Behind([])
                        : new CommitResult(
                            CommitOutcome.Failed, new InvalidOperationException($"another process runs as the node {_store.Nodes.Id}"));
            }
        }
        catch (PostgresException e) when (!PostgresWords.IsOfTheWay(e))
        {
            if (_queue is not null)
            {
                Hang();
            }

            return new CommitResult(
                PostgresWords.IsOfTheRow(e) ? CommitOutcome.Refused : CommitOutcome.Failed, e, e.SqlState == PostgresErrorCodes.DiskFull);
        }
        catch (Exception e) when (PostgresWords.IsOfTheWay(e))
        {
            LogLost(e);
            Hang();
            return CommitResult.Unknown;
        }
    }

    public CommitResult Resolve(MeshDraft draft)
    {
        _isInDoubt = true;
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                _isWarned = false;
                TryResume();
                if (_isWarned)
                {
                    // This call has written, too, and no standby has that: what was written before is no safer.
                    throw new TimeoutException("no synchronous standby has what was committed");
                }

                if (IsStored(draft.Revision, _next))
                {
                    (_store.Stamp, _isInDoubt) = (_next, false);
                    return CommitResult.Committed;
                }

                _isInDoubt = false;
                return new CommitResult(
                    CommitOutcome.Failed, new IOException("the connection to PostgreSQL broke before the batch was stored"));
            }
#pragma warning disable CA1031 // Whatever is in the way of the question, such as no connection that is left, is no answer to it.
            catch (Exception)
#pragma warning restore CA1031
            {
                Hang();
                if (Stopwatch.GetElapsedTime(began) > Patience)
                {
                    return CommitResult.Unknown;
                }

                _pause.Wait(s_pause);
            }
        }
    }

    public void Dispose()
    {
        try
        {
            if (_connection is { State: ConnectionState.Open } connection)
            {
                _store.Nodes.Leave(connection);
            }
        }
        catch (Exception e) when (PostgresWords.IsOfTheWay(e))
        {
            // It is gone as well; the others find this node silent.
        }

        Hang();
        _rows.Dispose();
        _pause.Dispose();
    }

    private CommitResult Behind(MeshDraft draft)
    {
        try
        {
            return CommitResult.Behind(Missed(draft.Base.Revision));
        }
        catch (Exception e) when (PostgresWords.IsOfTheWay(e) || _over is not null)
        {
            Hang();
            return new CommitResult(CommitOutcome.Failed, e);
        }
    }

    /// <summary>Opens a connection, unless there is one that is not known to be broken.</summary>
    [MemberNotNull(nameof(_connection))]
    private void Connect()
    {
        if (_connection is { State: not ConnectionState.Open })
        {
            Hang();
        }

        if (_connection is null)
        {
            _connection = _store.Source.OpenConnection();
            _connection.Notice += Warned;
        }
    }

    private void Warned(object sender, NpgsqlNoticeEventArgs told) => _isWarned |= told.Notice.InvariantSeverity == "WARNING";

    /// <summary>The statement, on an open connection.</summary>
    private NpgsqlCommand Append()
    {
        Connect();
        if (_append is not null)
        {
            return _append;
        }

        _append = new NpgsqlCommand(
            $"SELECT mesh_append({string.Join(", ", Enumerable.Range(1, Parameters).Select(i => $"${i}"))})", _connection);
        _append.Parameters.Add(new() { Value = _store.Nodes.Id });
        for (var i = 1; i < Parameters; i++)
        {
            _append.Parameters.Add(new NpgsqlParameter());
        }

        _append.Parameters[6].NpgsqlDbType = NpgsqlDbType.Integer; // both may be null, which has no type
        _append.Parameters[21].NpgsqlDbType = NpgsqlDbType.Bigint;
        _append.Parameters[22].NpgsqlDbType = NpgsqlDbType.Bigint;
        return _append;
    }

    private void Bind(NpgsqlCommand append, MeshDraft draft, int level)
    {
        var forgotten = draft.ForgottenIncarnation == draft.Base.ForgottenIncarnation ? (object)DBNull.Value : draft.ForgottenIncarnation;
        ReadOnlySpan<object> values =
        [
            _store.Nodes.Session, draft.Base.Revision, _store.Stamp, draft.Revision, _next, forgotten,
            _rows.Changes, _rows.Messages, _rows.RemovedAgents, _rows.Agents, _rows.Directives, _rows.Moved, _rows.Keys,
            _rows.RemovedClaims, _rows.Claims, _rows.RemovedLinks, _rows.Links, _rows.RemovedSessions, _rows.Sessions, _rows.Receipts,
            draft.TrimReceiptsBelow > 0 ? draft.TrimReceiptsBelow : DBNull.Value,
            draft.IsJudgement ? _store.Nodes.JudgeEpoch : DBNull.Value, level,
        ];
        for (var i = 0; i < values.Length; i++)
        {
            append.Parameters[i + 1].Value = values[i];
        }
    }

    /// <summary>Whether the batch that ends with a revision is the one with that stamp.</summary>
    private bool IsStored(long last, Guid stamp)
    {
        using var command = new NpgsqlCommand("SELECT EXISTS (SELECT FROM mesh_batches WHERE last = $1 AND stamp = $2)", _connection)
        {
            Parameters = { new() { Value = last }, new() { Value = stamp } },
            CommandTimeout = ShortSeconds,
        };
        return (bool)command.ExecuteScalar()!;
    }

    /// <summary>Connects anew, and shuts out a call that may still be under way. False if another process has done so.</summary>
    private bool TryResume()
    {
        Connect();
        using var command = new NpgsqlCommand("SELECT mesh_resume($1, $2)", _connection)
        {
            Parameters = { new() { Value = _store.Nodes.Id }, new() { Value = _store.Nodes.Owner } },
            CommandTimeout = ShortSeconds,
        };
        if (command.ExecuteScalar() is long session)
        {
            _store.Nodes.Session = session;
            return true;
        }

        LogReplaced(_store.Nodes.Id);
        return false;
    }

    /// <summary>Commits what was appended in the queue, or gives up the place in it.</summary>
    private void EndQueue(bool commit)
    {
        if (commit && _queue is { } queue)
        {
            _queue = null;
            queue.Commit();
            queue.Dispose();
        }

        LeaveQueue();
    }

    private void LeaveQueue()
    {
        if (_queue is { } queue)
        {
            _queue = null;
            queue.Dispose(); // rolls back
        }
    }

    private void Hang()
    {
        _queue = null;
        _append?.Dispose();
        if (_connection is not null)
        {
            _connection.Notice -= Warned; // it goes back to the pool
            _connection.Dispose();
        }

        (_append, _connection) = (null, null);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The answer to a commit was lost; looking what became of it")]
    private partial void LogLost(Exception e);

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "PostgreSQL has committed without its synchronous standby; looking until one has it")]
    private partial void LogUnconfirmed();

    [LoggerMessage(Level = LogLevel.Critical, Message =
        "Another process has taken the node id {Node}: nothing is committed here any more. Give each node its own with --node-id")]
    private partial void LogReplaced(string node);
}
