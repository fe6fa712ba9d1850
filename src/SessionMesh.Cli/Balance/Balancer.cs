using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Config.Rules;
using SessionMesh.Cli.Output;
using SessionMesh.Client;

namespace SessionMesh.Cli.Balance;

/// <summary>
/// Looks at the fleet at an interval, and does what the rules say. Of several with the same name one acts, see <see cref="Lease"/>.
/// </summary>
/// <param name="lease">Null in a dry run, which acts on nobody.</param>
internal sealed class Balancer(CommandContext context, IReadOnlyList<Rule> rules, Lease? lease, TimeSpan every)
{
    private static readonly TimeSpan s_shortest = TimeSpan.FromSeconds(1);

    /// <summary>A delay of less is none.</summary>
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(1);

    /// <summary>How soon it hears what it is told.</summary>
    private static readonly TimeSpan s_hearing = TimeSpan.FromSeconds(4);

    private readonly MeshClient _client = context.Client;
    private readonly TimeProvider _time = context.Host.Time;
    private readonly Backoff _backoff = new(every > s_shortest ? every : s_shortest);
    private readonly HashSet<string> _crowded = new(StringComparer.Ordinal);
    private IReadOnlyList<RuleWatch> _watches = [];
    private FleetSight _fleet = new([]);
    private WatchClock _clock = new(every);
    private readonly Dictionary<(string Rule, string AgentId, int Incarnation), DateTimeOffset> _unanswered = [];
    private string Rules => $"{rules.Count} {(rules.Count == 1 ? "rule" : "rules")}";
    private bool _isAway;
    private bool _saidWaiting;
    private bool _wasPaused;

    /// <summary>What was heard between two turns.</summary>
    private LeaseEnd? _ended;

    /// <summary>Whether the acts of those who had the lease before are known.</summary>
    private bool _isRecalled;

    /// <summary>Goes on until cancelled, or until somebody kills the agent that it is.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var reason = "interrupted";
        try
        {
            Begin(blindFrom: null);
            if (lease is null)
            {
                context.Note($"dry run of {Rules}, every {RuleCondition.Time(every.TotalSeconds)}: nothing is done");
            }

            while (true)
            {
                var began = _time.GetTimestamp();
                if (await TurnAsync(cancellation) is { } end)
                {
                    reason = end;
                    return;
                }

                await RestAsync(began, WaitAfter(), cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The ordinary end.
        }
        finally
        {
            if (lease is not null)
            {
                await lease.ReleaseAsync(reason);
            }
        }
    }

    /// <summary>
    /// While it waits for the lease it asks twice as often: a holder that is gone is replaced within its lease and half an interval.
    /// </summary>
    private TimeSpan WaitAfter() => _isAway ? _backoff.Next() : lease is { IsHeld: false } ? every / 2 : every;

    /// <summary>
    /// Waits for the next turn. Meanwhile it hears soon that it is to stop: well within the grace of a kill, so that its end is confirmed.
    /// </summary>
    private async Task RestAsync(long began, TimeSpan wait, CancellationToken cancellation)
    {
        while (wait - _time.GetElapsedTime(began) is var rest && rest >= s_tick)
        {
            await Task.Delay(rest < s_hearing ? rest : s_hearing, _time, cancellation);
            if (rest <= s_hearing || lease is not { IsHeld: true } || _isAway)
            {
                continue;
            }

            try
            {
                _ended = await lease.RenewAsync(cancellation);
                if (_ended is not null || lease.IsPaused != _wasPaused)
                {
                    return;
                }
            }
            catch (MeshException e) when (IsForNow(e))
            {
                // The next turn says so, if it finds nobody either.
            }
        }
    }

    /// <returns>Why all is over; null to go on.</returns>
    private async Task<string?> TurnAsync(CancellationToken cancellation)
    {
        try
        {
            if (lease is not null && await HoldAsync(lease, cancellation) is { } held)
            {
                Answered();
                return held.End;
            }

            await LookAsync(cancellation);
            Answered();
        }
        catch (MeshException e) when (IsForNow(e))
        {
            _clock.Gap();
            if (!_isAway)
            {
                var what = e.Failure is MeshFailure.Refused ? "the server refuses for now" : "the server does not answer";
                context.Note($"{what}: {ProblemText.Of(e)}; trying again, and nothing counts as held meanwhile");
            }

            _isAway = true;
        }

        return null;
    }

    private void Answered()
    {
        if (_isAway)
        {
            context.Note("the server answers again");
            _backoff.Reset();
        }

        _isAway = false;
    }

    /// <summary>Has the lease, or gets it.</summary>
    /// <returns>Null when it is ours and nothing keeps it from acting; else whether all is over.</returns>
    private async Task<NoTurn?> HoldAsync(Lease ours, CancellationToken cancellation)
    {
        if ((_ended ?? (ours.IsHeld ? await ours.RenewAsync(cancellation) : null)) is { } end)
        {
            _ended = null;
            context.Note(end.IsKilled ? $"{end.Why}; it ends" : $"the lease is lost: {end.Why}; waiting to be {ours.AgentId} again");
            if (end.IsKilled)
            {
                return new NoTurn("told to stop");
            }

            _saidWaiting = true;
        }

        if (!ours.IsHeld)
        {
            _isRecalled = false;
            if (await ours.AcquireAsync(cancellation) is { } why)
            {
                if (!_saidWaiting)
                {
                    context.Note($"waiting to be {ours.AgentId}: {why}");
                }

                _saidWaiting = true;
                return new NoTurn(null);
            }

            context.Note($"this is {ours.AgentId} now: {Rules}, every {RuleCondition.Time(every.TotalSeconds)}");
            _saidWaiting = false;
        }

        SayPaused(ours);
        if (!_isRecalled)
        {
            await RecallAsync(cancellation);
            _isRecalled = true;
        }

        return ours.IsPaused ? new NoTurn(null) : null;
    }

    /// <summary>Begins to watch. What was done before, by whomever, is in the audit.</summary>
    private async Task RecallAsync(CancellationToken cancellation)
    {
        var now = await NowAsync(cancellation);
        Begin(blindFrom: null);
        if (!await PastActs.RecallAsync(_client, _watches, now, every, cancellation))
        {
            Begin(blindFrom: now);
            context.Note("this key may not read the audit (audit:read), so nobody knows what the rules did before: "
                + "each begins with its cool-down");
        }
    }

    private void Begin(DateTimeOffset? blindFrom)
    {
        _watches = [.. rules.Select(rule => new RuleWatch(rule) { BlindFrom = blindFrom })];
        _fleet = new FleetSight(_watches);
        _clock = new WatchClock(every);
        _unanswered.Clear();
    }

    private async Task LookAsync(CancellationToken cancellation)
    {
        var look = _clock.At(await NowAsync(cancellation));
        await _fleet.LookAsync(_client, look, IsBalancer, cancellation);
        var taken = new HashSet<string>(StringComparer.Ordinal);
        foreach (var watch in _watches)
        {
            var proposals = watch.End(taken.Contains);
            SayCrowded(watch, proposals.Count);
            taken.UnionWith(proposals.Select(proposal => proposal.Agent.AgentId));
            if (proposals.Count > 0 && !await ActAsync(watch, proposals, look, cancellation))
            {
                return;
            }
        }
    }

    /// <returns>False when the lease is not sure any more: the rest is for whoever has it then.</returns>
    private async Task<bool> ActAsync(RuleWatch watch, IReadOnlyList<Proposal> proposals, Look look, CancellationToken cancellation)
    {
        foreach (var some in proposals.Chunk(Acting.AtOnce))
        {
            if (lease is null)
            {
                Say(watch, some.Select(proposal => new ActResult(proposal, ActResult.Planned)), look);
                continue;
            }

            if (await LeftAsync(lease, cancellation) is not { } left)
            {
                return false;
            }

            using var bound = new CancellationTokenSource(left, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellation);
            var (results, failure) = await Acting.DoAsync(_client, some, look.Now, _unanswered, either.Token);
            Say(watch, results, look);
            switch (failure)
            {
                case null:
                    break;
                case OperationCanceledException when !cancellation.IsCancellationRequested:
                    return false;
                default:
                    System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
                    break;
            }
        }

        return true;
    }

    /// <summary>For how long the lease is sure, renewed where much of it is gone; null where it is not.</summary>
    private async Task<TimeSpan?> LeftAsync(Lease held, CancellationToken cancellation)
    {
        if (held.Left < held.Whole / 2)
        {
            _ended = await held.RenewAsync(cancellation);
            if (_ended is not null || held.IsPaused)
            {
                return null;
            }
        }

        return held.Left is var left && left > TimeSpan.Zero ? left : null;
    }

    private void Say(RuleWatch watch, IEnumerable<ActResult> results, Look look)
    {
        foreach (var result in results)
        {
            if (result.Outcome is ActResult.Refused)
            {
                watch.Refused(result.Proposal.Agent);
            }
            else
            {
                watch.Acted(result.Proposal.Agent);
            }

            ActLines.Write(context, result, look.Now);
        }
    }

    private async Task<DateTimeOffset> NowAsync(CancellationToken cancellation) =>
        await _client.ServerTimeAsync(cancellation) ?? _time.GetUtcNow();

    private void SayPaused(Lease held)
    {
        if (held.IsPaused != _wasPaused)
        {
            context.Note(held.IsPaused ? $"{held.AgentId} is paused: it does nothing until it is resumed" : "resumed");
            _clock.Gap();
        }

        _wasPaused = held.IsPaused;
    }

    /// <summary>Said when it begins, and again when it has not been so in between.</summary>
    private void SayCrowded(RuleWatch watch, int acted)
    {
        if (watch.Due <= acted)
        {
            _crowded.Remove(watch.Rule.Name);
        }
        else if (_crowded.Add(watch.Rule.Name))
        {
            context.Note($"rule {watch.Rule.Name}: {watch.Due} agents are due, {watch.Rule.AtMost} an interval at most; "
                + "the worst come first");
        }
    }

    /// <summary>Balancers do not balance balancers.</summary>
    private static bool IsBalancer(string agentId) => agentId.StartsWith(Lease.Prefix, StringComparison.Ordinal);

    private static bool IsForNow(MeshException error) =>
        error.Failure is not MeshFailure.Refused || error.Status is 408 or 429 or >= 500;

    /// <summary>Why it does not act in this turn.</summary>
    /// <param name="End">Why all is over; null to go on.</param>
    private sealed record NoTurn(string? End);
}
