using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Balance;

/// <summary>
/// Which of several balancers acts: the one that is the agent <c>balance.NAME</c>. The mesh lets one at a time be it, in an incarnation of
/// its own, until it ends or its lease lapses; the others are told that it is alive. States: <b>waiting</b> (not that agent), <b>held</b>
/// (that agent; the lease is trusted from when it was asked for, less a margin, by this machine's clocks), <b>over</b> (told to stop).
/// </summary>
internal sealed class Lease(MeshClient client, string name, string? cluster, int ttl, string note, TimeProvider time)
{
    public const string Prefix = "balance.";

    private long _asked;
    private DateTimeOffset _askedAt;
    private AgentRegistration? _held;

    public string AgentId { get; } = Prefix + name;

    public bool IsHeld => _held is not null;

    /// <summary>Its length.</summary>
    public TimeSpan Whole { get; } = TimeSpan.FromSeconds(ttl);

    /// <summary>Somebody has paused it: it holds the lease, and does not act.</summary>
    public bool IsPaused { get; private set; }

    /// <summary>
    /// For how long nobody else can have the lease; never more than is left of it by either clock, since one stands still while the machine
    /// sleeps.
    /// </summary>
    public TimeSpan Left
    {
        get
        {
            var since = time.GetElapsedTime(_asked);
            var byWall = time.GetUtcNow() - _askedAt;
            var left = (Whole * 0.9) - (since > byWall ? since : byWall);
            return IsHeld && left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <returns>Null when it is ours; else who has it, in words.</returns>
    public async Task<string?> AcquireAsync(CancellationToken cancellation)
    {
        var (asked, askedAt) = (time.GetTimestamp(), time.GetUtcNow());
        try
        {
            var request = new RegisterAgentRequest { AgentId = AgentId, Ttl = ttl, Cluster = cluster };
            _held = await client.RegisterAsync(request, cancellation);
            (_asked, _askedAt, IsPaused) = (asked, askedAt, false);
            return null;
        }
        catch (MeshException e) when (e.Code is ErrorCodes.AlreadyAlive)
        {
            return "another balancer is";
        }
        catch (MeshException e) when (e.Code is ErrorCodes.Stopping or ErrorCodes.Tombstoned)
        {
            return $"it was killed a moment ago ({ProblemText.WhyOf(e)})";
        }
    }

    /// <summary>Renews it, and hears what it is told.</summary>
    /// <returns>Why it is over; null while it is held.</returns>
    public async Task<LeaseEnd?> RenewAsync(CancellationToken cancellation)
    {
        var (asked, askedAt) = (time.GetTimestamp(), time.GetUtcNow());
        try
        {
            var beat = new HeartbeatRequest
            {
                Incarnation = _held!.Incarnation,
                Epoch = _held.Epoch,
                Activity = IsPaused ? AgentActivity.Waiting : AgentActivity.Working,
                Note = note,
            };
            var answer = await client.HeartbeatAsync(AgentId, beat, cancellation);
            (_asked, _askedAt) = (asked, askedAt);
            foreach (var directive in answer.Directives.OrderBy(directive => directive.Seq))
            {
                if (directive.Verb is DirectiveVerb.Stop)
                {
                    return new LeaseEnd(
                        $"{AgentId} was told to stop{(directive.Message is { } why ? $": {why}" : "")}", IsKilled: true);
                }

                await ObeyAsync(directive, cancellation);
            }

            return null;
        }
        catch (MeshException e) when (e.Code is ErrorCodes.Tombstoned)
        {
            _held = null;
            return new LeaseEnd($"{AgentId} was killed", IsKilled: true);
        }
        catch (MeshException e) when (e.Failure is MeshFailure.Refused && e.Status is 404 or 409)
        {
            _held = null;
            return new LeaseEnd(
                e.Code switch
                {
                    ErrorCodes.Superseded => "it had lapsed, and another balancer took over",
                    ErrorCodes.Restored => "the mesh was restored",
                    _ => ProblemText.WhyOf(e),
                },
                IsKilled: false);
        }
    }

    /// <summary>Gives it up, so that another need not wait for it to lapse. The server's absence does no harm.</summary>
    public async Task ReleaseAsync(string reason)
    {
        if (_held is not { } held)
        {
            return;
        }

        _held = null;
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(5), time);
        try
        {
            await client.ExitAsync(
                AgentId,
                new ExitRequest { Incarnation = held.Incarnation, Epoch = held.Epoch, ExitCode = 0, Reason = reason },
                bound.Token);
        }
        catch (Exception e) when (e is MeshException or OperationCanceledException)
        {
            // It lapses by itself.
        }
    }

    private async Task ObeyAsync(Directive directive, CancellationToken cancellation)
    {
        var isKnown = directive.Verb is DirectiveVerb.Pause or DirectiveVerb.Resume;
        if (isKnown)
        {
            IsPaused = directive.Verb is DirectiveVerb.Pause;
        }

        try
        {
            var ack = new AckRequest
            {
                State = isKnown ? DirectiveState.Acknowledged : DirectiveState.Rejected,
                Note = isKnown ? null : "a balancer can be paused, resumed and killed",
                Incarnation = _held!.Incarnation,
                Epoch = _held.Epoch,
            };
            await client.AckAsync(AgentId, directive.Seq, ack, cancellation);
        }
        catch (MeshException e) when (e.Failure is MeshFailure.Refused && e.Status is 409)
        {
            // Over by now.
        }
    }
}

/// <summary>Why a lease is not held any more.</summary>
/// <param name="IsKilled">Somebody wants this process to end; else it waits to have the lease again.</param>
internal sealed record LeaseEnd(string Why, bool IsKilled);
