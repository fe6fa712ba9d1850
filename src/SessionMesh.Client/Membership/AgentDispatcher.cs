using System.Threading.Channels;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Client.Membership;

/// <summary>
/// Brings directives to an agent's handlers, one at a time and in order, and answers for each. A stop overtakes: it waits for no handler,
/// and whatever still waits when it is obeyed is answered by it.
/// </summary>
internal sealed class AgentDispatcher(
    MeshAgentOptions options, AgentSession session, PauseGate pauses, SteerInbox steers, Predicate<Directive> isOver,
    Func<MeshStop, Task<string?>> stop, ISessionLog log, CancellationToken stopping)
{
    private static readonly TimeSpan s_defaultGrace = TimeSpan.FromSeconds(Contracts.Limits.DefaultGrace);

    private readonly Channel<Directive> _inOrder = Channel.CreateUnbounded<Directive>(new() { SingleReader = true, SingleWriter = true });
    private readonly List<Directive> _stops = [];
    private Task _working = Task.CompletedTask;

    /// <summary>What an operator is told of a handler that has thrown.</summary>
    public static string ReasonOf(Exception e) => e.Message.Length > 0 ? e.Message : e.GetType().Name;

    /// <summary>Takes directives until the agent is over. Does not throw.</summary>
    public async Task RunAsync(CancellationToken over)
    {
        _working = WorkAsync();
        try
        {
            await foreach (var directive in session.Directives.ReadAllAsync(over))
            {
                if (directive.Verb == DirectiveVerb.Stop)
                {
                    _ = StopAsync(directive);
                }
                else
                {
                    _inOrder.Writer.TryWrite(directive);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody is there to be told.
        }

        _inOrder.Writer.TryComplete();
    }

    /// <summary>Once the agent has ended: every stop was obeyed, and a handler that is still busy was waited for, within a bound.</summary>
    public async Task FinishAsync(TimeSpan atMost, TimeProvider time)
    {
        using var bound = new CancellationTokenSource(atMost, time);
        await Task.WhenAny(_working, Task.Delay(Timeout.InfiniteTimeSpan, bound.Token));
        List<Directive> stops;
        lock (_stops)
        {
            stops = [.. _stops];
            _stops.Clear();
        }

        stops.ForEach(directive => session.Ack(directive, DirectiveState.Acknowledged, null));
    }

    private async Task StopAsync(Directive directive)
    {
        session.Ack(directive, DirectiveState.Accepted, null);
        var grace = StopGrace.Of(directive, s_defaultGrace);
        lock (_stops)
        {
            _stops.Add(directive);
        }

        await Task.Yield(); // whatever the handler does, the next directive is heard
        var reason = directive.Message ?? "stopped by directive";
        if (await stop(new MeshStop(reason, grace, IsOver: false, directive)) is { } refusal)
        {
            lock (_stops)
            {
                _stops.Remove(directive);
            }

            session.Ack(directive, DirectiveState.Rejected, refusal);
        }
    }

    private async Task WorkAsync()
    {
        await foreach (var directive in _inOrder.Reader.ReadAllAsync())
        {
            if (!isOver(directive))
            {
                await HandleAsync(directive);
            }
        }
    }

    private async Task HandleAsync(Directive directive)
    {
        try
        {
            if (stopping.IsCancellationRequested)
            {
                session.Ack(directive, DirectiveState.Rejected, "the agent is being stopped");
            }
            else if (await IsDoneAsync(directive))
            {
                session.Ack(directive, DirectiveState.Acknowledged, null);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            session.Ack(directive, DirectiveState.Rejected, "the agent was stopped before this was done");
        }
        catch (Exception e)
        {
            log.Say($"the handler of directive {directive.Seq} ({directive.Verb}) has failed: {e.Message}");
            session.Ack(directive, DirectiveState.Rejected, ReasonOf(e));
        }
    }

    /// <summary>False where somebody else answers for it.</summary>
    private async Task<bool> IsDoneAsync(Directive directive)
    {
        switch (directive.Verb)
        {
            case DirectiveVerb.Steer when options.OnSteer is { } handler:
                await handler(directive, stopping);
                return true;
            case DirectiveVerb.Steer:
                steers.Add(directive);
                return false;
            case DirectiveVerb.Pause when options.OnPause is { } handler:
                await handler(directive, stopping);
                pauses.Pause(null);
                return true;
            case DirectiveVerb.Pause:
                pauses.Pause(directive);
                return false;
            case DirectiveVerb.Resume:
                await (options.OnResume?.Invoke(directive, stopping) ?? Task.CompletedTask);
                pauses.Resume();
                return true;
            default:
                throw new NotSupportedException($"this agent does not know the verb {directive.Verb}");
        }
    }
}
