using System.Threading.Channels;
using SessionMesh.Client.Streams;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Client.Membership;

/// <summary>
/// One process as one agent, kept alive: beats when the server asks for it, reads the stream of directives, sends
/// acks, reports the exit. The server's absence ends nothing: beating and reading go on with backoff, and acks wait. A mesh
/// that was restored ends nothing either: see <see cref="Rejoining"/>.
/// </summary>
/// <remarks>
/// A directive may come by the stream, by the answer to a heartbeat, or both. Within a tenure sequence numbers only grow and both
/// ways carry all that is pending in order, so what is not above the last one seen has been seen. Thread-safe.
/// </remarks>
internal sealed class AgentSession
{
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(15);

    private readonly MeshClient _client;
    private readonly Rejoining _rejoining;
    private readonly IReadOnlyList<string>? _verbs;
    private readonly ISessionLog _log;
    private readonly TimeProvider _time;
    private readonly AckOutbox _acks = new();
    private readonly VitalSigns _vitals;
    private readonly Channel<Directive> _directives = Channel.CreateUnbounded<Directive>(new() { SingleReader = true });
    private readonly TaskCompletionSource<SessionEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();

    /// <summary>Handed out in the present tenure and without a final answer; compared by reference.</summary>
    private readonly HashSet<Directive> _open = new(ReferenceEqualityComparer.Instance);
    private Tenure _tenure;
    private long _lastSeq;
    private int _nextBeat;
    private string? _trouble;
    private volatile string _meanwhile;

    /// <param name="registration">The server's answer to <paramref name="request"/>: the incarnation to keep.</param>
    /// <param name="verbs">Which directives are for us; null for all. The others stay for another listener.</param>
    public AgentSession(
        MeshClient client, RegisterAgentRequest request, AgentRegistration registration, ISessionLog log, TimeProvider time,
        IReadOnlyList<string>? verbs = null)
    {
        _client = client;
        _verbs = verbs;
        _log = log;
        _meanwhile = $"the process keeps running, and {log.Keeper} keeps trying";
        _time = time;
        _vitals = new VitalSigns(time);
        AgentId = registration.AgentId ?? throw new ArgumentException("a registration without an agent", nameof(registration));
        _tenure = new Tenure(registration);
        _nextBeat = registration.NextHeartbeatIn;
        _rejoining = new Rejoining(client, request with { AgentId = AgentId }, _tenure, log);
    }

    public string AgentId { get; }

    public int Incarnation => Current.Incarnation;

    private Tenure Current => Volatile.Read(ref _tenure);

    /// <summary>Each directive once in a tenure, in order. Bounded by the server, which keeps at most an inbox of them.</summary>
    public ChannelReader<Directive> Directives => _directives.Reader;

    /// <summary>Completes when the server says that this incarnation is over.</summary>
    public Task<SessionEnd> Ended => _ended.Task;

    /// <summary>Keeps the session until cancelled. Does not throw.</summary>
    public Task RunAsync(CancellationToken cancellation) => Task.WhenAll(BeatAsync(cancellation), ListenAsync(cancellation));

    /// <summary>
    /// Answers for a directive. Sent at once if that can be, else with the next heartbeat that arrives. Not sent when the mesh was
    /// restored since: another directive may have its number there, and that one was not done.
    /// </summary>
    public void Ack(Directive directive, string state, string? note)
    {
        lock (_gate)
        {
            if (!_open.Contains(directive))
            {
                _log.Say($"the answer to directive {directive.Seq} is not sent: the mesh was restored since");
                return;
            }

            if (state != DirectiveState.Accepted)
            {
                _open.Remove(directive);
            }

            _acks.Add(directive.Seq, state, note);
        }

        _ = FlushAsync(CancellationToken.None);
    }

    /// <summary>Whether that directive is of the present tenure and has no final answer.</summary>
    public bool IsOpen(Directive directive)
    {
        lock (_gate)
        {
            return _open.Contains(directive);
        }
    }

    /// <inheritdoc cref="VitalSigns.Report"/>
    public void Report(HeartbeatRequest vitals) => _vitals.Report(vitals);

    /// <summary>
    /// Whether a stop waits that this side has not heard of, or the incarnation was ended by force: asked before the exit is
    /// reported, which clears both away. Null when the server does not answer.
    /// </summary>
    public async Task<bool?> IsToldToStopAsync(CancellationToken cancellation)
    {
        while (Directives.TryRead(out var directive))
        {
            if (directive.Verb == DirectiveVerb.Stop)
            {
                return true;
            }
        }

        try
        {
            var pending = await _client.DirectivesAsync(AgentId, verbs: [DirectiveVerb.Stop], cancellation: cancellation);
            return pending.Directives.Any(directive => directive.Verb == DirectiveVerb.Stop);
        }
        catch (MeshException e)
        {
            return SessionEnd.Of(e.Code, _log.WhyOf(e)) is not null ? true : e.Failure == MeshFailure.Refused ? false : null;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>
    /// Reports that the process is gone, which is the proof of it. Tries until the server has taken it or the bound is
    /// over. A server that does not want to know (another incarnation has taken over) counts as told.
    /// </summary>
    public async Task<ReportOutcome> ReportExitAsync(ExitRequest report, TimeSpan atMost, CancellationToken cancellation)
    {
        using var bound = new CancellationTokenSource(atMost, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellation);
        var backoff = new Backoff(s_longestWait);
        _meanwhile = $"the process has ended; {_log.Keeper} tries for {atMost.TotalSeconds:0} s to report it";
        try
        {
            while (true)
            {
                await FlushAsync(either.Token).WaitAsync(either.Token);
                var tenure = Current;
                try
                {
                    await _client.ExitAsync(AgentId, report with { Incarnation = tenure.Incarnation, Epoch = tenure.Epoch }, either.Token);
                    return ReportOutcome.Told;
                }
                catch (MeshException e) when (e.Code == ErrorCodes.Restored)
                {
                    // Proof for a mesh that knows the process, and nothing to say to one that does not.
                    if (await RejoinAsync(tenure, isOver: true, either.Token) && ReferenceEquals(Current, tenure))
                    {
                        _log.Say($"the exit was not taken: {_log.WhyOf(e)}");
                        return ReportOutcome.Told;
                    }

                    if (!ReferenceEquals(Current, tenure))
                    {
                        continue;
                    }
                }
                catch (MeshException e) when (IsFinal(e))
                {
                    _log.Say($"the exit was not taken: {_log.WhyOf(e)}");
                    return ReportOutcome.Told;
                }
                catch (MeshException e)
                {
                    Trouble(e);
                    if (e.Status is 401 or 403)
                    {
                        return ReportOutcome.Refused;
                    }
                }

                await Task.Delay(backoff.Next(), _time, either.Token);
            }
        }
        catch (OperationCanceledException)
        {
            return ReportOutcome.NoAnswer;
        }
    }

    private async Task BeatAsync(CancellationToken cancellation)
    {
        var backoff = new Backoff(s_longestWait);
        try
        {
            while (true)
            {
                await _vitals.WaitAsync(TimeSpan.FromSeconds(Math.Max(1, _nextBeat)), cancellation);
                while (!await BeatOnceAsync(cancellation))
                {
                    await Task.Delay(backoff.Next(), _time, cancellation);
                }

                backoff.Reset();
            }
        }
        catch (OperationCanceledException)
        {
            // The session is being closed.
        }
    }

    /// <summary>False when it must be tried again sooner than the next beat is due.</summary>
    private async Task<bool> BeatOnceAsync(CancellationToken cancellation)
    {
        Tenure tenure;
        IReadOnlyList<HeartbeatAck>? acks;
        lock (_gate)
        {
            (tenure, acks) = (_tenure, _acks.Peek());
        }

        var vitals = _vitals.Take();
        try
        {
            var beat = vitals with { Incarnation = tenure.Incarnation, Epoch = tenure.Epoch, Acks = acks, Verbs = _verbs };
            var answer = await _client.HeartbeatAsync(AgentId, beat, cancellation);
            tenure.Learn(answer.Epoch);
            _acks.Remove(acks ?? []);
            foreach (var refused in answer.RefusedAcks ?? [])
            {
                _log.Say($"the answer to directive {refused.Seq} was not taken: {refused.Detail}");
            }

            _nextBeat = answer.NextHeartbeatIn;
            Recovered();
            foreach (var directive in answer.Directives.OrderBy(directive => directive.Seq))
            {
                Offer(directive, tenure);
            }

            return true;
        }
        catch (MeshException e) when (SessionEnd.Of(e.Code, _log.WhyOf(e)) is { } end)
        {
            await EndAsync(end, tenure, cancellation);
            return true;
        }
        catch (MeshException e) when (Rejoining.IsCalledForBy(e.Code))
        {
            return await RejoinAsync(tenure, isOver: false, cancellation);
        }
        catch (MeshException e)
        {
            Trouble(e);

            // A beat refused for its content would be refused forever: drop the acks and what was reported, keep the lease.
            if (e.Status == 400)
            {
                _acks.Remove(acks ?? []);
                _vitals.Forget(vitals);
            }

            return false;
        }
    }

    /// <summary>
    /// The mesh was restored, or does not know us: the process is still there, so say so again. False when it must be tried again.
    /// </summary>
    /// <param name="refused">What was spoken under; another tenure by now means that this is done.</param>
    /// <param name="isOver">The process has ended: look only whether the mesh knows it, begin nothing.</param>
    private async Task<bool> RejoinAsync(Tenure refused, bool isOver, CancellationToken cancellation)
    {
        using var turn = await _rejoining.EnterAsync(cancellation);
        if (!ReferenceEquals(Current, refused))
        {
            return true;
        }

        try
        {
            switch (await _rejoining.TryAsync(isOver, cancellation))
            {
                case { Registration: { } registration } joined:
                    Begin(registration, joined.Tenure!);
                    if (!isOver)
                    {
                        Say(joined, refused);
                    }

                    break;
                case { End: { } end }:
                    _ended.TrySetResult(end);
                    break;
            }

            return true;
        }
        catch (MeshException e)
        {
            Trouble(e);
            return false;
        }
    }

    private void Begin(AgentRegistration registration, Tenure tenure)
    {
        lock (_gate)
        {
            _lastSeq = 0;
            _open.Clear();
            _acks.Clear();
            _nextBeat = registration.NextHeartbeatIn;
            Volatile.Write(ref _tenure, tenure);
        }
    }

    private void Say(Rejoined joined, Tenure before)
    {
        var now = joined.Tenure!.Incarnation;
        _log.Warn(joined.IsNew
            ? $"the server did not know incarnation {before.Incarnation} of agent {AgentId} any more; "
                + $"registered it again as incarnation {now}. "
                + "What the process itself asks of the mesh, with its own key, may be refused until it is started again"
            : $"the mesh was restored; agent {AgentId} goes on in it as incarnation {now}");
    }

    private async Task ListenAsync(CancellationToken cancellation)
    {
        var backoff = new Backoff(s_longestWait);
        try
        {
            while (!_ended.Task.IsCompleted)
            {
                StreamEnd? ended = null;
                Tenure tenure;
                long after;
                lock (_gate)
                {
                    (tenure, after) = (_tenure, _lastSeq);
                }

                var options = new MeshStreamOptions { After = after, Epoch = tenure.Epoch, Verbs = _verbs, Connected = backoff.Reset };
                var stream = new DirectiveStream(_client, AgentId, options);
                try
                {
                    await foreach (var directive in stream.ReadAsync(cancellation))
                    {
                        Offer(directive, tenure);
                    }

                    ended = stream.End;
                }
                catch (MeshException e)
                {
                    Trouble(e);
                }

                if (ended?.Code == ErrorCodes.KeyExpired)
                {
                    _log.Warn(
                        "the key in use has expired: the process runs on, but is no longer kept alive in the mesh and cannot be steered");
                }

                if (SessionEnd.Of(ended?.Code, ended?.Detail ?? "") is { } end && await EndAsync(end, tenure, cancellation))
                {
                    return;
                }

                if (!Rejoining.IsCalledForBy(ended?.Code) || !await RejoinAsync(tenure, isOver: false, cancellation))
                {
                    await Task.Delay(backoff.Next(), _time, cancellation);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The session is being closed.
        }
    }

    /// <summary>
    /// Accepts the server's word that it is over, if that was about the present tenure: while rejoining, our own new tenure supersedes
    /// the one before.
    /// </summary>
    private async Task<bool> EndAsync(SessionEnd end, Tenure tenure, CancellationToken cancellation)
    {
        using var turn = await _rejoining.EnterAsync(cancellation);
        if (!ReferenceEquals(Current, tenure))
        {
            return false;
        }

        _ended.TrySetResult(end);
        return true;
    }

    private void Offer(Directive directive, Tenure tenure)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(_tenure, tenure) || directive.Seq <= _lastSeq)
            {
                return;
            }

            _lastSeq = directive.Seq;
            _open.Add(directive);
            _directives.Writer.TryWrite(directive);
        }
    }

    /// <summary>Sends what waits, in order, until one cannot be sent.</summary>
    private Task FlushAsync(CancellationToken cancellation) => _acks.FlushAsync(SendAsync, cancellation);

    /// <summary>False when it must be sent again.</summary>
    private async Task<bool> SendAsync(HeartbeatAck ack, CancellationToken cancellation)
    {
        Tenure tenure;
        lock (_gate)
        {
            if (!_acks.Holds(ack))
            {
                return true;
            }

            tenure = _tenure;
        }

        try
        {
            var request = new AckRequest { State = ack.State, Note = ack.Note, Incarnation = tenure.Incarnation, Epoch = tenure.Epoch };
            await _client.AckAsync(AgentId, ack.Seq.GetValueOrDefault(), request, cancellation);
            return true;
        }
        catch (MeshException e) when (IsFinal(e))
        {
            _log.Say($"the answer to directive {ack.Seq} was not taken: {_log.WhyOf(e)}");
            return true;
        }
        catch (MeshException e)
        {
            Trouble(e);
            return false;
        }
    }

    /// <summary>Refused for what it says, so that saying it again is of no use. A refused key may be a good one again later.</summary>
    private static bool IsFinal(MeshException e) =>
        e is { Failure: MeshFailure.Refused, Status: >= 400 and < 500 and not (401 or 403 or 408 or 429) };

    /// <summary>Says each kind of trouble once, until it is over.</summary>
    private void Trouble(MeshException e)
    {
        var kind = e.Code ?? e.Failure.ToString();
        if (Interlocked.Exchange(ref _trouble, kind) != kind)
        {
            _log.Say($"{_log.WhyOf(e)}; {_meanwhile}");
        }
    }

    private void Recovered()
    {
        if (Interlocked.Exchange(ref _trouble, null) is not null)
        {
            _log.Say("the server is back");
        }
    }
}
