using SessionMesh.Cli.Run.Handlers;
using SessionMesh.Cli.Run.Kept;
using SessionMesh.Cli.Run.Process;
using SessionMesh.Client;
using SessionMesh.Client.Membership;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Run;

/// <summary>How one life of an agent ended.</summary>
/// <param name="Exit">The process's own end.</param>
/// <param name="Lived">From its start to its end, without the time the report took.</param>
/// <param name="IsWished">Somebody wanted it to end: a stop, the server's word, a signal, Ctrl+C. It is not to be started again.</param>
/// <param name="EndedByKey">Ctrl+C on the terminal ended it.</param>
/// <param name="Untold">The report that no server has taken yet; null when it was told.</param>
internal sealed record LifeEnd(ExitStatus Exit, TimeSpan Lived, bool IsWished, bool EndedByKey, ExitRequest? Untold);

/// <summary>
/// One incarnation of an agent, from its registration to the report of its end: start the process with a key of its own,
/// keep the session, and see to it that nothing of the process is left when its end is reported.
/// </summary>
internal sealed class AgentLife
{
    private readonly RunOptions _options;
    private readonly RunSignals _signals;
    private readonly RunLog _log;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, string?> _environment;
    private readonly ChildReaper _reaper = ChildReaper.Shared;

    private AgentLife(
        AgentSession session,
        Dictionary<string, string?> environment,
        RunOptions options,
        RunSignals signals,
        RunLog log,
        TimeProvider time)
    {
        Session = session;
        _environment = environment;
        _options = options;
        _signals = signals;
        _log = log;
        _time = time;
    }

    /// <summary>Outlives the process: an exit that nobody took can be reported again.</summary>
    public AgentSession Session { get; }

    /// <summary>Registers the next incarnation and mints its key. The process is not started yet.</summary>
    /// <param name="isAgain">Whether it follows another life: a warning about the key is not repeated.</param>
    /// <exception cref="MeshException">It could not be registered, or got no key and its end was reported.</exception>
    public static async Task<AgentLife> BeginAsync(
        MeshClient client, RegisterAgentRequest request, RunOptions options,
        RunSignals signals, RunLog log, TimeProvider time, bool isAgain = false)
    {
        var registration = await client.RegisterAsync(request);
        var session = new AgentSession(client, request, registration, log, time);
        try
        {
            var key = await ChildKey.MintAsync(client, session.AgentId, options);
            if (key.ExpiresAt is { } end && !isAgain)
            {
                log.Warn(
                    $"the process's own key expires at {end:u}, with the key that minted it, and is not renewed while it runs; "
                    + "the runner can be reached longer if its own key can be renewed");
            }

            var environment = ChildEnvironment.For(
                client.Options.BaseUrl, session.AgentId, session.Incarnation, key.Token, ChildEnvironment.OwnNames());
            return new AgentLife(session, environment, options, signals, log, time);
        }
        catch (MeshException e)
        {
            await session.ReportExitAsync(NotStarted(e, RunCommand.OwnFailure), options.ReportTimeout, signals.Leaving);
            throw;
        }
    }

    /// <summary>The life ends before its process was started.</summary>
    public Task AbandonAsync() =>
        Session.ReportExitAsync(
            new ExitRequest { Reason = "not started: the runner was asked to end" }, _options.ReportTimeout, CancellationToken.None);

    /// <summary>
    /// Starts the process and sees it through. Returns when nothing of it is left and its end was reported as far as could be.
    /// </summary>
    /// <param name="keeper">Keeps what the process writes; null for nobody, and then its stdout and stderr are ours.</param>
    /// <exception cref="SpawnException">It could not be started; its end was reported.</exception>
    public async Task<LifeEnd> RunAsync(KeptWriter? keeper)
    {
        try
        {
            return await SuperviseAsync(keeper);
        }
        catch (SpawnException e)
        {
            await Session.ReportExitAsync(NotStarted(e, e.ShellCode), _options.ReportTimeout, _signals.Leaving);
            throw;
        }
    }

    private static ExitRequest NotStarted(Exception why, int code) => new() { ExitCode = code, Reason = $"not started: {why.Message}" };

    private async Task<LifeEnd> SuperviseAsync(KeptWriter? keeper)
    {
        using var stop = new StopControl(_time);
        using var tap = keeper is null ? null : new OutputTap(keeper, _log);
        using var pipe = _options.SteerStdin ? new ChildPipe(_time) : null;
        var terminal = ControllingTerminal.Find();
        var foreground = terminal is not null && ControllingTerminal.IsOurs;

        var child = _reaper.Start(new SpawnRequest
        {
            File = _options.Command[0],
            Arguments = [.. _options.Command.Skip(1)],
            Environment = _environment,
            Placement = terminal is null ? Placement.NewSession : Placement.ForegroundGroup,
            Terminal = foreground ? ControllingTerminal.Descriptor : -1,
            Stdin = pipe?.ReadEnd,
            Stdout = tap?.Stdout,
            Stderr = tap?.Stderr,
        });
        pipe?.CloseReadEnd();
        keeper?.Begin(Session.Incarnation, child.Pid);
        tap?.Begin();
        var began = _time.GetTimestamp();
        var tree = new ProcessTree(_reaper, child, _time);
        var dispatcher = new DirectiveDispatcher(Handler(tree, pipe), tree, stop, _options.Grace, Session.Ack, _log);
        var job = new JobControl(child, tree, terminal, () => dispatcher.IsPaused);
        using var reporting = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _time);
        using var target = _signals.Aim(new SignalTarget(child, stop, job, reporting, _options.Grace));
        job.Begin(foreground);
        _log.Say($"agent {Session.AgentId}, incarnation {Session.Incarnation}, process {child.Pid}");

        using var over = new CancellationTokenSource();
        var following = job.FollowAsync();
        var keeping = Session.RunAsync(over.Token);
        var dispatching = dispatcher.RunAsync(Session.Directives, over.Token);
        _ = ObeyEndAsync(stop);

        var (exit, reason) = await EndAsync(child, tree, stop);
        var passing = tap?.FinishAsync(_time, _signals.Leaving) ?? Task.CompletedTask;
        job.End(exit);
        var lived = _time.GetElapsedTime(began);

        // The report ends the session: what keeps the session must stop first, or it would take that end for a kill.
        await over.CancelAsync();
        await Task.WhenAll(following, keeping, dispatching);
        dispatcher.AcknowledgeStops();
        var wished = stop.Requested.IsCompleted || Session.Ended.IsCompleted || exit.IsInterrupt || _signals.Leaving.IsCancellationRequested
            || (_options.Restart.Mode != RestartMode.No && await Session.IsToldToStopAsync(reporting.Token) is true);
        var untold = await ReportAsync(exit, reason, reporting.Token);
        await passing;
        return new LifeEnd(exit, lived, wished, job.EndedByKey, untold);
    }

    private ISteerHandler Handler(ProcessTree tree, ChildPipe? pipe) => _options switch
    {
        { OnSteer: { } command } => new OnSteerHandler(command, _reaper, tree, _environment, _options.SteerTimeout, _time),
        { SteerFile: { } file } => new SteerFileHandler(file),
        _ when pipe is not null => new SteerStdinHandler(pipe, _options.SteerTimeout),
        _ => new NoSteerHandler(),
    };

    private async Task ObeyEndAsync(StopControl stop)
    {
        var end = await Session.Ended;
        _log.Warn(end.Detail);
        stop.Request(new PendingStop(end.Demand == EndDemand.Kill ? TimeSpan.Zero : _options.Grace, end.Reason));
    }

    /// <summary>Waits for the child's own end or for a wish to stop it, and returns when nothing of it is left.</summary>
    private async Task<(ExitStatus Exit, string? Reason)> EndAsync(ChildProcess child, ProcessTree tree, StopControl stop)
    {
        await Task.WhenAny(child.Exited, stop.Requested);
        if (stop.Requested.IsCompleted)
        {
            var order = await stop.Requested;
            await tree.StopAsync(order.Grace, stop.Hurry);
            return (await child.Exited, order.Reason);
        }

        stop.Abandon();
        var left = tree.Members().Count;
        if (left > 0)
        {
            _log.Say($"the process ended and left {left} others behind; ending them");
            await tree.StopAsync(_options.Grace, stop.Hurry);
        }

        await tree.KillAsync();
        return (await child.Exited, null);
    }

    /// <summary>Reports the exit. Null once the server has it, or where it does not want it; otherwise the report to send later.</summary>
    private async Task<ExitRequest?> ReportAsync(ExitStatus exit, string? reason, CancellationToken cancellation)
    {
        if (Session.Ended is { IsCompletedSuccessfully: true } ended && (await ended).IsSuperseded)
        {
            return null;
        }

        var report = new ExitRequest { ExitCode = exit.Code, Signal = exit.SignalName, Reason = reason };
        if (await Session.ReportExitAsync(report, _options.ReportTimeout, cancellation) == ReportOutcome.Told)
        {
            return null;
        }

        _log.Warn($"ended with {exit}, which the server was not told");
        return report;
    }
}
