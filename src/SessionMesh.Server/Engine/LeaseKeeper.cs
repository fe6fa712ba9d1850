using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Leases;
using SessionMesh.Core.Log;
using SessionMesh.Core.Sessions;

namespace SessionMesh.Server.Engine;

/// <summary>
/// Once a second, looks what is due: leases, grace periods, directives, keys. It only finds; the engine looks again and
/// decides. When a tick comes late the server itself was away (suspended, starved), and every lease begins anew instead.
/// </summary>
public sealed partial class LeaseKeeper : IDisposable
{
    /// <summary>Milliseconds by which a tick may be late before it counts as a stall of the server.</summary>
    public const long StallAfter = 5_000;

    private const int SweepSize = 256;
    private const int TrimEverySeconds = 60;

    /// <summary>Sessions in one command: some milliseconds on the writer, for which others wait.</summary>
    internal const int SessionsAtOnce = 512;

    private readonly MeshEngine _engine;
    private readonly ILogger<LeaseKeeper> _log;
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private long _lastTick;
    private long _ticks;
    private Task _expiring = Task.CompletedTask;

    public LeaseKeeper(MeshEngine engine, MeshClock clock, ILogger<LeaseKeeper> log)
    {
        (_engine, _log) = (engine, log);
        _lastTick = clock.Now().Lease;
        _timer = clock.Time.CreateTimer(_ => Tick(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    /// <summary>Whether a mass expiry is being slowed down right now.</summary>
    public bool IsSlowed { get; private set; }

    public void Dispose() => _timer.Dispose();

    private void Tick()
    {
        // A tick that runs long is not overtaken by the next: that one is simply left out.
        if (!_gate.TryEnter())
        {
            return;
        }

        try
        {
            Look(_engine.Now);
        }
        finally
        {
            _gate.Exit();
        }
    }

    private void Look(Moment now)
    {
        var late = now.Lease - _lastTick - 1000;
        _lastTick = now.Lease;
        if (late > StallAfter)
        {
            LogStalled(late / 1000);
            _engine.State.Leases.ServerReturned(now);
        }

        foreach (var numbers in Slowed(_engine.State.Leases.TakeDue(now), now).Chunk(SweepSize))
        {
            _engine.Post(new SweepDue { Actor = Actors.Mesh, Numbers = numbers });
        }

        ExpireSessions(now);

        if (_engine.State.Keys.NextExpiry <= now.Wall)
        {
            _engine.Post(new ExpireKeys { Actor = Actors.Mesh });
        }

        if (++_ticks % TrimEverySeconds == 0)
        {
            _engine.Post(new TrimReceipts { Actor = Actors.Mesh });
        }
    }

    /// <summary>
    /// Says in the log which sessions are over. A tick begins with as many as one command takes; when there are more, each next command is
    /// queued once the one before is done, so that of a million that end at once others never wait behind more than one. What was not said,
    /// because the queue or the disk was full, is found again at the next tick.
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

    private List<int> Slowed(List<int> due, Moment now)
    {
        var state = _engine.State;
        var alive = state.Indexes.With(Liveness.Alive).Count;
        var lapsing = due.FindAll(n => state.AgentAt(n)?.Liveness == Liveness.Alive);
        var most = LeasePolicy.LapsesPerTick(lapsing.Count, alive);
        IsSlowed = most < lapsing.Count;
        if (!IsSlowed)
        {
            return due;
        }

        LogSlowed(lapsing.Count, alive, most);
        foreach (var number in lapsing.Skip(most))
        {
            state.Leases.ScheduleSoon(number, now);
        }

        var later = lapsing.Skip(most).ToHashSet();
        return due.FindAll(n => !later.Contains(n));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The server was away for {Seconds} s; every lease begins anew")]
    private partial void LogStalled(long seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Lapsing} leases of {Alive} would lapse at once, which looks like a fault of ours; expiring {Most} a second")]
    private partial void LogSlowed(int lapsing, int alive, int most);
}
