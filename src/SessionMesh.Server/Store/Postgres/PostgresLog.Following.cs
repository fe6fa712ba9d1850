using System.Diagnostics.CodeAnalysis;
using SessionMesh.Core;
using SessionMesh.Core.Audit;

namespace SessionMesh.Server.Store.Postgres;

/// <summary>Reading what other nodes have written.</summary>
internal sealed partial class PostgresLog
{
    public IReadOnlyList<Change> Begin(long revision)
    {
        ThrowIfOver();
        if (!_isInDoubt)
        {
            return _store.TakeNews() ? Look(revision) : [];
        }

        try
        {
            TryResume();
            var missed = Missed(revision);
            _isInDoubt = false;
            return missed;
        }
        catch (Exception e) when (PostgresWords.IsOfTheWay(e))
        {
            Hang();
            throw;
        }
    }

    public long Stands { get; private set; }

    public IReadOnlyList<Change> Look(long revision)
    {
        ThrowIfOver();
        try
        {
            return Missed(revision);
        }
        catch (Exception e) when (PostgresWords.IsOfTheWay(e))
        {
            Hang();
            throw;
        }
    }

    /// <summary>
    /// The next batches after a revision, no more than a piece at a time, and makes the stamp of the last of them ours. If there are more,
    /// they are news.
    /// </summary>
    private List<Change> Missed(long revision)
    {
        LeaveQueue();
        Connect();
        return Read(revision);
    }

    private List<Change> Read(long revision)
    {
        var piece = MissedPiece.Read(_connection!, revision, _store.Stamp);
        if (!piece.IsOurs && piece.IsTrimmed)
        {
            _store.IsLeftBehind = true;
            LogLeftBehind(revision);
            End("the log does not reach back to where this process stands");
        }

        if (!piece.IsOurs)
        {
            _store.HasForked = true;
            LogForked(revision);
            End("the log has lost what this process has seen");
        }

        Stands = piece.Head;
        if (piece.Head > piece.Last)
        {
            _store.Announce();
        }

        if (piece.Rows.Count != piece.Last - revision || (piece.Head > revision && piece.Last == revision))
        {
            throw new InvalidOperationException($"the log has batches without a record, or with a gap, after revision {revision}");
        }

        if (piece.Rows.Find(row => !ChangeCodec.Knows(row.Kind)) is { Kind: var unknown })
        {
            LogOutdated(unknown);
            End("the log has changes of a newer version");
        }

        var changes = piece.Rows.ConvertAll(row => ChangeCodec.Read(
            row.Revision, row.At, row.Actor, Origin.Of(row.RemoteAddress, row.RequestId), row.Kind, row.Subject, row.Payload));
        _store.Stamp = piece.Stamp; // last: memory and stamp move together
        return changes;
    }

    /// <summary>This process is not in touch with the log any more, for good.</summary>
    [DoesNotReturn]
    private void End(string why)
    {
        _over = why;
        _store.Nodes.Contact.End();
        throw new InvalidOperationException(why);
    }

    private void ThrowIfOver()
    {
        if (_over is not null)
        {
            throw new InvalidOperationException(_over);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "The log does not reach back to revision {Revision}, where this node stands: it was away for longer than the log is kept, and "
        + "memory is loaded anew")]
    private partial void LogLeftBehind(long revision);

    [LoggerMessage(Level = LogLevel.Critical, Message =
        "Another node has written a change of kind {Kind}, which this version does not know: this node answers nothing any more. "
        + "Upgrade it")]
    private partial void LogOutdated(string kind);

    [LoggerMessage(Level = LogLevel.Critical, Message =
        "PostgreSQL has lost commits that this process has seen (up to revision {Revision}): nothing is committed here any more, "
        + "and memory is loaded anew")]
    private partial void LogForked(long revision);
}
