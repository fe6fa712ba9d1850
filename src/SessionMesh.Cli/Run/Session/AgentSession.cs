using System.Threading.Channels;
using SessionMesh.Client;
using SessionMesh.Client.Streams;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Run.Session;

/// <summary>
/// One incarnation of one agent, kept alive: beats when the server asks for it, reads the stream of directives, sends
/// acks, reports the exit. The server's absence ends nothing: beating and reading go on with backoff, and acks wait.
/// </summary>
/// <remarks>
/// A directive may come by the stream, by the answer to a heartbeat, or both. Sequence numbers only grow and both ways
/// carry all that is pending in order, so what is not above the last one seen has been seen. Thread-safe.
/// </remarks>
internal sealed class AgentSession
{
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(15);

    private readonly MeshClient _client;
    private readonly RegisterAgentRequest _request;
    private readonly RunLog _log;
    private readonly TimeProvider _time;
    private readonly AckOutbox _acks = new();
    private readonly Channel<Directive> _directives = Channel.CreateUnbounded<Directive>(new() { SingleReader = true });
    private readonly TaskCompletionSource<SessionEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private long _lastSeq;
    private int _incarnation;
    private int _nextBeat;
    private string? _trouble;
    private volatile string _meanwhile = "the process keeps running, and I keep trying";

    /// <param name="registration">The server's answer to <paramref name="request"/>: the incarnation to keep.</param>
    public AgentSession(MeshClient client, RegisterAgentRequest request, AgentRegistration registration, RunLog log, TimeProvider time)
    {
        _client = client;
        _log = log;
        _time = time;
        AgentId = registration.AgentId ?? throw new ArgumentException("a registration without an agent", nameof(registration));
        _request = request with { AgentId = AgentId };
        (_incarnation, _nextBeat) = (registration.Incarnation, registration.NextHeartbeatIn);
    }

    public string AgentId { get; }

    public int Incarnation => Volatile.Read(ref _incarnation);

    /// <summary>Each directive once, in order. Bounded by the server, which keeps at most an inbox of them.</summary>
    public ChannelReader<Directive> Directives => _directives.Reader;

    /// <summary>Completes when the server says that this incarnation is over.</summary>
    public Task<SessionEnd> Ended => _ended.Task;

    /// <summary>Keeps the session until cancelled. Does not throw.</summary>
    public Task RunAsync(CancellationToken cancellation) => Task.WhenAll(BeatAsync(cancellation), ListenAsync(cancellation));

    /// <summary>Answers for a directive. Sent at once if that can be, else with the next heartbeat that arrives.</summary>
    public void Ack(Directive directive, string state, string? note)
    {
        _acks.Add(directive.Seq, state, note);
        _ = FlushAsync(CancellationToken.None);
    }

    /// <summary>
    /// Whether a stop waits that this side has not heard of, or the incarnation was ended by force: asked before the exit is
    /// reported, which clears both away. False when the server does not answer.
    /// </summary>
    public async Task<bool> IsToldToStopAsync(CancellationToken cancellation)
    {
        while (Directives.TryRead(out var directive))
        {
            if (directive.Verb == DirectiveVerb.Stop)
                return true;
        }

        try
        {
            var pending = await _client.DirectivesAsync(AgentId, cancellation: cancellation);
            return pending.Directives.Any(directive => directive.Verb == DirectiveVerb.Stop);
        }
        catch (MeshException e)
        {
            return SessionEnd.Of(e.Code, e.Message) is not null;
        }
        catch (OperationCanceledException)
        {
            return false;
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
        _meanwhile = $"the process has ended; I try for {atMost.TotalSeconds:0} s to report it";
        try
        {
            while (true)
            {
                await FlushAsync(either.Token).WaitAsync(either.Token);
                try
                {
                    await _client.ExitAsync(AgentId, report with { Incarnation = Incarnation }, either.Token);
                    return ReportOutcome.Told;
                }
                catch (MeshException e) when (IsFinal(e))
                {
                    _log.Say($"the exit was not taken: {e.Message}");
                    return ReportOutcome.Told;
                }
                catch (MeshException e)
                {
                    Trouble(e);
                    if (e.Status is 401 or 403)
                        return ReportOutcome.Refused;
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
                await Task.Delay(TimeSpan.FromSeconds(Math.Max(1, _nextBeat)), _time, cancellation);
                while (!await BeatOnceAsync(cancellation))
                    await Task.Delay(backoff.Next(), _time, cancellation);
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
        var acks = _acks.Peek();
        try
        {
            var answer = await _client.HeartbeatAsync(AgentId, new HeartbeatRequest { Incarnation = Incarnation, Acks = acks }, cancellation);
            _acks.Remove(acks ?? []);
            foreach (var refused in answer.RefusedAcks ?? [])
                _log.Say($"the answer to directive {refused.Seq} was not taken: {refused.Detail}");
            _nextBeat = answer.NextHeartbeatIn;
            Recovered();
            foreach (var directive in answer.Directives.OrderBy(directive => directive.Seq))
                Offer(directive);
            return true;
        }
        catch (MeshException e) when (SessionEnd.Of(e.Code, e.Message) is { } end)
        {
            _ended.TrySetResult(end);
            return true;
        }
        catch (MeshException e) when (e.Code is ErrorCodes.AgentNotFound or ErrorCodes.UnknownIncarnation)
        {
            return await RegisterAgainAsync(cancellation);
        }
        catch (MeshException e)
        {
            Trouble(e);

            // A beat refused for what it carries would be refused for ever: the acks go, the lease stays.
            if (e.Status == 400)
                _acks.Remove(acks ?? []);
            return false;
        }
    }

    /// <summary>The server knows nothing of us: it lost its store, or started on another. The process is still there, so say so again.</summary>
    private async Task<bool> RegisterAgainAsync(CancellationToken cancellation)
    {
        try
        {
            var registration = await _client.RegisterAsync(_request, cancellation);
            lock (_gate)
            {
                _lastSeq = 0;
                _incarnation = registration.Incarnation;
                _nextBeat = registration.NextHeartbeatIn;
            }

            _log.Warn($"the server did not know agent {AgentId} any more; registered it again as incarnation {registration.Incarnation}");
            return true;
        }
        catch (MeshException e) when (e.Code is ErrorCodes.AlreadyAlive)
        {
            _ended.TrySetResult(new SessionEnd(EndDemand.Stop, ErrorCodes.Superseded, e.Message));
            return true;
        }
        catch (MeshException e) when (SessionEnd.Of(e.Code, e.Message) is { } end)
        {
            _ended.TrySetResult(end);
            return true;
        }
        catch (MeshException e)
        {
            Trouble(e);
            return false;
        }
    }

    private async Task ListenAsync(CancellationToken cancellation)
    {
        var backoff = new Backoff(s_longestWait);
        try
        {
            while (!_ended.Task.IsCompleted)
            {
                StreamEnd? ended = null;
                var options = new MeshStreamOptions { After = Volatile.Read(ref _lastSeq), Connected = backoff.Reset };
                var stream = new DirectiveStream(_client, AgentId, options);
                try
                {
                    await foreach (var directive in stream.ReadAsync(cancellation))
                        Offer(directive);
                    ended = stream.End;
                }
                catch (MeshException e)
                {
                    Trouble(e);
                }

                if (ended?.Code == ErrorCodes.KeyExpired)
                    _log.Warn("the key in use has expired: the process runs on, but is no longer kept alive in the mesh and cannot be steered");
                if (SessionEnd.Of(ended?.Code, ended?.Detail ?? "") is { } end)
                    _ended.TrySetResult(end);
                else
                    await Task.Delay(backoff.Next(), _time, cancellation);
            }
        }
        catch (OperationCanceledException)
        {
            // The session is being closed.
        }
    }

    private void Offer(Directive directive)
    {
        lock (_gate)
        {
            if (directive.Seq <= _lastSeq)
                return;
            _lastSeq = directive.Seq;
            _directives.Writer.TryWrite(directive);
        }
    }

    /// <summary>Sends what waits, in order, until one cannot be sent.</summary>
    private Task FlushAsync(CancellationToken cancellation) => _acks.FlushAsync(SendAsync, cancellation);

    /// <summary>False when it must be sent again.</summary>
    private async Task<bool> SendAsync(HeartbeatAck ack, CancellationToken cancellation)
    {
        try
        {
            await _client.AckAsync(
                AgentId, ack.Seq.GetValueOrDefault(), new AckRequest { State = ack.State, Note = ack.Note, Incarnation = Incarnation }, cancellation);
            return true;
        }
        catch (MeshException e) when (IsFinal(e))
        {
            _log.Say($"the answer to directive {ack.Seq} was not taken: {e.Message}");
            return true;
        }
        catch (MeshException e)
        {
            Trouble(e);
            return false;
        }
    }

    /// <summary>Refused for what it says, so that saying it again is of no use. A refused key may be a good one again later.</summary>
    private static bool IsFinal(MeshException e) => e is { Failure: MeshFailure.Refused, Status: >= 400 and < 500 and not (401 or 403 or 408 or 429) };

    /// <summary>Says each kind of trouble once, until it is over.</summary>
    private void Trouble(MeshException e)
    {
        var kind = e.Code ?? e.Failure.ToString();
        if (Interlocked.Exchange(ref _trouble, kind) != kind)
            _log.Say($"{e.Message}; {_meanwhile}");
    }

    private void Recovered()
    {
        if (Interlocked.Exchange(ref _trouble, null) is not null)
            _log.Say("the server is back");
    }
}
