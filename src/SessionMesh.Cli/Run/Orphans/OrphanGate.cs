using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Run.Process;
using SessionMesh.Client;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Run.Orphans;

/// <summary><c>--orphans</c>: what to do with processes that a runner, now gone, has left.</summary>
internal enum OrphanAnswer
{
    /// <summary>Start nothing beside them.</summary>
    Refuse,

    /// <summary>End them first, and report their end.</summary>
    Kill,

    /// <summary>Start beside them.</summary>
    Leave,
}

/// <summary>
/// What a runner passes before it registers: are processes left of an earlier life of this agent, whose runner was
/// killed? They are no longer steered and nobody would report their end, so they are never passed over in silence.
/// </summary>
internal sealed class OrphanGate(MeshClient client, RunOptions options, RunLog log, TimeProvider time)
{
    /// <summary>The reason that the exit report gives.</summary>
    public const string Reason = "orphan ended by the next runner";

    private const int MostShown = 20;
    private const int CommandLength = 100;

    /// <summary>For how long KILL is repeated; only a process inside the kernel takes longer.</summary>
    private static readonly TimeSpan s_killBound = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan s_between = TimeSpan.FromMilliseconds(50);

    /// <summary>The registration to make, changed where what was left asks for it.</summary>
    /// <exception cref="CommandException">Conflict: processes are left, and no option says what to do; or they did not end.</exception>
    /// <exception cref="MeshException">They were ended, and that could not be reported.</exception>
    public async Task<RegisterAgentRequest> PassAsync(RegisterAgentRequest request)
    {
        if (request.AgentId is not { } agentId)
        {
            return request;
        }

        var search = new OrphanSearch(agentId, client.Options.BaseUrl);
        var found = search.Find();
        if (found.Count == 0)
        {
            return request;
        }

        Show(agentId, found);
        switch (options.Orphans)
        {
            case OrphanAnswer.Leave:
                return request with { Takeover = await IsStillTheirsAsync(agentId, found) ? true : null };
            case OrphanAnswer.Kill:
                if (search.MetOurselves)
                {
                    throw Conflict(
                        $"this very process was started by what is left of agent {agentId}, and cannot see its end",
                        "the same command from another shell");
                }

                var incarnations = await EndAsync(agentId, search, found);
                await ReportAsync(agentId, incarnations);
                return request;
            default:
                throw Conflict(
                    $"processes of agent {agentId} are left from a runner that is gone; a second one beside them might do its work twice",
                    "--orphans kill to end them first, or --orphans leave to start beside them");
        }
    }

    private void Show(string agentId, List<Orphan> found)
    {
        log.Warn($"the runner of agent {agentId} is gone, but what it started still runs, {Processes(found.Count)}:");
        foreach (var orphan in found.Take(MostShown))
        {
            log.Warn($"  {Describe(orphan)}");
        }

        if (found.Count > MostShown)
        {
            log.Warn($"  and {found.Count - MostShown} more");
        }
    }

    private static string Processes(int count) => count == 1 ? "1 process" : $"{count} processes";

    private static string Describe(Orphan orphan)
    {
        var command = Secrets.Redact(ProcFs.CommandLine(orphan.Process.Pid) ?? "?");
        if (command.Length > CommandLength)
        {
            command = command[..CommandLength] + "…";
        }

        var since = ProcFs.StartedAt(orphan.Process) is { } at ? $", since {at:yyyy-MM-ddTHH:mm:ssZ}" : "";
        return $"process {orphan.Process.Pid}, incarnation {orphan.Incarnation}{since}: {command}";
    }

    /// <summary>TERM, the grace, KILL. Returns which incarnations they were, once nothing of them is left.</summary>
    private async Task<SortedSet<int>> EndAsync(string agentId, OrphanSearch search, List<Orphan> found)
    {
        var incarnations = new SortedSet<int>();
        var ended = new HashSet<(int, ulong)>();
        var began = time.GetTimestamp();
        var empty = 0;
        while (true)
        {
            Note(found);
            if (time.GetElapsedTime(began) >= options.Grace)
            {
                Signal(found, Signals.Kill);
            }
            else
            {
                Ask(found);
            }

            await Task.Delay(s_between, time);
            found = search.Find();

            // One walk of the table may miss a child born behind it.
            empty = found.Count == 0 ? empty + 1 : 0;
            if (empty == 2)
            {
                break;
            }

            if (time.GetElapsedTime(began) > options.Grace + s_killBound)
            {
                Show(agentId, found);
                throw Conflict(
                    $"what is left of agent {agentId} did not end",
                    "look at these processes; one inside the kernel ends when it comes out");
            }
        }

        log.Warn($"ended {Processes(ended.Count)} left of agent {agentId}");
        return incarnations;

        void Note(List<Orphan> seen)
        {
            foreach (var orphan in seen)
            {
                incarnations.Add(orphan.Incarnation);
            }
        }

        // TERM once each; a stopped process takes it only when it runs again.
        void Ask(List<Orphan> seen)
        {
            Signal(seen.FindAll(orphan => ended.Add((orphan.Process.Pid, orphan.Process.StartTime))), Signals.Term);
            Signal(seen.FindAll(orphan => orphan.Process.IsStopped), Signals.Cont);
        }

        void Signal(List<Orphan> seen, int signal)
        {
            foreach (var orphan in seen)
            {
                ended.Add((orphan.Process.Pid, orphan.Process.StartTime));
                ProcessHandle.Signal(orphan.Process, signal);
            }
        }
    }

    /// <summary>
    /// The proof that frees the agent: the server may still think it alive. The server ignores an incarnation older than the one it knows.
    /// </summary>
    private async Task ReportAsync(string agentId, SortedSet<int> incarnations)
    {
        foreach (var incarnation in incarnations)
        {
            try
            {
                await client.ExitAsync(agentId, new ExitRequest { Incarnation = incarnation, Reason = Reason });
            }
            catch (MeshException e) when (e.Status is 404 or 409)
            {
                log.Say($"the end of incarnation {incarnation} was not taken: {ProblemText.WhyOf(e)}");
            }
        }
    }

    /// <summary>
    /// Whether the incarnation that the server knows is that of the processes left. Nobody keeps it any more, so it may be
    /// taken over; one that lives elsewhere may not.
    /// </summary>
    private async Task<bool> IsStillTheirsAsync(string agentId, List<Orphan> found)
    {
        try
        {
            var agent = await client.AgentAsync(agentId);
            return found.Exists(orphan => orphan.Incarnation == agent.Incarnation);
        }
        catch (MeshException e) when (e.Failure == MeshFailure.Refused)
        {
            return false;
        }
    }

    private static CommandException Conflict(string why, string next) => new(ExitCodes.Conflict, why, next);
}
