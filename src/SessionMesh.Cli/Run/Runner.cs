using SessionMesh.Cli.Run.Process;
using SessionMesh.Cli.Run.Session;
using SessionMesh.Cli.Run.Steering;
using SessionMesh.Client;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Keys;

namespace SessionMesh.Cli.Run;

/// <summary>
/// Puts one process under the mesh and sees it through: register, mint its key, start it, keep its session, and report its
/// end once nothing of it is left.
/// </summary>
internal sealed class Runner(MeshClient client, RunOptions options, RunLog log, TimeProvider time)
{
    private readonly ChildReaper _reaper = ChildReaper.Shared;

    /// <summary>The child's exit code, or 128 plus the signal that ended it.</summary>
    /// <exception cref="MeshException">It could not be registered or got no key; nothing was started.</exception>
    /// <exception cref="SpawnException">It could not be started; its end was reported.</exception>
    public async Task<int> RunAsync()
    {
        var request = new RegisterAgentRequest
        {
            AgentId = options.AgentId,
            ParentId = options.ParentId,
            Cluster = options.Cluster,
            Specializations = options.Specializations.Count == 0 ? null : options.Specializations,
            Labels = options.Labels.Count == 0 ? null : options.Labels,
            Ttl = options.TtlSeconds,
        };
        var registration = await client.RegisterAsync(request);
        var session = new AgentSession(client, request, registration, log, time);
        try
        {
            var key = await MintAsync(session.AgentId);
            session.KeyEndsAt = key.ExpiresAt;
            if (key.ExpiresAt is { } end)
                log.Say($"the key in use ends at {end:u}; after that the process runs on, but cannot be steered");
            var environment = ChildEnvironment.For(
                client.Options.BaseUrl, session.AgentId, session.Incarnation, key.Token, ChildEnvironment.OwnNames());
            return await SuperviseAsync(session, environment);
        }
        catch (Exception e) when (e is SpawnException or MeshException)
        {
            var code = e is SpawnException spawn ? spawn.ShellCode : RunCommand.OwnFailure;
            await session.ReportExitAsync(new ExitRequest { ExitCode = code, Reason = $"not started: {e.Message}" }, options.ReportTimeout, CancellationToken.None);
            throw;
        }
    }

    /// <summary>Mints a key that can speak for this agent alone. When an answer was lost on the way, the key it held is useless: revoke it, mint another.</summary>
    private async Task<CreatedKey> MintAsync(string agentId)
    {
        var request = new CreateKeyRequest { AgentId = agentId };
        try
        {
            return await client.CreateKeyAsync(request);
        }
        catch (MeshException e) when (e.Code == ErrorCodes.SecretNotRepeatable)
        {
            if (e.Problem?.KeyId is { } lost)
                await client.RevokeKeyAsync(lost);
            return await client.CreateKeyAsync(request);
        }
    }

    private async Task<int> SuperviseAsync(AgentSession session, Dictionary<string, string?> environment)
    {
        using var stop = new StopControl(time);
        using var adoption = _reaper.AdoptOrphans();
        using var pipe = options.SteerStdin ? new ChildPipe(time) : null;
        var terminal = ControllingTerminal.Find();
        var foreground = terminal is not null && ControllingTerminal.IsOurs;

        var child = _reaper.Start(new SpawnRequest
        {
            File = options.Command[0],
            Arguments = [.. options.Command.Skip(1)],
            Environment = environment,
            Placement = terminal is null ? Placement.NewSession : Placement.ForegroundGroup,
            Terminal = foreground ? ControllingTerminal.Descriptor : -1,
            Stdin = pipe?.ReadEnd,
        });
        pipe?.CloseReadEnd();
        var tree = new ProcessTree(_reaper, child, time);
        var dispatcher = new DirectiveDispatcher(Handler(tree, pipe, environment), tree, stop, options.Grace, session.Ack, log);
        var job = new JobControl(child, tree, terminal, () => dispatcher.IsPaused);
        using var reporting = new CancellationTokenSource();
        using var relay = Relay(child, stop, job, reporting);
        job.Begin(foreground);
        log.Say($"agent {session.AgentId}, incarnation {session.Incarnation}, process {child.Pid}");

        using var over = new CancellationTokenSource();
        var following = job.FollowAsync();
        var keeping = session.RunAsync(over.Token);
        var dispatching = dispatcher.RunAsync(session.Directives, over.Token);
        _ = ObeyEndAsync(session, stop);

        var (exit, reason) = await EndAsync(child, tree, stop);
        job.End(exit);

        // The report ends the session: what keeps it must be over before, or would hear of its own end as of a kill.
        await over.CancelAsync();
        await Task.WhenAll(following, keeping, dispatching);
        dispatcher.AcknowledgeStops();
        await ReportAsync(session, exit, reason, reporting.Token);
        job.PassOnInterrupt();
        return exit.ShellCode;
    }

    private ISteerHandler Handler(ProcessTree tree, ChildPipe? pipe, Dictionary<string, string?> environment) => options switch
    {
        { OnSteer: { } command } => new OnSteerHandler(command, _reaper, tree, environment, options.SteerTimeout, time),
        { SteerFile: { } file } => new SteerFileHandler(file),
        _ when pipe is not null => new SteerStdinHandler(pipe, options.SteerTimeout),
        _ => new NoSteerHandler(),
    };

    /// <summary>After the child's end a signal means: do not wait for the server any longer.</summary>
    private SignalRelay Relay(ChildProcess child, StopControl stop, JobControl job, CancellationTokenSource reporting) => new(
        passOn: signal =>
        {
            if (!_reaper.SignalGroup(child, signal) && signal != Signals.Winch)
                reporting.Cancel();
        },
        terminate: () =>
        {
            if (child.HasExited)
                reporting.Cancel();
            stop.Request(new StopOrder(options.Grace, "the runner was asked to terminate"));
        },
        suspend: () => job.Suspend(Signals.Tstp),
        continued: job.Continued);

    private async Task ObeyEndAsync(AgentSession session, StopControl stop)
    {
        var end = await session.Ended;
        log.Warn(end.Detail);
        stop.Request(new StopOrder(end.Demand == EndDemand.Kill ? TimeSpan.Zero : options.Grace, end.Reason));
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
            log.Say($"the process ended and left {left} others behind; ending them");
            await tree.StopAsync(options.Grace, stop.Hurry);
        }

        await tree.KillAsync();
        return (await child.Exited, null);
    }

    private async Task ReportAsync(AgentSession session, ExitStatus exit, string? reason, CancellationToken cancellation)
    {
        if (session.Ended is { IsCompletedSuccessfully: true } ended && (await ended).IsSuperseded)
            return;
        var report = new ExitRequest { ExitCode = exit.Code, Signal = exit.SignalName, Reason = reason };
        if (!await session.ReportExitAsync(report, options.ReportTimeout, cancellation))
            log.Warn($"ended with {exit}, which the server was not told");
    }
}
