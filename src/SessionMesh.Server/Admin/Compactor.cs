using Microsoft.Data.Sqlite;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Sessions;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store;
using SessionMesh.Storage;

namespace SessionMesh.Server.Admin;

/// <summary>The progress of a pass, or the result of the last one. Times are wall milliseconds.</summary>
/// <param name="EndedAt">0 while it runs.</param>
/// <param name="Forgotten">Number of agents.</param>
public sealed record CompactionState(long StartedAt, long EndedAt, Trimmed Removed, bool Failed, long Forgotten = 0);

/// <summary>
/// Removes what is older than <see cref="Retention"/> allows: a pass every <see cref="Every"/> or on request, in small steps on the
/// engine's thread between batches of commands. One pass at a time. Thread-safe.
/// </summary>
public sealed partial class Compactor : IHostedService, IDisposable
{
    /// <summary>Time between passes.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromMinutes(10);

    /// <summary>Agents forgotten in one command: each also ends its keys and directives, and orphans its children.</summary>
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

    /// <summary>The pass that is running, or else the last one; null before the first.</summary>
    public CompactionState? State => Volatile.Read(ref _state);

    /// <summary>The pass that is running, or the last one; completed if there was none.</summary>
    internal Task Pass => Volatile.Read(ref _pass) ?? Task.CompletedTask;

    /// <summary>Runs a pass to its end, or waits for the one that is running.</summary>
    /// <exception cref="SqliteException">The store refused. What was removed so far is gone, and the next pass continues.</exception>
    /// <exception cref="OperationCanceledException">The server is stopping.</exception>
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

    /// <summary>Ends the running pass after its current step.</summary>
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
        if (!_engine.IsJudge)
        {
            return; // another node does it
        }

        try
        {
            await RunAsync();
        }
        catch (OperationCanceledException)
        {
            // The server is stopping; the next start continues.
        }
#pragma warning disable CA1031 // Nobody waits for this: the error goes to the log.
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
                forgotten = await ForgetAsync(gone); // first, so that the steps below can remove their rows
            }

            while (await _store.TrimAsync(pass, _engine.UpkeepAsync))
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
    /// Forgets agents that have been dead or lost since before that time. Searches memory on this thread, and hands the engine a few agents
    /// at a time, which it checks again.
    /// </summary>
    private async Task<long> ForgetAsync(long before)
    {
        var forgotten = 0L;
        foreach (var ids in GoneBefore(before).Chunk(ForgetSize))
        {
            var outcome = await _engine.ExecuteAsync(new ForgetGone { Actor = Actors.Mesh, AgentIds = ids, Before = before }, Origin.Mesh);
            forgotten += outcome.Succeeded ? outcome.Value : 0; // if refused as busy, the next pass finds them again
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
    /// Removes expired sessions. They are still state, because they can be refreshed, so removing them is a change in the log like any
    /// other.
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "A compaction pass failed; the next one continues")]
    private partial void LogFailed(Exception e);
}
