using SessionMesh.Client.Membership;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Client;

/// <summary>
/// This process, or a part of it, as an agent of the mesh. From <see cref="ConnectAsync(MeshAgentOptions?, CancellationToken)"/> on it is
/// alive: it beats, hears its directives by a stream that comes back by itself, answers for them, and reports its exit when it is disposed
/// of. A server that is away ends nothing; what is to be said to it waits.
/// </summary>
/// <remarks>
/// <para>
/// <b>Steers</b> go to <see cref="MeshAgentOptions.OnSteer"/>, or wait for <see cref="TakeSteers"/>. <b>Pause and resume</b> hold and let
/// go whoever asks <see cref="MayContinueAsync"/>. <b>Stop</b> cancels <see cref="Stopping"/>; the exit that is reported at the end is the
/// proof that the kill was waiting for, so report it when the work has ended and not before.
/// </para>
/// <para>
/// A process that ends without disposing of its agents is lost to the mesh once their lease has lapsed. Thread-safe.
/// </para>
/// </remarks>
public sealed class MeshAgent : IAsyncDisposable
{
    private readonly AgentSession _session;
    private readonly AgentLog _log;
    private readonly PauseGate _pauses;
    private readonly SteerInbox _steers;
    private readonly AgentDispatcher _dispatcher;
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _over = new();
    private readonly Lock _gate = new();
    private readonly List<MeshAgent> _children = [];
    private readonly Task _keeping;
    private readonly Task _dispatching;
    private MeshClient? _owned;
    private MeshStop? _stop;
    private int _asking;
    private Task<bool>? _exit;

    private MeshAgent(
        MeshClient client, bool isOwner, MeshAgentOptions options, RegisterAgentRequest request, AgentRegistration registration)
    {
        var time = client.Options.TimeProvider;
        (Client, _owned, Options, ParentId) = (client, isOwner ? client : null, options, registration.ParentId);
        _log = new AgentLog(options.Log);
        _session = new AgentSession(client, request with { Takeover = null }, registration, _log, time);
        var clock = new ServerClock(registration, time);
        _pauses = new PauseGate(_session.Ack, IsOver);
        _steers = new SteerInbox(IsOver);
        _dispatcher = new AgentDispatcher(options, _session, _pauses, _steers, IsOver, BeginStopAsync, _log, _stopping.Token);
        Stopping = _stopping.Token;
        _keeping = _session.RunAsync(_over.Token);
        _dispatching = _dispatcher.RunAsync(_over.Token);
        _ = ObeyEndAsync();

        bool IsOver(Directive directive) => !_session.IsOpen(directive) || clock.IsOver(directive);
    }

    /// <summary>What it speaks to the mesh with; for further calls under the same key. It ends with the agent if the agent made
    /// it.</summary>
    public MeshClient Client { get; }

    /// <summary>What it was connected with.</summary>
    public MeshAgentOptions Options { get; }

    /// <summary>Its id in the mesh.</summary>
    public string AgentId => _session.AgentId;

    /// <summary>The agent above it, as the server said at the registration; null for none.</summary>
    public string? ParentId { get; }

    /// <summary>Which life of this agent it is: 1 for the first. After a restore of the mesh it may be another one.</summary>
    public int Incarnation => _session.Incarnation;

    /// <summary>Whether it was paused and not resumed since.</summary>
    public bool IsPaused => _pauses.IsPaused;

    /// <summary>Cancelled once the agent is to stop, and when its exit is reported. Give it to whatever the agent waits for.</summary>
    public CancellationToken Stopping { get; }

    /// <summary>Why it is to stop; null until it is.</summary>
    public MeshStop? Stop => Volatile.Read(ref _stop);

    /// <summary>Registers an agent and keeps it, by a client of its own.</summary>
    /// <param name="options">Null for one whose id the server chooses, in the mesh that the environment names.</param>
    /// <param name="cancellation">Of the registration; the agent that came of it goes on.</param>
    /// <exception cref="MeshException">
    /// It was not registered: the server could not be reached in three attempts, or has refused (401 <c>unauthenticated</c>, 403, 409
    /// <c>already_alive</c> or <c>tombstoned</c>).
    /// </exception>
    /// <exception cref="ArgumentException">The environment names no mesh that can be called.</exception>
    public static async Task<MeshAgent> ConnectAsync(MeshAgentOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new MeshAgentOptions();
        if (options is { Client: null, ParentId: null })
        {
            var around = Environment.GetEnvironmentVariable(MeshClientOptions.AgentVariable);
            options = options with { ParentId = around == options.AgentId || around is "" ? null : around };
        }

        var client = new MeshClient(options.Client ?? MeshClientOptions.FromEnvironment());
        try
        {
            return await ConnectAsync(client, isOwner: true, options, cancellation);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Registers an agent and keeps it, by a client that others may use, too.</summary>
    /// <param name="options">Who it is; <see cref="MeshAgentOptions.Client"/> is not looked at.</param>
    /// <param name="client">Stays the caller's to dispose of, after the agent.</param>
    /// <param name="cancellation">Of the registration; the agent that came of it goes on.</param>
    /// <exception cref="MeshException">It was not registered.</exception>
    public static Task<MeshAgent> ConnectAsync(MeshAgentOptions options, MeshClient client, CancellationToken cancellation = default) =>
        ConnectAsync(client, isOwner: false, options, cancellation);

    /// <summary>
    /// Registers an agent below this one, by the same client: a part of the work that can be seen, steered and stopped by itself. The key
    /// needs <c>registry:write</c> for that; one that <c>session-mesh run</c> gave to a process has it. If it is still there when the exit
    /// of this one is reported, its own is reported first.
    /// </summary>
    /// <param name="options">
    /// Who it is; a <see cref="MeshAgentOptions.ParentId"/> that is null is this agent. It has the handlers that are named here, and none
    /// of this agent's.
    /// </param>
    /// <param name="cancellation">Of the registration.</param>
    /// <exception cref="MeshException">It was not registered.</exception>
    public async Task<MeshAgent> ConnectChildAsync(MeshAgentOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new MeshAgentOptions();
        var below = options with { ParentId = options.ParentId ?? AgentId };
        var child = await ConnectAsync(Client, isOwner: false, below, cancellation);
        bool isLate;
        lock (_gate)
        {
            isLate = _exit is not null;
            _children.RemoveAll(other => other._exit is { IsCompleted: true });
            _children.Add(child);
        }

        if (isLate)
        {
            await child.ExitAsync(reason: "the agent above it has ended");
        }

        return child;
    }

    /// <summary>
    /// To be asked between two steps of the work. Returns at once while the agent is not paused; while it is, the pause is acknowledged and
    /// this waits for the resume.
    /// </summary>
    /// <param name="cancellation">Ends the waiting; the agent stays paused.</param>
    /// <returns>True for the next step; false once the agent is to stop.</returns>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public Task<bool> MayContinueAsync(CancellationToken cancellation = default) => _pauses.PassAsync(Stopping, cancellation);

    /// <summary>
    /// Says what the agent does. It goes out with a heartbeat of its own, a second after the last one at the soonest, and with all that
    /// follow. What is null stays as it was said.
    /// </summary>
    /// <param name="activity">One of <see cref="AgentActivity.All"/>.</param>
    /// <param name="load">0 (idle) to 1 (full).</param>
    /// <param name="progress">A number that grows as the work does: a fraction, a count, whatever the agent counts.</param>
    /// <param name="note">A few words; of more than 1,024 characters the first.</param>
    /// <param name="progressInterval">
    /// Within which the agent promises other progress while it is working, in whole seconds; past it the agent counts as stalled. Zero
    /// withdraws the promise.
    /// </param>
    /// <exception cref="ArgumentException">One of them is none that the server takes.</exception>
    public void Report(
        string? activity = null, double? load = null, double? progress = null, string? note = null, TimeSpan? progressInterval = null)
    {
        if (activity is not null && !AgentActivity.All.Contains(activity))
        {
            throw new ArgumentException($"one of {string.Join(", ", AgentActivity.All)}", nameof(activity));
        }

        if (load is not null and not (>= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(load), load, "0 to 1");
        }

        if (progress is { } number && !double.IsFinite(number))
        {
            throw new ArgumentOutOfRangeException(nameof(progress), progress, "a finite number");
        }

        if (progressInterval < TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(nameof(progressInterval), progressInterval, "not negative");
        }

        _session.Report(new HeartbeatRequest
        {
            Activity = activity,
            Load = load,
            Progress = progress,
            Note = AckOutbox.Shorten(note),
            ProgressInterval = progressInterval is { } interval ? (int)Math.Ceiling(interval.TotalSeconds) : null,
        });
    }

    /// <summary>
    /// The steers that wait, oldest first, for an agent without <see cref="MeshAgentOptions.OnSteer"/>. Each is handed out once, until it
    /// is given back, and wants an answer: <see cref="Acknowledge"/> or <see cref="Reject"/>. What has expired meanwhile is left out.
    /// </summary>
    /// <param name="characters">
    /// How many characters of messages and data to take at once; 65,536 by default. The others stay for the next call; one that has more is
    /// taken alone.
    /// </param>
    public IReadOnlyList<Directive> TakeSteers(int characters = SteerInbox.Characters) => _steers.Take(characters);

    /// <summary>Puts steers back that were taken and not acted on; the next call takes them again, in their order.</summary>
    public void GiveBack(IEnumerable<Directive> steers) => _steers.GiveBack(steers);

    /// <summary>The agent has acted on a steer, or its model has read it.</summary>
    /// <param name="steer">One that <see cref="TakeSteers"/> has handed out; answered before, it stays as it is.</param>
    /// <param name="note">What to say beside; of more than 1,024 characters the first.</param>
    public void Acknowledge(Directive steer, string? note = null) => Answer(steer, DirectiveState.Acknowledged, note);

    /// <summary>The agent does not do it.</summary>
    /// <param name="steer">One that <see cref="TakeSteers"/> has handed out; answered before, it stays as it is.</param>
    /// <param name="note">Why; of more than 1,024 characters the first.</param>
    public void Reject(Directive steer, string? note = null) => Answer(steer, DirectiveState.Rejected, note);

    /// <summary>
    /// Reports that the agent has ended, and ends it: <see cref="Stopping"/> is cancelled, nothing is heard any more. Call it when the work
    /// has ended, and do not wait for it in a handler of steers, pauses or resumes: it waits for them. The second call returns what the
    /// first does.
    /// </summary>
    /// <param name="exitCode">Of a process that ended; null by default.</param>
    /// <param name="reason">A few words; by default why it was to stop, if it was.</param>
    /// <returns>
    /// True when the mesh knows; false when it could not be told within <see cref="MeshAgentOptions.ExitTimeout"/>, or does not take the
    /// key any more. Then the agent is lost once its lease has lapsed.
    /// </returns>
    public Task<bool> ExitAsync(int? exitCode = null, string? reason = null)
    {
        lock (_gate)
        {
            return _exit ??= ReportExitAsync(exitCode, reason);
        }
    }

    /// <summary>Reports the exit, unless <see cref="ExitAsync"/> has, and lets go of everything. Does not throw.</summary>
    public async ValueTask DisposeAsync()
    {
        await ExitAsync();
        Interlocked.Exchange(ref _owned, null)?.Dispose();
    }

    private static async Task<MeshAgent> ConnectAsync(
        MeshClient client, bool isOwner, MeshAgentOptions options, CancellationToken cancellation)
    {
        var request = options.ToRequest();
        return new MeshAgent(client, isOwner, options, request, await client.RegisterAsync(request, cancellation));
    }

    private void Answer(Directive steer, string state, string? note)
    {
        if (_session.IsOpen(steer))
        {
            _session.Ack(steer, state, note);
        }
    }

    /// <summary>The agent is to stop, if its own handler agrees. Returns why it does not, and null where it does.</summary>
    private async Task<string?> BeginStopAsync(MeshStop stop)
    {
        var asking = Interlocked.Increment(ref _asking);
        try
        {
            // A handler that still thinks about an earlier stop is not asked about the end.
            if (Options.OnStop is { } handler && Stop is null && (asking == 1 || !stop.IsOver))
            {
                await handler(stop, Stopping);
            }
        }
        catch (Exception e)
        {
            _log.Say($"the handler of stops has failed: {e.Message}");
            if (!stop.IsOver)
            {
                return AgentDispatcher.ReasonOf(e);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _asking);
        }

        Interlocked.CompareExchange(ref _stop, stop, null);
        await CancelAsync();
        return null;
    }

    private async Task CancelAsync()
    {
        try
        {
            await _stopping.CancelAsync();
        }
        catch (AggregateException e)
        {
            _log.Say($"what was to happen at the stop has failed: {e.InnerException?.Message}");
        }
    }

    private async Task ObeyEndAsync()
    {
        var end = await _session.Ended;
        _log.Warn(end.Detail);
        await BeginStopAsync(new MeshStop(end.Reason, TimeSpan.Zero, IsOver: true, Directive: null));
    }

    private async Task<bool> ReportExitAsync(int? exitCode, string? reason)
    {
        await Task.Yield(); // the caller holds the gate
        await CancelAsync();

        // The report ends the session: what keeps the session must stop first, or it would take that end for a kill.
        await _over.CancelAsync();
        await Task.WhenAll(_keeping, _dispatching);
        await _dispatcher.FinishAsync(Options.ExitTimeout, Client.Options.TimeProvider);
        await Task.WhenAll(Children().Select(child => child.ExitAsync()));
        if (_session.Ended is { IsCompletedSuccessfully: true } ended && (await ended).IsSuperseded)
        {
            return true;
        }

        var report = new ExitRequest { ExitCode = exitCode, Reason = AckOutbox.Shorten(reason ?? Stop?.Reason) };
        if (await ReportAsync(report) == ReportOutcome.Told)
        {
            return true;
        }

        _log.Warn($"agent {AgentId} has ended, which the server was not told");
        return false;
    }

    private async Task<ReportOutcome> ReportAsync(ExitRequest report)
    {
        try
        {
            return await _session.ReportExitAsync(report, Options.ExitTimeout, CancellationToken.None);
        }
        catch (ObjectDisposedException)
        {
            return ReportOutcome.NoAnswer; // the client was somebody else's, who did not wait
        }
    }

    private List<MeshAgent> Children()
    {
        lock (_gate)
        {
            return [.. _children];
        }
    }
}
