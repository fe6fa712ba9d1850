using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;
using SessionMesh.Server.Push;
using SessionMesh.Server.Store;
using SessionMesh.Server.Store.Sqlite;
using SessionMesh.Server.Telemetry;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace SessionMesh.Server.Engine;

/// <summary>
/// The only writer. On its own thread it takes the queued commands and runs them in turns of the log: begin (catch up with what other nodes
/// wrote), decide each command, commit the batch in one transaction, and only then apply it to memory, publish it and answer the callers.
/// No caller hears of success before the batch is on the disk.
/// </summary>
/// <remarks>
/// A commit has one of five outcomes. <i>Committed</i>: the batch is applied and answered. <i>Failed</i>: all of it is refused, and memory
/// is unchanged. <i>Refused</i>, or an exception: one command is at fault, so the batch is halved until that command is alone, and the
/// others are committed. <i>Behind</i>: what others wrote is applied and published like our own, and the batch is decided again.
/// <i>Unknown</i>: the store finds out before anyone is answered; if it cannot, the callers are told so.
/// </remarks>
public sealed partial class MeshEngine : IHostedService, IDisposable
{
    /// <summary>Maximum number of commands in a batch: limits how long the first waits for the last.</summary>
    public const int MaxBatch = 1024;

    /// <summary>
    /// A batch with this many changes takes no more commands: at two rows each, the store works on it for a 20th of a second
    /// (docs/performance.md). A single command may emit more.
    /// </summary>
    public const int MaxChanges = 4096;

    /// <summary>
    /// A batch with this many bytes (<see cref="Change.Weight"/>) takes no more commands: a 20th of a second of a modest disk.
    /// </summary>
    public const long MaxBytes = 8 << 20;

    /// <summary>
    /// Maximum number of commands in the queue; beyond it callers get 503. At 36,000 a second (eng/bench.sh, item c) this
    /// is half a second of work.
    /// </summary>
    public const int QueueCapacity = 20_000;

    /// <summary>Maximum number of bytes in the queue, by <see cref="Command{T}.Weight"/>.</summary>
    public const long QueueBytes = 64 << 20;

    private readonly WorkQueue _queue = new(QueueCapacity, QueueBytes);
    private readonly IMeshLog _store;
    private readonly Publisher _publisher;
    private readonly MeshClock _clock;
    private readonly MeshMetrics _metrics;
    private readonly ILogger<MeshEngine> _log;
    private readonly Thread _thread;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private int _disposed;

    /// <summary>The batch being decided. Used by the engine's thread alone.</summary>
    private MeshDraft? _deciding;

    /// <param name="store">Owned by the engine, which disposes of it.</param>
    public MeshEngine(IMeshLog store, MeshState state, MeshClock clock, Publisher publisher, MeshMetrics metrics, ILogger<MeshEngine> log)
    {
        (_store, State, _clock, _publisher, _metrics, _log) = (store, state, clock, publisher, metrics, log);
        _thread = new Thread(Run) { Name = "mesh-engine", IsBackground = true };
    }

    /// <summary>The current state. Reading it does not go through the queue.</summary>
    public MeshState State { get; }

    public Moment Now => _clock.Now();

    public TimeProvider Time => _clock.Time;

    /// <summary>When service keys were last used.</summary>
    public KeyUses KeyUses { get; } = new();

    /// <summary>Agents that other nodes are to be told of.</summary>
    public BeatNews BeatNews { get; } = new();

    /// <summary>Commands in the queue.</summary>
    public int Queued => _queue.Count;

    /// <summary>Whether all that was queued before is decided, durable and published.</summary>
    internal bool IsIdle => _queue.IsIdle;

    private bool IsStarted => !_thread.ThreadState.HasFlag(ThreadState.Unstarted);

    /// <summary>
    /// The id of an agent's parent; null for none. While an answer is rendered inside a batch (under an <c>Idempotency-Key</c>), the parent
    /// that the batch gives it, which is not in memory yet.
    /// </summary>
    public string? ParentIdOf(Agent agent) =>
        agent.Parent >= 0 && Thread.CurrentThread == _thread && _deciding is { } draft
            ? draft.FindAt(agent.Parent)?.Id
            : State.ParentId(agent);

    /// <summary>Executes a command; completes once it is durable or refused. A caller that stops waiting does not cancel it.</summary>
    /// <param name="origin">Where the command came from; the log keeps it.</param>
    public async Task<Outcome<T>> ExecuteAsync<T>(Command<T> command, Origin origin) =>
        (await ExecuteAsync(command, origin, null, null)).Outcome;

    /// <summary>
    /// Executes a command under an <c>Idempotency-Key</c>. <paramref name="render"/> makes the answer that is kept as a receipt in the same
    /// transaction as the changes, even if there are none; if it returns null, no receipt is kept, and neither is one of a dry run. It must
    /// be pure and quick: it runs on the engine's thread.
    /// </summary>
    public Task<Executed<T>> ExecuteAsync<T>(Command<T> command, Origin origin, IdempotencyToken? token, Func<T, Answer?>? render)
    {
        var item = new WorkItem<T>(command, origin, token, render, _metrics);
        if (!_queue.TryAdd(item))
        {
            item.Fail(Refusals.Busy());
            item.Complete();
        }

        return item.Done;
    }

    /// <summary>Decides a command that changes nothing, against the current state, on the caller's thread.</summary>
    /// <exception cref="InvalidOperationException">The command changes something.</exception>
    public Outcome<T> Look<T>(Command<T> command)
    {
        var draft = new MeshDraft(State, Now) { Level = _store.Level };
        if (!draft.ActFor(command.Actor) && command.NeedsValidKey)
        {
            return KeyRules.Unauthenticated();
        }

        var outcome = command.Decide(draft);
        return draft.Changes.Count == 0 ? outcome : throw new InvalidOperationException($"{command.GetType().Name} must change nothing");
    }

    /// <summary>
    /// Queues a command of the mesh itself, which nobody waits for. It is dropped if the queue is full, so post only what will be found due
    /// again.
    /// </summary>
    public void Post<T>(Command<T> command) => _ = ExecuteAsync(command, Origin.Mesh, null, null);

    /// <summary>
    /// Runs a small piece of upkeep on the engine's thread, between two batches and after the queued commands; see
    /// <see cref="UpkeepItem"/>. Cancelled if the engine ends first.
    /// </summary>
    internal Task<T> UpkeepAsync<T>(Func<T> work) => AddUpkeep(new UpkeepItem<T>(work));

    /// <summary>
    /// Reads the state as it is at one revision, at the same place as <see cref="UpkeepAsync"/>, a full disk or not. All commands wait for
    /// it: keep it quick.
    /// </summary>
    internal Task<T> ReadAsync<T>(Func<MeshState, T> read) => AddUpkeep(new UpkeepItem<T>(() => read(State), writes: false));

    /// <summary>Starts the thread; call it once. Commands queued earlier wait for it.</summary>
    public void Start() => _thread.Start();

    Task IHostedService.StartAsync(CancellationToken cancellationToken)
    {
        Start();
        return Task.CompletedTask;
    }

    /// <summary>Finishes the queued commands, but not the upkeep, however long it takes. New commands are refused.</summary>
    Task IHostedService.StopAsync(CancellationToken cancellationToken)
    {
        _queue.Close();
        return IsStarted ? _ended.Task : Task.CompletedTask;
    }

    /// <summary>
    /// Finishes the queued commands, but not the upkeep, and stops the thread; an engine that was never started refuses them. May be called
    /// twice, and is: the container holds the engine as itself and as a hosted service.
    /// </summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        _queue.Close();
        if (IsStarted)
        {
            _thread.Join();
        }

        _queue.Dispose();
        _store.Dispose();
    }

    private Task<T> AddUpkeep<T>(UpkeepItem<T> item)
    {
        _queue.Add(item);
        return item.Done;
    }

    private void Run()
    {
        var batch = new List<WorkItem>(MaxBatch);
        while (_queue.Take(batch, MaxBatch))
        {
            if (batch.Count == 0)
            {
                TakeNews();
            }

            RunAll(batch);
            batch.Clear();
            _queue.TakeUpkeep()?.Run(_store.OnReserve);
        }

        _ended.SetResult();
    }

    /// <summary>
    /// Runs turns until every command is answered: one, unless the batch is too large for a turn or a commit does not succeed.
    /// </summary>
    private void RunAll(List<WorkItem> batch)
    {
        _asked = null;
        while (batch.Count > 0)
        {
            batch.RemoveRange(0, batch.Exists(item => item.IsTraced) ? RunTracedTurn(batch) : RunTurn(batch));
        }
    }

    private int RunTracedTurn(List<WorkItem> batch)
    {
        var span = MeshTraces.BeginBatch();
        span?.SetTag("commands", batch.Count);
        if (span is not null)
        {
            batch.ForEach(item => item.Join(span.Context));
        }

        try
        {
            return RunTurn(batch);
        }
        finally
        {
            if (span is not null)
            {
                MeshTraces.End(span);
            }
        }
    }

    /// <summary>Runs one turn of the log. Returns how many commands, from the first, are answered; 0 to try again.</summary>
    private int RunTurn(List<WorkItem> batch)
    {
        try
        {
            Follow(_lostRaces >= PatienceInRaces ? _store.Queue(State.Revision) : _store.Begin(State.Revision));
        }
#pragma warning disable CA1031 // Whatever a store throws must not take the engine down: nothing has begun.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogCommitFailed(batch.Count, e);
            return Fail(batch, batch.Count, Refusals.CommitFailed());
        }

        if (_store.OnReserve)
        {
            KeepVital(batch);
        }

        var began = Stopwatch.GetTimestamp();
        var (draft, decided) = Decide(batch);
        if (decided == 0)
        {
            return 0;
        }

        _metrics.Decided(decided, began);
        var result = draft.Changes.Count == 0 ? Confirm(draft) : Commit(draft);
        began = Stopwatch.GetTimestamp();
        switch (result.Outcome)
        {
            case CommitOutcome.Committed:
                _lostRaces = 0;
                Finish(draft);
                BeatNews.Add(draft, Now);
                Callers.Answer(batch, decided);
                _metrics.Published(began);
                return decided;
            case CommitOutcome.Behind:
                if (draft.Changes.Count > 0)
                {
                    LoseRace();
                }

                Follow(result.Missed!);
                return 0;
            case CommitOutcome.Failed when result.IsFull && !_store.OnReserve && batch.Exists(item => item.IsVital(State))
                && _store.TryDrawReserve():
                return 0;
            case CommitOutcome.Failed when result.IsFull && _store.OnReserve && decided > 1:
            case CommitOutcome.Refused when decided > 1:
                RunAll(batch.GetRange(0, decided / 2));
                RunAll(batch.GetRange(decided / 2, decided - (decided / 2)));
                return decided;
            case CommitOutcome.Refused:
                LogRowRefused(result.Failure!);
                return Fail(batch, decided, result.Failure is StoreException ? Refusals.NotStorable() : Refusals.Internal());
            case CommitOutcome.Unknown:
                LogOutcomeUnknown(decided);
                return Fail(batch, decided, Refusals.OutcomeUnknown());
            default:
                LogCommitFailed(decided, result.Failure!);
                return Fail(batch, decided, Refusals.Of(result, _store.OnReserve));
        }
    }

    /// <summary>
    /// Decides commands in order until the batch fills a turn. A command that throws (a bug) fails alone: if it had emitted changes, the
    /// draft is dropped and the others are decided again without it.
    /// </summary>
    private (MeshDraft Draft, int Decided) Decide(List<WorkItem> batch)
    {
        while (true)
        {
            var draft = _deciding = new MeshDraft(State, _clock.Now())
            {
                Sparing = _store.OnReserve, IsJudging = _store.IsJudge, Level = _store.Level,
            };
            if (TryDecide(batch, draft, out var decided))
            {
                return (draft, decided);
            }
        }
    }

    private bool TryDecide(List<WorkItem> batch, MeshDraft draft, out int decided)
    {
        for (decided = 0; decided < batch.Count && draft.Changes.Count < MaxChanges && draft.Weight < MaxBytes;)
        {
            var before = draft.Revision;
            try
            {
                batch[decided].Decide(draft);
                decided++;
            }
#pragma warning disable CA1031 // Whatever a command throws must not take the engine down.
            catch (Exception e)
#pragma warning restore CA1031
            {
                LogCommandFailed(e);
                Fail(batch.GetRange(decided, 1), 1, Refusals.Internal());
                batch.RemoveAt(decided);
                if (draft.Revision != before)
                {
                    return false;
                }
            }
        }

        return true;
    }

    private CommitResult Commit(MeshDraft draft)
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            var result = _store.Commit(draft);
            return result.Outcome == CommitOutcome.Unknown ? Resolve(draft) : result;
        }
#pragma warning disable CA1031 // A row that cannot even be written out is treated like one that the store refuses.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return new CommitResult(CommitOutcome.Refused, e);
        }
        finally
        {
            _metrics.Committed(began);
        }
    }

    private CommitResult Resolve(MeshDraft draft)
    {
        try
        {
            return _store.Resolve(draft);
        }
#pragma warning disable CA1031 // Whatever a store throws is no answer to what became of it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogCommitFailed(draft.Changes.Count, e);
            return CommitResult.Unknown;
        }
    }

    /// <summary>
    /// Applies a durable batch to memory and tells the subscribers. If memory cannot take it, it no longer matches the disk, and the
    /// process must not go on.
    /// </summary>
    private void Finish(MeshDraft draft)
    {
        try
        {
            draft.Commit();
        }
        catch (Exception e)
        {
            Environment.FailFast("what was committed could not be applied; a restart reads it from the store", e);
            throw;
        }

        try
        {
            _publisher.Publish(draft);
        }
#pragma warning disable CA1031 // A subscriber that was not woken looks again by itself, and the answers to the callers are true anyway.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogPublishFailed(e);
        }
    }

    /// <summary>
    /// Refuses commands that may not use the reserve, without trying them: a failed attempt could use up what a kill needs.
    /// </summary>
    private void KeepVital(List<WorkItem> batch)
    {
        var others = batch.FindAll(item => !item.IsVital(State));
        Fail(others, others.Count, Refusals.DiskFullForAllButVital());
        batch.RemoveAll(item => !item.IsVital(State));
    }

    private static int Fail(List<WorkItem> batch, int count, MeshError error)
    {
        for (var i = 0; i < count; i++)
        {
            batch[i].Fail(error);
        }

        Callers.Answer(batch, count);
        return count;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A batch of {Count} commands could not be committed; nothing of it is stored")]
    private partial void LogCommitFailed(int count, Exception e);

    [LoggerMessage(Level = LogLevel.Error, Message =
        "The outcome of a batch of {Count} commands is not known yet; the callers were told so")]
    private partial void LogOutcomeUnknown(int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "The store refused a row of a command; only that command failed")]
    private partial void LogRowRefused(Exception e);

    [LoggerMessage(Level = LogLevel.Error, Message = "A command threw while it was being decided")]
    private partial void LogCommandFailed(Exception e);

    [LoggerMessage(Level = LogLevel.Error, Message = "Subscribers could not be notified of a batch")]
    private partial void LogPublishFailed(Exception e);
}
