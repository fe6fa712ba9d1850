using SessionMesh.Cli.Output;
using SessionMesh.Cli.Run;
using SessionMesh.Client;
using SessionMesh.Client.Membership;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Hooks;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Attach;

/// <summary>
/// An agent that a hook of its own speaks for, in the process that is watched. The hook registers it, takes its steers and lets it stop at
/// the next event; the watcher keeps the lease, and ends the process where the hook does not. A process may be one agent after another.
/// </summary>
internal sealed class HookedLife(MeshClient client, RunLog log, TimeProvider time)
{
    /// <summary>What the watcher takes from the inbox: all else is for the hook.</summary>
    public static readonly IReadOnlyList<string> Verbs = [DirectiveVerb.Stop];

    private const int Page = 500;

    /// <summary>The program whose hooks do not tell of such an end.</summary>
    private const string ClaudeCode = "claude-code";

    private static readonly TimeSpan s_longestMargin = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(15);

    /// <summary>How the server's word that the incarnation is over is to be taken.</summary>
    /// <param name="exited">The end of the process: then it is no question any more.</param>
    public async Task<Departure> DepartureAsync(string agentId, int incarnation, SessionEnd end, Task exited)
    {
        if (end.IsSuperseded)
        {
            return Departure.Superseded;
        }

        var backoff = new Backoff(s_longestWait);
        while (!end.IsByKey && !exited.IsCompleted)
        {
            try
            {
                var agent = await client.AgentAsync(agentId);
                return agent.Incarnation != incarnation ? Departure.Superseded
                    : agent is { Status: AgentStatus.Dead, LastExit.Confirmed: true } ? Departure.Ended
                    : Departure.None;
            }
            catch (MeshException e) when (e.Status is 401 or 403 or 404)
            {
                log.Warn($"how agent {agentId} ended cannot be read: {ProblemText.WhyOf(e)}; its process is left alone");
                return Departure.Superseded;
            }
            catch (MeshException)
            {
                await Task.WhenAny(exited, Task.Delay(backoff.Next(), time));
            }
        }

        return Departure.None;
    }

    /// <summary>
    /// Leaves a stop to the hook: until the process has ended, the agent has, or so much of the grace is over that the rest is needed for
    /// TERM before KILL.
    /// </summary>
    /// <param name="over">Completes when either has ended.</param>
    /// <param name="hurry">The grace is over, or was cut short.</param>
    public async Task LeaveToHookAsync(TimeSpan grace, Task over, CancellationToken hurry)
    {
        var margin = grace / 4 < s_longestMargin ? grace / 4 : s_longestMargin;
        using var done = CancellationTokenSource.CreateLinkedTokenSource(hurry);
        if (grace > TimeSpan.Zero)
        {
            await Task.WhenAny(over, Task.Delay(grace - margin, time, done.Token));
            await done.CancelAsync();
        }
    }

    /// <summary>Tells the mesh that a person broke a turn off, as long as it may be told.</summary>
    public async Task TellInterruptionAsync(HookEvent interruption, CancellationToken cancellation)
    {
        var backoff = new Backoff(s_longestWait);
        while (true)
        {
            try
            {
                await client.SendAsync(MeshCall.Hook(ClaudeCode, interruption), cancellation);
                return;
            }
            catch (MeshException e) when (IsFinal(e))
            {
                log.Say($"that a turn was broken off was not taken: {ProblemText.WhyOf(e)}");
                return;
            }
            catch (MeshException)
            {
                await Task.Delay(backoff.Next(), time, cancellation);
            }
        }
    }

    /// <summary>
    /// Reports the ends of the sub-agents. They lived in the process, which has ended, under ids that begin with the agent's own and a dot;
    /// nobody else is left to say so. One that was killed by force is confirmed by this.
    /// </summary>
    public async Task ReportSubAgentsAsync(string agentId, TimeSpan atMost)
    {
        using var bound = new CancellationTokenSource(atMost, time);
        var backoff = new Backoff(s_longestWait);
        try
        {
            while (true)
            {
                try
                {
                    await ReportEachAsync(agentId, bound.Token);
                    return;
                }
                catch (MeshException e) when (IsFinal(e))
                {
                    log.Say($"the ends of what ran below agent {agentId} were not taken: {ProblemText.WhyOf(e)}");
                    return;
                }
                catch (MeshException)
                {
                    await Task.Delay(backoff.Next(), time, bound.Token);
                }
            }
        }
        catch (OperationCanceledException)
        {
            log.Warn($"what ran below agent {agentId} has ended with it, which the server was not told");
        }
    }

    private async Task ReportEachAsync(string agentId, CancellationToken cancellation)
    {
        var query = new AgentQuery { Subtree = agentId, Prefix = agentId + ".", Limit = Page };
        do
        {
            var page = await client.AgentsAsync(query, cancellation);
            foreach (var row in page.Sessions.Where(row => row.Incarnation > 0))
            {
                await ReportAsync(row, cancellation);
            }

            query = query with { Cursor = page.NextCursor };
        }
        while (query.Cursor is not null);
    }

    private async Task ReportAsync(AgentRow row, CancellationToken cancellation)
    {
        try
        {
            if (row.Status != AgentStatus.Dead
                || await client.AgentAsync(row.AgentId!, cancellation) is { LastExit.Confirmed: false })
            {
                var exit = new ExitRequest { Incarnation = row.Incarnation, Epoch = row.Epoch, Reason = "its process has ended" };
                await client.ExitAsync(row.AgentId!, exit, cancellation);
            }
        }
        catch (MeshException e) when (IsFinal(e))
        {
            log.Say($"the end of agent {row.AgentId} was not taken: {ProblemText.WhyOf(e)}");
        }
    }

    private static bool IsFinal(MeshException e) => e is { Failure: MeshFailure.Refused, Status: >= 400 and < 500 and not (408 or 429) };
}

/// <summary>Whether a process is no business of its watcher any more, though it may run.</summary>
internal enum Departure
{
    /// <summary>It is to be ended.</summary>
    None,

    /// <summary>The agent's own hook has said that the agent ended; its process may end now, or go on as another agent.</summary>
    Ended,

    /// <summary>Somebody else is the agent, or nobody is.</summary>
    Superseded,
}
