using SessionMesh.Cli.Output;
using SessionMesh.Cli.Run.Kept;
using SessionMesh.Cli.Run.Orphans;
using SessionMesh.Cli.Run.Process;
using SessionMesh.Client;
using SessionMesh.Client.Membership;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Run;

/// <summary>Puts one command under the mesh and sees it through, over as many lives as it was asked to give it.</summary>
internal sealed class Runner(MeshClient client, RunOptions options, RunLog log, TimeProvider time)
{
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(60);

    /// <summary>The last child's exit code, or 128 plus the signal that ended it.</summary>
    /// <exception cref="MeshException">It could not be registered or got no key; nothing was started.</exception>
    /// <exception cref="SpawnException">It could not be started; its end was reported.</exception>
    /// <exception cref="Hosting.CommandException">Processes of an earlier runner are left, and were to be respected or did not
    /// end.</exception>
    public async Task<int> RunAsync()
    {
        var request = await new OrphanGate(client, options, log, time).PassAsync(new RegisterAgentRequest
        {
            AgentId = options.AgentId,
            ParentId = options.ParentId,
            Cluster = options.Cluster,
            Specializations = options.Specializations.Count == 0 ? null : options.Specializations,
            Labels = options.Labels.Count == 0 ? null : options.Labels,
            Ttl = options.TtlSeconds,
        });
        using var adoption = ChildReaper.Shared.AdoptOrphans();
        using var signals = new RunSignals(ChildReaper.Shared);
        var restarts = new Restarts(options.Restart, options.RestartDelay, log);

        var life = await AgentLife.BeginAsync(client, request, options, signals, log, time);
        request = request with { AgentId = life.Session.AgentId, Takeover = null };
        using var keeper = options is { KeepOutput: { } size, Kept: { } kept }
            ? KeptWriter.Open(kept, client.Options.BaseUrl, life.Session.AgentId, size, log, time)
            : null;
        var end = await life.RunAsync(keeper);
        while (restarts.After(end) is { } wait)
        {
            if (await NextLifeAsync(request, life.Session, end, wait, signals) is not { } next)
            {
                break;
            }

            life = next;
            end = await RunAgainAsync(life, keeper);
        }

        if (end.EndedByKey)
        {
            JobControl.PassOnInterrupt();
        }

        return end.Exit.ShellCode;
    }

    private AgentLife? Stopped()
    {
        log.Say("it was stopped meanwhile; not started again");
        return null;
    }

    /// <summary>A command that has started before and now cannot (it is being replaced) is one more failure, not the end.</summary>
    private async Task<LifeEnd> RunAgainAsync(AgentLife life, KeptWriter? keeper)
    {
        try
        {
            return await life.RunAsync(keeper);
        }
        catch (SpawnException e)
        {
            log.Warn(e.Message);
            return new LifeEnd(ExitStatus.Exited(e.ShellCode), TimeSpan.Zero, IsWished: false, EndedByKey: false, Untold: null);
        }
    }

    /// <summary>
    /// Waits, then registers the next incarnation, for as long as it takes a server that is away to come back. Null when
    /// there is to be none: we were asked to end, or the server refused.
    /// </summary>
    private async Task<AgentLife?> NextLifeAsync(
        RegisterAgentRequest request, AgentSession last, LifeEnd end, TimeSpan wait, RunSignals signals)
    {
        var backoff = new Backoff(s_longestWait);
        var untold = end.Untold;
        try
        {
            while (true)
            {
                await Task.Delay(wait, time, signals.Leaving);
                wait = backoff.Next();
                try
                {
                    if (untold is not null)
                    {
                        // Until the server has the report, it takes the last incarnation for alive and refuses the next one.
                        // While it was away somebody may have stopped or killed that incarnation, and the report would clear that.
                        if (await last.IsToldToStopAsync(signals.Leaving) is not { } isStopped)
                        {
                            continue;
                        }

                        if (await last.ReportExitAsync(untold, options.ReportTimeout, signals.Leaving) == ReportOutcome.NoAnswer)
                        {
                            continue;
                        }

                        if (isStopped)
                        {
                            return Stopped();
                        }

                        untold = null;
                    }

                    var next = await AgentLife.BeginAsync(client, request, options, signals, log, time, isAgain: true);
                    if (!signals.Leaving.IsCancellationRequested)
                    {
                        return next;
                    }

                    await next.AbandonAsync();
                    return null;
                }
                catch (MeshException e) when (e.Failure != MeshFailure.Refused || e.Status is 408 or 429 or >= 500)
                {
                    log.Warn($"not started again yet: {ProblemText.WhyOf(e)}");
                }
            }
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        catch (MeshException e)
        {
            log.Warn($"not started again: {ProblemText.WhyOf(e)}");
            return null;
        }
    }
}
