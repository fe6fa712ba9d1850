using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Client.Streams;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Simulate;

/// <summary>
/// Speaks for the agents over HTTP, with a bounded number of calls under way. A call that fails is counted and the play
/// goes on. Thread-safe.
/// </summary>
internal sealed class Player(MeshClient client, SimulateOptions options, Tally tally, TimeProvider time) : IDisposable
{
    /// <summary>The most beats whose body stays well within what the server takes.</summary>
    public const int BatchSize = 250;

    private readonly SemaphoreSlim _calls = new(options.Concurrency);

    /// <summary>Seconds of an agent's lease and between its beats, as the server last said.</summary>
    private int _beatSeconds = options.BeatSeconds ?? 20;

    public int BeatSeconds => Volatile.Read(ref _beatSeconds);

    /// <summary>A promise that a stuck agent breaks.</summary>
    private int ProgressInterval => Math.Max(10, BeatSeconds * 3);

    public void Dispose() => _calls.Dispose();

    /// <summary>False when the server refused it; throws nothing but on cancel.</summary>
    public async Task<bool> RegisterAsync(SimulatedAgent agent, CancellationToken cancellation)
    {
        var answer = await CallAsync(c => client.RegisterAsync(RegistrationOf(agent), c), cancellation);
        if (answer is null)
        {
            return false;
        }

        if (options.BeatSeconds is null)
        {
            Volatile.Write(ref _beatSeconds, Math.Max(1, answer.Ttl / 3));
        }

        if (agent.Begin(answer.Incarnation))
        {
            tally.Register();
        }

        return true;
    }

    public RegisterAgentRequest RegistrationOf(SimulatedAgent agent) => new()
    {
        AgentId = agent.Id,
        ParentId = agent.ParentId,
        Cluster = agent.Cluster,
        Specializations = [.. agent.Specializations],
        Labels = new Dictionary<string, string> { ["simulated"] = options.Prefix },
        Ttl = options.BeatSeconds is { } beat ? Math.Clamp(beat * 3, Contracts.Limits.MinAgentTtl, Contracts.Limits.MaxAgentTtl) : null,
    };

    /// <summary>Many agents' beats in one call; then what the answer says waits for them.</summary>
    public async Task BeatAsync(IReadOnlyList<SimulatedAgent> agents, CancellationToken cancellation)
    {
        var reports = agents.Select(agent => (agent, Report: agent.Beat(ProgressInterval))).ToList();
        var answer = await CallAsync(
            c => client.HeartbeatsAsync(reports.Select(at => new BulkHeartbeat(at.agent.Id, at.Report)), c), cancellation);
        if (answer is null)
        {
            foreach (var (agent, report) in reports)
            {
                agent.Keep(report.Acks);
            }

            return;
        }

        tally.Beat(answer.Accepted);
        CountAnswers(reports.SelectMany(at => at.Report.Acks ?? []));
        if (answer.Refused.Count == 0 && answer.Pending.Count == 0)
        {
            return;
        }

        var byId = agents.ToDictionary(agent => agent.Id);
        tally.Refuse(answer.Refused.Count);
        foreach (var refused in answer.Refused)
        {
            if (byId.TryGetValue(refused.AgentId, out var agent))
            {
                await RefusedAsync(agent, refused.Code, cancellation);
            }
        }

        foreach (var id in answer.Pending)
        {
            if (byId.TryGetValue(id, out var agent))
            {
                await FetchAsync(agent, cancellation);
            }
        }
    }

    /// <summary>One agent's beat by itself. Its answer carries what waits.</summary>
    public async Task BeatAsync(SimulatedAgent agent, CancellationToken cancellation)
    {
        var report = agent.Beat(ProgressInterval);
        string? refusal = null;
        var answer = await CallAsync(c => client.HeartbeatAsync(agent.Id, report, c), cancellation, code => refusal = code);
        if (answer is null)
        {
            agent.Keep(report.Acks);
            if (refusal is not null)
            {
                tally.Refuse(1);
                await RefusedAsync(agent, refusal, cancellation);
            }

            return;
        }

        tally.Beat(1);
        CountAnswers(report.Acks ?? []);
        foreach (var directive in answer.Directives)
        {
            await HearAsync(agent, directive, cancellation);
        }
    }

    /// <summary>Reads an agent's stream until it is over.</summary>
    public async Task ListenAsync(SimulatedAgent agent, CancellationToken cancellation)
    {
        try
        {
            await foreach (var directive in new DirectiveStream(client, agent.Id).ReadAsync(cancellation))
            {
                await HearAsync(agent, directive, cancellation);
                if (!agent.Lives)
                {
                    return;
                }
            }
        }
        catch (MeshException e)
        {
            tally.Fail(ProblemText.WhyOf(e));
        }
    }

    /// <summary>The agent ends and says so.</summary>
    public async Task ExitAsync(SimulatedAgent agent, ExitRequest report, CancellationToken cancellation)
    {
        if (!End(agent))
        {
            return;
        }

        if (await CallAsync(c => client.ExitAsync(agent.Id, report with { Incarnation = agent.Incarnation }, c), cancellation) is not null)
        {
            tally.Exit();
        }
    }

    private async Task HearAsync(SimulatedAgent agent, Directive directive, CancellationToken cancellation)
    {
        var before = agent.LastSeq;
        var (reaction, answer) = agent.Hear(directive);
        if (agent.LastSeq != before)
        {
            tally.Hear();
        }

        if (reaction == Reaction.Exit)
        {
            await ExitAsync(agent, new ExitRequest { ExitCode = 0, Reason = "stopped by directive" }, cancellation);
        }
        else if (answer is not null && await CallAsync(c => client.AckAsync(agent.Id, directive.Seq, answer, c), cancellation) is not null)
        {
            tally.Answer(answer.State == DirectiveState.Acknowledged);
        }
    }

    /// <summary>
    /// Directives wait for an agent that beats in a batch. What it has heard and not answered stays pending: ask again less and less.
    /// </summary>
    private async Task FetchAsync(SimulatedAgent agent, CancellationToken cancellation)
    {
        if (agent.FetchNotBefore-- > 0)
        {
            return;
        }

        var list = await CallAsync(c => client.DirectivesAsync(agent.Id, agent.LastSeq, cancellation: c), cancellation);
        agent.FetchNotBefore = list is { Directives.Count: > 0 } ? 0 : 3;
        foreach (var directive in list?.Directives ?? [])
        {
            await HearAsync(agent, directive, cancellation);
        }
    }

    private async Task RefusedAsync(SimulatedAgent agent, string code, CancellationToken cancellation)
    {
        switch (code)
        {
            case ErrorCodes.Tombstoned:
                await ExitAsync(agent, new ExitRequest { Signal = "KILL", Reason = code }, cancellation);
                break;
            case ErrorCodes.Superseded or ErrorCodes.NoSession:
                End(agent);
                break;
            case ErrorCodes.AgentNotFound or ErrorCodes.UnknownIncarnation:
                await RegisterAsync(agent, cancellation);
                break;
            default:
                break;
        }
    }

    private bool End(SimulatedAgent agent)
    {
        if (!agent.End())
        {
            return false;
        }

        tally.End();
        return true;
    }

    private void CountAnswers(IEnumerable<HeartbeatAck> acks)
    {
        foreach (var ack in acks)
        {
            tally.Answer(ack.State == DirectiveState.Acknowledged);
        }
    }

    /// <summary>Null when the call failed: counted, and passed to <paramref name="refused"/> where the server gave a code.</summary>
    private async Task<T?> CallAsync<T>(
        Func<CancellationToken, Task<T>> call, CancellationToken cancellation, Action<string>? refused = null)
        where T : class
    {
        await _calls.WaitAsync(cancellation);
        try
        {
            return await call(cancellation);
        }
        catch (MeshException e) when (refused is not null && e.Status == 409)
        {
            refused(e.Code ?? "");
            return null;
        }
        catch (MeshException e)
        {
            tally.Fail(ProblemText.WhyOf(e));

            // A server in trouble is not helped by all of us asking again at once.
            if (e.Failure == MeshFailure.Unreachable)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), time, cancellation);
            }

            return null;
        }
        finally
        {
            _calls.Release();
        }
    }
}
