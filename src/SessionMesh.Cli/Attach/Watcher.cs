using SessionMesh.Cli.Output;
using SessionMesh.Cli.Run;
using SessionMesh.Cli.Run.Handlers;
using SessionMesh.Cli.Run.Membership;
using SessionMesh.Cli.Run.Process;
using SessionMesh.Client;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Errors;

namespace SessionMesh.Cli.Attach;

/// <summary>
/// Keeps a process under the mesh that somebody else started: its lease while it lives, its directives, and the report of its end.
/// </summary>
internal sealed class Watcher(
    MeshClient client, HeldProcess process, AttachRecord record, AttachOptions options, RunLog log, TimeProvider time)
{
    private const int MostNamed = 20;

    /// <summary>Registers the process, or finds the agent again that it is already.</summary>
    /// <returns>Null where it was to be stopped meanwhile, and is: then its end is reported.</returns>
    /// <exception cref="MeshException">It was not registered; the process runs on.</exception>
    public async Task<AgentSession?> JoinAsync(CancellationToken cancellation)
    {
        var request = options.Agent;
        if (record.Last is { } last && (request.AgentId is null || request.AgentId == last.AgentId))
        {
            request = request with { AgentId = last.AgentId };
            try
            {
                return Joined(request, await client.RegisterAsync(request with { Incarnation = last.Incarnation }, cancellation));
            }
            catch (MeshException e) when (e.Code is ErrorCodes.Tombstoned)
            {
                await ObeyAsync(last.AgentId, last.Incarnation, cancellation);
                return null;
            }
            catch (MeshException e) when (e.Code is ErrorCodes.AgentNotFound or ErrorCodes.NoSession or ErrorCodes.UnknownIncarnation
                or ErrorCodes.Superseded or ErrorCodes.NotAlive)
            {
                log.Say($"incarnation {last.Incarnation} of agent {last.AgentId} is over: {ProblemText.WhyOf(e)}");
            }
        }

        return Joined(request, await client.RegisterAsync(request, cancellation));
    }

    /// <summary>Watches until the process has ended or was stopped, and its end was reported as far as could be.</summary>
    /// <exception cref="OperationCanceledException">Nobody is to watch any more; the process runs on.</exception>
    public async Task RunAsync(AgentSession session, Dictionary<string, string?>? environment, CancellationToken cancellation)
    {
        using var tree = new HeldTree(process, time);
        using var stop = new StopControl(time);
        using var over = new CancellationTokenSource();
        var dispatcher = new DirectiveDispatcher(Handler(tree, environment), tree, stop, options.Grace, session.Ack, log);
        var exited = process.ExitAsync();
        var watching = tree.WatchAsync(over.Token);
        var keeping = session.RunAsync(over.Token);
        var dispatching = dispatcher.RunAsync(session.Directives, over.Token);
        _ = ObeyEndAsync(session, stop);
        ExitRequest report;
        try
        {
            await Task.WhenAny(exited, stop.Requested).WaitAsync(cancellation);
            report = await EndAsync(tree, stop);
        }
        finally
        {
            // The report ends the session: what keeps the session must stop first, or it would take that end for a kill.
            await over.CancelAsync();
            await Task.WhenAll(watching, keeping, dispatching);
        }

        dispatcher.AcknowledgeStops();
        record.Delete();
        if (session.Ended is { IsCompletedSuccessfully: true } ended && (await ended).IsSuperseded)
        {
            return;
        }

        if (await session.ReportExitAsync(report, options.ReportTimeout, cancellation) != ReportOutcome.Told)
        {
            log.Warn($"process {process.Pid} has ended, which the server was not told");
        }
    }

    private AgentSession Joined(RegisterAgentRequest request, AgentRegistration registration)
    {
        var session = new AgentSession(client, request with { AgentId = registration.AgentId }, registration, log, time);
        record.Write(client.Options.BaseUrl, session.AgentId, session.Incarnation);
        log.Say($"agent {session.AgentId}, incarnation {session.Incarnation}, process {process.Pid}");
        return session;
    }

    /// <summary>The agent was killed while nobody watched its process.</summary>
    private async Task ObeyAsync(string agentId, int incarnation, CancellationToken cancellation)
    {
        log.Warn($"agent {agentId} was killed while nobody watched process {process.Pid}; ending it");
        using var tree = new HeldTree(process, time);
        await tree.StopAsync(TimeSpan.Zero, cancellation);
        await client.ExitAsync(agentId, new ExitRequest { Incarnation = incarnation, Reason = "killed by force" }, cancellation);
        record.Delete();
    }

    private ISteerHandler Handler(HeldTree tree, Dictionary<string, string?>? environment) => options switch
    {
        { OnSteer: { } command } =>
            new OnSteerHandler(command, ChildReaper.Shared, tree, environment ?? [], options.SteerTimeout, time),
        { SteerFile: { } file } => new SteerFileHandler(file),
        _ => new NoSteerHandler(),
    };

    private async Task ObeyEndAsync(AgentSession session, StopControl stop)
    {
        var end = await session.Ended;
        log.Warn(end.Detail);
        stop.Request(new PendingStop(end.Demand == EndDemand.Kill ? TimeSpan.Zero : options.Grace, end.Reason));
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
            await tree.StopAsync(order.Grace, stop.Hurry);
            log.Say($"process {process.Pid} is stopped, and all that came of it");
            return new ExitRequest { Reason = order.Reason };
        }

        stop.Abandon();
        var left = tree.Look();
        var named = string.Join(", ", left.Take(MostNamed).Select(held => held.Pid)) + (left.Count > MostNamed ? ", …" : "");
        var behind = left.Count == 0 ? null : $"ended by itself; of what came of it {left.Count} still run: {named}";
        log.Say(behind is null ? $"process {process.Pid} has ended" : $"process {process.Pid} {behind}");
        return new ExitRequest { Reason = behind };
    }
}
