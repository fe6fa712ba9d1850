using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Run;
using SessionMesh.Cli.Run.Handlers;
using SessionMesh.Cli.Run.Process;
using SessionMesh.Client;
using SessionMesh.Client.Membership;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Attach;

/// <summary>
/// Keeps a process under the mesh that somebody else started: its lease while it lives, its directives, and the report of its end.
/// </summary>
internal sealed class Watcher(
    MeshClient client, HeldProcess process, AttachRecord record, AttachOptions options, RunLog log, TimeProvider time)
{
    private const int MostNamed = 20;

    private readonly HookedLife? _hooked = options.HookedIncarnation is null ? null : new HookedLife(client, log, time);

    /// <summary>For how long an end is waited for that may be about to come; see <see cref="EitherAsync"/>.</summary>
    private static readonly TimeSpan s_lastWord = TimeSpan.FromSeconds(1);

    /// <summary>Is told after each look at what came of the process how many are known.</summary>
    public Action<int>? Looked { get; init; }

    /// <summary>Registers the process, or finds the agent again that it is already.</summary>
    /// <returns>
    /// Null where it was to be stopped meanwhile, and is: then its end is reported. Null, too, where an agent with a hook is over already.
    /// </returns>
    /// <exception cref="MeshException">It was not registered; the process runs on.</exception>
    public async Task<AgentSession?> JoinAsync(CancellationToken cancellation)
    {
        var request = options.Agent;
        if (options.HookedIncarnation is { } incarnation)
        {
            return await JoinHookedAsync(request with { Incarnation = incarnation }, cancellation);
        }

        if (record.Last is { } other && request.AgentId is not null && request.AgentId != other.AgentId
            && await LastAsync(other, cancellation) is { Status: not AgentStatus.Dead })
        {
            throw new CommandException(
                ExitCodes.Conflict,
                $"process {process.Pid} is agent {other.AgentId} already, and its watcher is gone",
                $"--agent-id {other.AgentId}, or none, to go on with it; session-mesh kill {other.AgentId} first, for another id");
        }

        if (record.Last is { } last && (request.AgentId is null || request.AgentId == last.AgentId))
        {
            if (await LastAsync(last, cancellation) is not { } agent)
            {
                log.Say($"agent {last.AgentId}, incarnation {last.Incarnation}, is not this process any more");
            }
            else if (agent is { Status: AgentStatus.Dead, LastExit.Confirmed: false })
            {
                await ObeyAsync(last, cancellation);
                return null;
            }
            else if (agent.Status is not AgentStatus.Dead)
            {
                request = request with { AgentId = last.AgentId };
                return Joined(request, await client.RegisterAsync(request with { Incarnation = last.Incarnation }, cancellation));
            }
        }

        return Joined(request, await client.RegisterAsync(request, cancellation));
    }

    /// <summary>Watches until the process has ended or was stopped, and its end was reported as far as could be.</summary>
    /// <exception cref="OperationCanceledException">Nobody is to watch any more; the process runs on.</exception>
    public async Task RunAsync(AgentSession session, Dictionary<string, string?>? environment, CancellationToken cancellation)
    {
        using var tree = new HeldTree(process, time) { Mark = options.Mark };
        using var stop = new StopControl(time);
        using var over = new CancellationTokenSource();
        var dispatcher = new DirectiveDispatcher(Handler(tree, environment), tree, stop, options.Grace, session.Ack, log);
        var exited = process.ExitAsync();
        var departed = new TaskCompletionSource<Departure>(TaskCreationOptions.RunContinuationsAsynchronously);
        var watching = tree.WatchAsync(over.Token, Looked);
        var keeping = session.RunAsync(over.Token);
        var dispatching = dispatcher.RunAsync(session.Directives, over.Token);
        var reading = _hooked is not null && options.Transcript is { } transcript
            ? new SessionTranscript(transcript, time).WatchAsync(
                interruption => _hooked.TellInterruptionAsync(interruption, over.Token), over.Token)
            : Task.CompletedTask;
        _ = ObeyEndAsync(session, stop, exited, departed);
        ExitRequest? report;
        try
        {
            await EitherAsync(Task.WhenAny(exited, stop.Requested, departed.Task), cancellation);
            report = _hooked is null
                ? await EndAsync(tree, stop)
                : await EndHookedAsync(_hooked, session.AgentId, tree, stop, exited, departed.Task);
        }
        finally
        {
            // The report ends the session: what keeps the session must stop first, or it would take that end for a kill.
            await over.CancelAsync();
            await Task.WhenAll(watching, keeping, dispatching, reading);
        }

        if (report is null)
        {
            record.Delete();
            return;
        }

        dispatcher.AcknowledgeStops();
        if (session.Ended is { IsCompletedSuccessfully: true } ended && (await ended).IsSuperseded)
        {
            record.Delete();
            return;
        }

        // Whoever asked us to end meanwhile has to wait for this: nobody else can report it.
        if (await session.ReportExitAsync(report, options.ReportTimeout, CancellationToken.None) != ReportOutcome.Told)
        {
            log.Warn($"process {process.Pid} has ended, which the server was not told");
        }

        record.Delete();
    }

    /// <summary>
    /// Waits for the end of the process or for a wish to stop it. Who ends a whole tree or control group sends both of us the same
    /// signal: a process that is about to end is not left for that.
    /// </summary>
    /// <param name="either">Either of them.</param>
    private async Task EitherAsync(Task either, CancellationToken cancellation)
    {
        try
        {
            await either.WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAny(either, Task.Delay(s_lastWord, time, CancellationToken.None));
            if (!either.IsCompleted)
            {
                throw;
            }
        }
    }

    /// <summary>The agent that this process was, if it is that still; null otherwise, and where this key may not look.</summary>
    private async Task<AgentDetail?> LastAsync(AttachedLife last, CancellationToken cancellation)
    {
        try
        {
            var agent = await client.AgentAsync(last.AgentId, cancellation);
            return AttachedLife.Of(agent) == last ? agent : null;
        }
        catch (MeshException e) when (e.Status is 403 or 404)
        {
            return null;
        }
    }

    /// <summary>Renews what the hook has registered. Where that is over already, the hook's word holds, as it does later.</summary>
    private async Task<AgentSession?> JoinHookedAsync(RegisterAgentRequest request, CancellationToken cancellation)
    {
        try
        {
            var answer = await client.RegisterAsync(request with { Ttl = request.Ttl ?? Limits.DefaultAgentTtl }, cancellation);

            // In a mesh that does not know it after a restore, it is to be what it was.
            var same = new RegisterAgentRequest { ParentId = answer.ParentId, Cluster = answer.Cluster, Labels = answer.Labels };
            return Joined(same with { User = answer.User, Ttl = answer.Ttl }, answer);
        }
        catch (MeshException e) when (SessionEnd.Of(e.Code, ProblemText.WhyOf(e)) is { IsByKey: false } end)
        {
            var (agentId, incarnation) = (request.AgentId!, request.Incarnation!.Value);
            if (await _hooked!.DepartureAsync(agentId, incarnation, end, process.ExitAsync()) != Departure.None)
            {
                log.Say($"agent {agentId}, incarnation {incarnation}, is over already");
                record.Delete();
                return null;
            }

            await ObeyAsync(AttachedLife.Of(await client.AgentAsync(agentId, cancellation)), cancellation);
            return null;
        }
    }

    private AgentSession Joined(RegisterAgentRequest request, AgentRegistration registration)
    {
        var named = request with { AgentId = registration.AgentId };
        var session = new AgentSession(client, named, registration, log, time, _hooked is null ? null : HookedLife.Verbs);
        record.Write(client.Options.BaseUrl, AttachedLife.Of(registration));
        log.Say($"agent {session.AgentId}, incarnation {session.Incarnation}, process {process.Pid}");
        return session;
    }

    /// <summary>The agent was killed while nobody watched its process.</summary>
    private async Task ObeyAsync(AttachedLife last, CancellationToken cancellation)
    {
        log.Warn($"agent {last.AgentId} was killed while nobody watched process {process.Pid}; ending it");
        using var tree = new HeldTree(process, time) { Mark = options.Mark };
        var left = await tree.StopAsync(TimeSpan.Zero, CancellationToken.None);
        await (_hooked?.ReportSubAgentsAsync(last.AgentId, options.ReportTimeout) ?? Task.CompletedTask);
        await client.ExitAsync(
            last.AgentId,
            new ExitRequest { Incarnation = last.Incarnation, Epoch = last.Epoch, Reason = WithLeft("killed by force", left) },
            cancellation);
        record.Delete();
    }

    private static string WithLeft(string reason, IReadOnlyList<HeldProcess> left) => left.Count == 0
        ? reason
        : $"{reason}; {left.Count} that came of it may not be signalled by this account and still run: {Named(left)}";

    private static string Named(IReadOnlyList<HeldProcess> held) =>
        string.Join(", ", held.Take(MostNamed).Select(one => one.Pid)) + (held.Count > MostNamed ? ", …" : "");

    private ISteerHandler Handler(HeldTree tree, Dictionary<string, string?>? environment) => options switch
    {
        { OnSteer: { } command } =>
            new OnSteerHandler(command, ChildReaper.Shared, tree, environment ?? [], options.SteerTimeout, time),
        { SteerFile: { } file } => new SteerFileHandler(file),
        _ => new NoSteerHandler(),
    };

    private async Task ObeyEndAsync(
        AgentSession session, StopControl stop, Task exited, TaskCompletionSource<Departure> departed)
    {
        var end = await session.Ended;
        if (_hooked is not null
            && await _hooked.DepartureAsync(session.AgentId, session.Incarnation, end, exited) is not Departure.None and var how)
        {
            departed.TrySetResult(how);
            return;
        }

        log.Warn(end.Detail);
        stop.Request(new PendingStop(end.Demand == EndDemand.Kill ? TimeSpan.Zero : options.Grace, end.Reason));
    }

    /// <summary>
    /// As <see cref="EndAsync"/> for an agent with a hook, which is given the grace to stop by itself.
    /// </summary>
    /// <returns>Null where there is nothing to report: the hook has, or the process is somebody else now.</returns>
    private async Task<ExitRequest?> EndHookedAsync(
        HookedLife hooked, string agentId, HeldTree tree, StopControl stop, Task exited, Task<Departure> departed)
    {
        if (stop.Requested.IsCompleted)
        {
            await hooked.LeaveToHookAsync((await stop.Requested).Grace, Task.WhenAny(exited, departed), stop.Hurry);
        }

        if (departed.IsCompleted)
        {
            if (await departed is Departure.Ended)
            {
                await Task.WhenAny(exited, Task.Delay(s_lastWord, time));
            }

            if (await departed is Departure.Superseded || !exited.IsCompleted)
            {
                log.Say($"agent {agentId} is over, and process {process.Pid} runs on");
                return null;
            }
        }

        var report = await EndAsync(tree, stop);
        await hooked.ReportSubAgentsAsync(agentId, options.ReportTimeout);
        return departed.IsCompleted ? null : report;
    }

    /// <summary>
    /// Brings about the end that was asked for, or says which one came by itself. What a process leaves behind that ends by itself is left
    /// to whoever wanted it to outlive that, and is named.
    /// </summary>
    private async Task<ExitRequest> EndAsync(HeldTree tree, StopControl stop)
    {
        if (stop.Requested.IsCompleted)
        {
            var order = await stop.Requested;
            var unreached = await tree.StopAsync(order.Grace, stop.Hurry);
            var reason = WithLeft(order.Reason, unreached);
            log.Say(unreached.Count == 0
                ? $"process {process.Pid} is stopped, and all that came of it"
                : $"process {process.Pid}: {reason}");
            return new ExitRequest { Reason = reason };
        }

        stop.Abandon();
        var left = tree.Look();
        var behind = left.Count == 0 ? null : $"ended by itself; of what came of it {left.Count} still run: {Named(left)}";
        log.Say(behind is null ? $"process {process.Pid} has ended" : $"process {process.Pid} {behind}");
        return new ExitRequest { Reason = behind };
    }
}
