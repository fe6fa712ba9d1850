using Microsoft.Data.Sqlite;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.Log;
using SessionMesh.Core.State;
using SessionMesh.Server.Push;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Engine;

/// <summary>
/// The only writer. On a thread of its own it takes what has queued, decides each command, commits the batch in one
/// transaction, and only then applies it to memory, publishes it and answers the callers: no caller hears of success
/// before the disk has it. A failed commit fails its whole batch and leaves memory as it was; a failed fsync ends the
/// process, since nobody knows then what the disk holds.
/// </summary>
public sealed partial class MeshEngine : IDisposable
{
    /// <summary>Commands in one batch at most: bounds the wait of the first one behind the last.</summary>
    public const int MaxBatch = 1024;

    /// <summary>Commands that may wait. Past it callers get 503: at 36,000 a second (eng/bench.sh, item c) this is half a second of work.</summary>
    public const int QueueCapacity = 20_000;

    private readonly WorkQueue _queue = new(QueueCapacity);
    private readonly LogWriter _writer;
    private readonly MeshStore _store;
    private readonly Publisher _publisher;
    private readonly MeshClock _clock;
    private readonly ILogger<MeshEngine> _log;
    private readonly Thread _thread;

    /// <summary>The batch that is being decided; the engine's thread alone.</summary>
    private MeshDraft? _deciding;

    public MeshEngine(MeshStore store, MeshState state, MeshClock clock, Publisher publisher, ILogger<MeshEngine> log)
    {
        (_store, State, _clock, _publisher, _log) = (store, state, clock, publisher, log);
        _writer = new LogWriter(store);
        _thread = new Thread(Run) { Name = "mesh-engine", IsBackground = true };
        _thread.Start();
    }

    /// <summary>What is true now. Reading it needs no turn in the queue.</summary>
    public MeshState State { get; }

    public Moment Now => _clock.Now();

    public TimeProvider Time => _clock.Time;

    /// <summary>
    /// The id of an agent's parent; null for none. While an answer is rendered inside a batch (under an <c>Idempotency-Key</c>) as that batch
    /// has it, and memory does not yet.
    /// </summary>
    public string? ParentIdOf(Agent agent) =>
        agent.Parent >= 0 && Thread.CurrentThread == _thread && _deciding is { } draft ? draft.FindAt(agent.Parent)?.Id : State.ParentId(agent);

    /// <summary>Executes a command; completes once it is durable, or refused. The caller's impatience never cancels it.</summary>
    /// <param name="origin">Where it came from; the log keeps it. Whoever executes has to say.</param>
    public async Task<Outcome<T>> ExecuteAsync<T>(Command<T> command, Origin origin) => (await ExecuteAsync(command, origin, null, null)).Outcome;

    /// <summary>
    /// The same under an <c>Idempotency-Key</c>: <paramref name="render"/> makes the answer that is kept with the changes, in
    /// the same transaction; null keeps none, so that the call is decided anew each time. It must be pure and quick: it runs on the
    /// engine's thread.
    /// </summary>
    public Task<Executed<T>> ExecuteAsync<T>(Command<T> command, Origin origin, IdempotencyToken? token, Func<T, Answer?>? render)
    {
        var item = new WorkItem<T>(command, origin, token, render);
        return _queue.TryAdd(item) ? item.Done : Task.FromResult(new Executed<T>(WorkItem<T>.Busy()));
    }

    /// <summary>Queues a command of the mesh itself, which nobody waits for. Full, it is dropped: use it only for what will be found due again.</summary>
    public void Post<T>(Command<T> command) => _queue.TryAdd(new WorkItem<T>(command, Origin.Mesh, null, null));

    /// <summary>
    /// Runs a small piece of upkeep on the writer's connection, between two batches and behind what waits; see <see cref="UpkeepItem"/>.
    /// Cancelled when the engine ends first.
    /// </summary>
    internal Task<T> UpkeepAsync<T>(Func<SqliteConnection, T> work)
    {
        var item = new UpkeepItem<T>(work);
        _queue.Add(item);
        return item.Done;
    }

    /// <summary>Finishes what is queued, upkeep aside, and stops the thread.</summary>
    public void Dispose()
    {
        _queue.Close();
        _thread.Join();
        _writer.Dispose();
        _queue.Dispose();
    }

    private void Run()
    {
        var batch = new List<WorkItem>(MaxBatch);
        while (_queue.Take(batch, MaxBatch))
        {
            RunBatch(batch);
            batch.Clear();
            _queue.TakeUpkeep()?.Run(_store.Connection);
        }
    }

    private void RunBatch(List<WorkItem> batch)
    {
        if (Decide(batch) is not { } draft)
        {
            return;
        }

        try
        {
            if (draft.Changes.Count > 0)
            {
                _writer.Write(draft);
            }
        }
        catch (StoreException e) when (e.IsFsync)
        {
            Environment.FailFast("fsync failed: what the disk holds is unknown, and retrying is unsafe", e);
        }
        catch (StoreException e)
        {
            LogCommitFailed(batch.Count, e);
            var error = e.IsFull
                ? new MeshError(507, ErrorCodes.DiskFull, "The server's disk is full. Nothing was changed; reading goes on. Free some room and try again.")
                : new MeshError(503, ErrorCodes.CommitFailed, "The server could not write this to its store. Nothing was changed; try again.") { RetryAfter = 1 };
            batch.ForEach(item => item.Fail(error));
            return;
        }

        draft.Commit();
        _publisher.Publish(draft);
        foreach (var item in batch)
        {
            item.Complete();
        }
    }

    /// <summary>
    /// Decides the batch. A command whose decision throws (a bug) fails alone: if it had emitted changes already, the draft
    /// is dropped and the others are decided again without it.
    /// </summary>
    private MeshDraft? Decide(List<WorkItem> batch)
    {
        while (batch.Count > 0)
        {
            var draft = _deciding = new MeshDraft(State, _clock.Now());
            if (TryDecide(batch, draft))
            {
                return draft;
            }
        }

        return null;
    }

    private bool TryDecide(List<WorkItem> batch, MeshDraft draft)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            var before = draft.Revision;
            try
            {
                batch[i].Decide(draft);
            }
#pragma warning disable CA1031 // Whatever a command throws must not take the engine down.
            catch (Exception e)
#pragma warning restore CA1031
            {
                LogCommandFailed(e);
                batch[i].Fail(new MeshError(500, ErrorCodes.Internal, "The server failed on this command and changed nothing. Its log has the request id."));
                batch.RemoveAt(i);
                if (draft.Revision != before)
                {
                    return false;
                }

                i--;
            }
        }

        return true;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A batch of {Count} commands could not be committed; nothing of it is there")]
    private partial void LogCommitFailed(int count, Exception e);

    [LoggerMessage(Level = LogLevel.Error, Message = "A command failed while it was decided")]
    private partial void LogCommandFailed(Exception e);
}
