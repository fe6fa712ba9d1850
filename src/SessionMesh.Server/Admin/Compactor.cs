using Microsoft.Data.Sqlite;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Sessions;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store.Sqlite;
using SessionMesh.Storage;

namespace SessionMesh.Server.Admin;

/// <summary>How a pass stands, or how the last one ended. Times are wall milliseconds.</summary>
/// <param name="EndedAt">0 while it runs.</param>
/// <param name="Forgotten">Agents.</param>
public sealed record CompactionState(long StartedAt, long EndedAt, Trimmed Removed, bool Failed, long Forgotten = 0);

/// <summary>
/// Removes what is older than <see cref="Retention"/> says: a pass every <see cref="Every"/>, or when somebody asks, in small steps on
/// the engine's thread between batches of commands. One pass at a time. Thread-safe.
/// </summary>
public sealed partial class Compactor : IHostedService, IDisposable
{
    /// <summary>From one pass to the next.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromMinutes(10);

    /// <summary>Agents forgotten in one step: each ends its keys and directives, and leaves its children.</summary>
    private const int ForgetSize = 64;

    private readonly MeshEngine _engine;
    private readonly MeshStore _store;
    private readonly Retention _retention;
    private readonly ILogger<Compactor> _log;
    private readonly CancellationTokenSource _over = new();
    private readonly Lock _gate = new();
    private ITimer? _timer;
    private Task<CompactionState>? _pass;
    private CompactionState? _state;

    public Compactor(MeshEngine engine, MeshStore store, ServerOptions options, ILogger<Compactor> log) =>
        (_engine, _store, _retention, _log) = (engine, store, options.Retention, log);

    /// <summary>The pass that runs, or else the last one; null before the first.</summary>
    public CompactionState? State => Volatile.Read(ref _state);

    /// <summary>The pass that runs now, or the last one; completed when there was none yet.</summary>
    internal Task Pass => Volatile.Read(ref _pass) ?? Task.CompletedTask;

    /// <summary>Runs a pass to its end, or waits for the one that runs already.</summary>
    /// <exception cref="SqliteException">The store refused; what was removed before is gone, and the next pass goes on.</exception>
    /// <exception cref="OperationCanceledException">The server ends.</exception>
    public Task<CompactionState> RunAsync()
    {
        lock (_gate)
        {
            return _pass is { IsCompleted: false } running ? running : _pass = PassAsync();
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = _engine.Time.CreateTimer(timer => _ = RunInBackgroundAsync(), null, Every, Every);
        return Task.CompletedTask;
    }

    /// <summary>Ends the pass that runs, after the step it is at.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _timer?.Dispose();
        _over.Cancel();
    }

    private async Task RunInBackgroundAsync()
    {
        try
        {
            await RunAsync();
        }
        catch (OperationCanceledException)
        {
            // The server ends; the next one goes on.
        }
#pragma warning disable CA1031 // Nobody waits for this: what went wrong is in the log.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogFailed(e);
        }
    }

    private async Task<CompactionState> PassAsync()
    {
        var began = _engine.Now.Wall;
        var pass = new TrimPass(
            new TrimLimits(Before(_retention.Log), Before(_retention.Directives), Before(_retention.Keys)),
            agent => agent < _engine.State.Slots.Count ? _engine.State.Slots[agent]?.Inbox.LastRevision ?? 0 : 0);
        Volatile.Write(ref _state, new(began, 0, default, Failed: false));
        var forgotten = 0L;
        try
        {
            if (Before(_retention.Agents) is { } gone)
            {
                forgotten = await ForgetAsync(gone); // first: then what was theirs alone may go, too
            }

            while (await _engine.UpkeepAsync(() => Step(pass, _store.Connection)))
            {
                Volatile.Write(ref _state, new(began, 0, pass.Removed, Failed: false, forgotten));
                _over.Token.ThrowIfCancellationRequested();
            }

            while (Before(_retention.Sessions) is { } before && await RemoveSessionsAsync(before))
            {
                _over.Token.ThrowIfCancellationRequested();
            }
        }
        catch
        {
            Volatile.Write(ref _state, new(began, _engine.Now.Wall, pass.Removed, Failed: true, forgotten));
            throw;
        }

        var ended = new CompactionState(began, _engine.Now.Wall, pass.Removed, Failed: false, forgotten);
        Volatile.Write(ref _state, ended);
        return ended;

        long? Before(TimeSpan? kept) => kept is { } time ? began - (long)time.TotalMilliseconds : null;
    }

    /// <summary>
    /// Forgets agents that are dead or lost since before that time. The search goes over memory on this thread; the engine is handed a
    /// few at a time, and looks again at each.
    /// </summary>
    private async Task<long> ForgetAsync(long before)
    {
        var forgotten = 0L;
        foreach (var ids in GoneBefore(before).Chunk(ForgetSize))
        {
            var outcome = await _engine.ExecuteAsync(new ForgetGone { Actor = Actors.Mesh, AgentIds = ids, Before = before }, Origin.Mesh);
            forgotten += outcome.Succeeded ? outcome.Value : 0; // refused as one too many: the next pass finds them again
            _over.Token.ThrowIfCancellationRequested();
        }

        return forgotten;
    }

    private IEnumerable<string> GoneBefore(long before)
    {
        var state = _engine.State;
        for (var number = 0; number < state.Slots.Count; number++)
        {
            if (state.AgentAt(number) is { IsGone: true } agent && agent.GoneAt < before)
            {
                yield return agent.Id;
            }
        }
    }

    /// <summary>
    /// Sessions that expired are still state: they can be refreshed. So their going is a change like any other, in the log.
    /// </summary>
    private async Task<bool> RemoveSessionsAsync(long before)
    {
        var cleanup = new CleanupSessions
        {
            Actor = Actors.Mesh,
            Before = before * 1000,
            Limit = TrimPass.StepRows,
            Reason = "its time of retention was over",
        };
        var cleaned = await _engine.ExecuteAsync(cleanup, Origin.Mesh);
        return cleaned.Succeeded && cleaned.Value.More;
    }

    private bool Step(TrimPass pass, SqliteConnection db)
    {
        var more = pass.Step(db);
        _store.OldestRevision = pass.OldestRevision;
        return more;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A pass of compaction could not be finished; the next one goes on")]
    private partial void LogFailed(Exception e);
}
