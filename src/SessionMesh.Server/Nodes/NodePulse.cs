using System.Diagnostics;
using SessionMesh.Server.Admin;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Push;
using SessionMesh.Server.Store.Postgres;
using SessionMesh.Server.Telemetry;

namespace SessionMesh.Server.Nodes;

/// <summary>
/// Every half second: says that this node lives and what it has heard, takes or keeps the office of the judge, and learns where the log
/// stands, who else lives and what they have heard. A node that cannot do so for <see cref="Contact.Longest"/> ends its streams and answers
/// nothing, until it can again. One that never can says goodbye.
/// </summary>
internal sealed partial class NodePulse(
    PostgresStore store, MeshEngine engine, MeshClock clock, BeatRelay relay, PostgresNodes nodes, Shutdown shutdown, Restart restart,
    MeshMetrics metrics, ILogger<NodePulse> log) : BackgroundService
{
    public static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Beats without a sign of life after which a process that has the name of this node is taken for gone: as long as in mesh_begin, which
    /// looks again.
    /// </summary>
    private const int MostSilentBeats = 6;

    private bool _isFailing;
    private bool _hasLeft;
    private bool _hasLostName;
    private bool _hasSaidSo;
    private (Guid Owner, DateTime Seen)? _holder;
    private int _silentBeats;

    /// <summary>Says that it lives before it listens: then the judge waits for what this node hears.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        engine.BeatNews.IsOn = true;
        await BeatAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <summary>Tells the others what was heard last. The log says goodbye, when all that was queued is written.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await BeatAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The time for the shutdown is used up. To throw would end the process, even where another server is to take this one's place.
        }
    }

    /// <summary>On the clock of this machine: it is a matter between this process and the database.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every);
        using var watch = new Timer(_ => shutdown.Cut(!store.Nodes.Contact.IsKept), null, Every, Every);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await BeatAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    internal async Task BeatAsync(CancellationToken cancellation)
    {
        try
        {
            await BeatOnceAsync(cancellation);
            _isFailing = false;
        }
#pragma warning disable CA1031 // Whatever it meets must not end the process: a node that cannot go on is not ready.
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            if (!_isFailing)
            {
                _isFailing = true;
                LogAway(e);
            }
        }
    }

    private async Task BeatOnceAsync(CancellationToken cancellation)
    {
        if (store.IsLeftBehind)
        {
            restart.Ask();
            return;
        }

        if (store.HasForked)
        {
            await store.Nodes.EndEpochAsync(engine.State.Epoch, cancellation);
            restart.Ask();
            return;
        }

        if (store.Nodes.Contact.IsOver && !restart.IsAsked)
        {
            await (_hasLostName ? LookAtHolderAsync(cancellation) : LeaveAsync(cancellation));
            return;
        }

        var began = Stopwatch.GetTimestamp();
        var known = engine.State.Revision;
        var report = relay.Compose(known, nodes.CountHeard(), metrics.OpenStreams);
        if (await store.Nodes.PulseAsync(report, store.Nodes.Contact.IsKept, cancellation) is not { } answer)
        {
            store.Nodes.Contact.End();
            _hasLostName = true;
            await LookAtHolderAsync(cancellation);
            return;
        }

        relay.Sent();
        clock.Follow(answer.Wall, Stopwatch.GetElapsedTime(began));
        var memory = engine.State.Revision;
        Return(memory);
        store.Nodes.Contact.Heard(began);
        store.Nodes.Contact.Stands(answer.Revision, memory);
        nodes.Head = answer.Revision;
        if (answer.MeshEpoch != engine.State.Epoch)
        {
            LogOtherEpoch(answer.MeshEpoch);
            store.Nodes.Contact.End();
            restart.Ask();
            return;
        }

        // Behind, or ahead of a log that has lost something, or beside it.
        if (answer.Revision > memory || answer.Revision < known
            || (answer.Revision == known && known == memory && answer.Stamp != store.Stamp))
        {
            store.Announce();
            engine.LookForNews();
        }

        var (records, beats, oldest) = await store.Nodes.ReadAsync(relay.Read, relay.Room, cancellation);
        store.OldestRevision = oldest; // another may have trimmed the log
        nodes.Records = records;
        store.Nodes.Agree(records);
        relay.Take(records, beats);
    }

    /// <summary>A node that never answers again holds up nobody: not the judge, and not a new kind of change.</summary>
    private async Task LeaveAsync(CancellationToken cancellation)
    {
        if (!_hasLeft)
        {
            await store.Nodes.LeaveAsync(cancellation);
            _hasLeft = true;
        }
    }

    /// <summary>
    /// The database does not know this process. Where another lives under its name, this one answers nothing. Otherwise it starts anew: a
    /// failover has lost its start, or the other is gone.
    /// </summary>
    private async Task LookAtHolderAsync(CancellationToken cancellation)
    {
        if (restart.IsAsked)
        {
            return;
        }

        var holder = await store.Nodes.HolderAsync(cancellation);
        var isAnother = holder is { } known && known.Owner != store.Nodes.Owner;
        _silentBeats = holder == _holder ? _silentBeats + 1 : 0;
        if (!isAnother || _silentBeats >= MostSilentBeats)
        {
            LogUnknown(store.Nodes.Id);
            restart.Ask();
        }
        else if (_holder is not null && holder != _holder && !_hasSaidSo)
        {
            _hasSaidSo = true;
            LogReplaced(store.Nodes.Id);
        }

        _holder = holder;
    }

    /// <summary>
    /// After a time in which this node answered nobody, and perhaps no other did, nobody is given up for not being heard: every lease
    /// begins anew, before anything is judged.
    /// </summary>
    private void Return(long memory)
    {
        if (store.Nodes.Contact.EndingAbsence(memory) is { } away)
        {
            LogBack(away.TotalSeconds);
            var now = engine.Now;
            engine.State.Leases.ServerReturned(now, (long)away.TotalMilliseconds);
            engine.State.Claims.ServerReturned(now);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "In touch with PostgreSQL and level with its log again after {Seconds:0} s; every lease starts over")]
    private partial void LogBack(double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "PostgreSQL does not answer; this node tries again every half second")]
    private partial void LogAway(Exception e);

    [LoggerMessage(Level = LogLevel.Critical, Message =
        "Another process has taken the node id {Node}: this one answers nothing any more. Give each node its own with --node-id")]
    private partial void LogReplaced(string node);

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "PostgreSQL does not know this process as the node {Node}, and no other lives under that name: it starts anew")]
    private partial void LogUnknown(string node);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The mesh is in epoch {Epoch}: memory is loaded anew")]
    private partial void LogOtherEpoch(long epoch);
}
