using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Claims;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Sessions;
using SessionMesh.Core.State;

namespace SessionMesh.Server.Engine;

/// <summary>
/// Looks once a second for what is due: leases, grace periods, directives, claims, sessions, keys. It only finds them; the engine checks
/// again and decides. A late tick means that the server itself was suspended or starved: then every lease starts over instead, see
/// <see cref="StallWatch"/>.
/// </summary>
public sealed partial class LeaseKeeper : IHostedService, IDisposable
{
    private const int SweepSize = 256;
    private const int TidyEverySeconds = 60;

    /// <summary>Sessions in one command: a few milliseconds on the writer, during which others wait.</summary>
    internal const int SessionsAtOnce = 512;

    /// <summary>Milliseconds that the log's clock may gain on the lease clock between two ticks before it counts as set forward.</summary>
    private const long Jump = 500;

    private readonly MeshEngine _engine;
    private readonly MeshClock _clock;
    private readonly ILogger<LeaseKeeper> _log;
    private readonly Lock _gate = new();
    private StallWatch? _stalls;
    private ITimer? _timer;
    private Moment _last;
    private bool _farAhead;
    private long _ticks;
    private Task _expiring = Task.CompletedTask;

    public LeaseKeeper(MeshEngine engine, MeshClock clock, ILogger<LeaseKeeper> log) => (_engine, _clock, _log) = (engine, clock, log);

    /// <summary>Whether a mass expiry is being slowed down right now.</summary>
    public bool IsSlowed { get; private set; }

    /// <summary>Completed when no session that was found due waits for its turn any more.</summary>
    internal Task Expiring => _expiring;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _stalls = new StallWatch(_clock);
        _last = _clock.Now();
        _timer = _clock.Time.CreateTimer(_ => Tick(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _timer?.Dispose();

    /// <summary>Looks for what is due. The timer does it once a second; somebody who moved the clock does not wait for that.</summary>
    internal void Tick()
    {
        // If a tick overruns, the next one is skipped.
        if (!_gate.TryEnter())
        {
            return;
        }

        try
        {
            Look(_engine.Now, _stalls!);
        }
        finally
        {
            _gate.Exit();
        }
    }

    private void Look(Moment now, StallWatch stalls)
    {
        LookAtClocks(now);
        var leases = _engine.State.Leases;
        if (stalls.Look(now) is { } absence)
        {
            LogStalled(absence.Length / 1000);
            leases.ServerReturned(now, absence.OnLeaseClock);
            _engine.State.Claims.ServerReturned(now);
        }

        if (_engine.IsJudge)
        {
            Judge(now, leases);
        }

        if (++_ticks % TidyEverySeconds == 0)
        {
            if (_engine.IsJudge)
            {
                _engine.Post(new TrimReceipts { Actor = Actors.Mesh });
            }

            if (_engine.KeyUses.Due(_engine.State.Keys) is { Count: > 0 } uses)
            {
                _engine.Post(new NoteKeyUses { Actor = Actors.Mesh, Uses = uses });
            }
        }
    }

    /// <summary>Has the engine decide on all that time has brought about.</summary>
    private void Judge(Moment now, LeaseBook leases)
    {
        var due = leases.TakeDue(now, _engine.State.Indexes.With(Liveness.Alive).Count);
        IsSlowed = due.IsSlowed;
        if (due.IsSlowed)
        {
            LogSlowed(due.Lapsing, due.Fleet, due.Lapse);
        }

        foreach (var numbers in due.Numbers.Chunk(SweepSize))
        {
            _engine.Post(new SweepDue { Actor = Actors.Mesh, Numbers = numbers, FoundAt = now.Lease });
        }

        foreach (var revisions in _engine.State.Claims.TakeDue(now).Chunk(SweepSize))
        {
            _engine.Post(new LapseClaims { Actor = Actors.Mesh, Revisions = revisions });
        }

        ExpireSessions(now);

        if (_engine.State.Keys.NextExpiry <= now.Wall)
        {
            _engine.Post(new ExpireKeys { Actor = Actors.Mesh });
        }
    }

    /// <summary>
    /// Expires the sessions that are due, one command's worth at a time. If more are due, the next command is queued only when the one
    /// before is done: when a million sessions end at once, other callers never wait behind more than one such command. What is not expired
    /// because the queue or the disk is full is found again at the next tick.
    /// </summary>
    private void ExpireSessions(Moment now)
    {
        if (_expiring.IsCompleted && _engine.State.Sessions.Due(now.Wall, SessionsAtOnce) is { Count: > 0 } ids)
        {
            var expired = ExpireAsync(ids);
            _expiring = ids.Count == SessionsAtOnce ? ExpireRestAsync(expired) : Task.CompletedTask;
        }
    }

    private async Task ExpireRestAsync(Task<Outcome<int>> expired)
    {
        while (await expired is { Succeeded: true, Value: > 0 }
            && _engine.State.Sessions.Due(_engine.Now.Wall, SessionsAtOnce) is { Count: > 0 } ids)
        {
            expired = ExpireAsync(ids);
        }
    }

    private Task<Outcome<int>> ExpireAsync(List<string> ids) =>
        _engine.ExecuteAsync(new ExpireSessions { Actor = Actors.Mesh, Ids = ids }, Origin.Mesh);

    private void LookAtClocks(Moment now)
    {
        if (now.Wall - _last.Wall - (now.Lease - _last.Lease) > Jump)
        {
            _engine.State.Leases.WallJumped(now);
        }

        _last = now;
        var wall = _clock.Wall;
        var farAhead = wall.ToUnixTimeMilliseconds() - now.Wall > MeshClock.MostApart.TotalMilliseconds;
        if (farAhead && !_farAhead)
        {
            LogFarAhead(wall, MeshClock.MostApart.Days);
        }

        _farAhead = farAhead;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The server was away for {Seconds} s; every lease starts over")]
    private partial void LogStalled(long seconds);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "{Lapsing} leases of {Alive} would lapse at once, probably a fault of server or network; expiring {Most} a second")]
    private partial void LogSlowed(int lapsing, int alive, int most);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The system clock says {Wall:u}, a jump of more than {Days} days; the mesh does not follow it. Set the clock right")]
    private partial void LogFarAhead(DateTimeOffset wall, int days);
}
