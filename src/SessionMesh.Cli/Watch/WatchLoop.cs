using System.Runtime.InteropServices;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Events;
using SessionMesh.Client;
using SessionMesh.Client.Streams;

namespace SessionMesh.Cli.Watch;

/// <summary>
/// Shows rows until interrupted. The log says when to look: the stream of events stands before the first look, so that nothing is missed.
/// What the log does not tell (load, what was heard last) is looked at on a slow tick. A look follows the one before at a distance, so that
/// neither a busy log nor a large list makes this a burden. A server that goes away is waited for.
/// </summary>
internal sealed class WatchLoop
{
    /// <summary>The least time between two looks; and four times as long as a look takes.</summary>
    private static readonly TimeSpan s_least = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_tick = TimeSpan.FromSeconds(2);

    private readonly CommandContext _context;
    private readonly IWatched _watched;
    private readonly IWatchOutput _output;
    private readonly EventStream _stream;
    private TaskCompletionSource _changed = NewSignal();
    private bool _isAway;
    private volatile bool _isDisconnected;
    private volatile bool _isConnected;

    private WatchLoop(CommandContext context, IWatched watched)
    {
        (_context, _watched) = (context, watched);
        _output = context.Output.IsTable ? new WatchScreen(context, watched) : new WatchChanges(context.Output, watched);
        var options = StreamEnds.Options(context, after: null) with { Connected = Connected, Disconnected = Disconnected };
        _stream = new EventStream(context.Client, options, watched.Events) { Resynced = _ => Changed() };
    }

    /// <summary>Ends with an exception: the interruption, or why the server would not go on.</summary>
    public static async Task<int> RunAsync(CommandContext context, IWatched watched, CancellationToken cancellation)
    {
        var loop = new WatchLoop(context, watched);
        using var resized = context.Host.TakesSignals && !OperatingSystem.IsWindows()
            ? PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => loop.Changed())
            : null;
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var pump = loop.PumpAsync(reading.Token);
        try
        {
            return await loop.LookAsync(pump, cancellation);
        }
        finally
        {
            loop._output.End();
            await reading.CancelAsync();
            await ((Task)pump).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<int> LookAsync(Task pump, CancellationToken cancellation)
    {
        await Task.WhenAny(_changed.Task, pump); // the stream stands, or will never
        while (true)
        {
            if (pump.IsCompleted)
            {
                await pump;
                cancellation.ThrowIfCancellationRequested();
                throw StreamEnds.ToException(_stream.End, _context);
            }

            if (_isDisconnected)
            {
                _isDisconnected = false;
                SayAway();
            }

            Volatile.Write(ref _changed, NewSignal());
            var began = _context.Host.Time.GetTimestamp();
            var rows = await ReadAsync(cancellation);
            if (rows is not null)
            {
                _output.Show(rows);
            }

            var rest = rows is null ? s_tick : _context.Host.Time.GetElapsedTime(began) * 4;
            await Task.Delay(rest > s_least ? rest : s_least, _context.Host.Time, cancellation);
            using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            await Task.WhenAny(Volatile.Read(ref _changed).Task, pump, Task.Delay(s_tick, _context.Host.Time, waiting.Token));
            await waiting.CancelAsync();
            cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Null while the server is away.</summary>
    private async Task<IReadOnlyList<JsonElement>?> ReadAsync(CancellationToken cancellation)
    {
        try
        {
            var rows = await _watched.ReadAsync(cancellation);
            _isAway &= !_isConnected; // one that is about to go may still answer
            return rows;
        }
        catch (MeshException e) when (e.Failure is MeshFailure.Unreachable || e.Status is 429 or >= 500)
        {
            SayAway();
            return null;
        }
    }

    private async Task PumpAsync(CancellationToken cancellation)
    {
        await foreach (var _ in _stream.ReadJsonAsync(cancellation))
        {
            Changed();
        }
    }

    private void Changed() => Volatile.Read(ref _changed).TrySetResult();

    private void Connected()
    {
        _isConnected = true;
        Changed();
    }

    /// <summary>Called by the reader of the stream, which must not write to the terminal while the screen is drawn.</summary>
    private void Disconnected()
    {
        (_isConnected, _isDisconnected) = (false, true);
        Changed();
    }

    private void SayAway()
    {
        if (!_isAway)
        {
            _isAway = true;
            _context.Note("the server has gone; reconnecting");
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
