using System.Threading.Channels;
using SessionMesh.Cli.Run.Handlers;
using SessionMesh.Cli.Run.Process;
using SessionMesh.Client.Membership;
using SessionMesh.Contracts.Steering;
using SessionMesh.Storage;

namespace SessionMesh.Cli.Run;

/// <summary>
/// Carries directives to the process, one at a time and in order, and answers for each. A stop overtakes: it never waits
/// for a slow handler, and what waits behind it is answered by the stop.
/// </summary>
internal sealed class DirectiveDispatcher(
    ISteerHandler handler, ISupervised tree, StopControl stop, TimeSpan defaultGrace, Action<Directive, string, string?> ack, RunLog log)
{
    private readonly Channel<Directive> _inOrder = Channel.CreateUnbounded<Directive>(new() { SingleReader = true, SingleWriter = true });
    private readonly List<Directive> _stops = [];
    private volatile bool _paused;

    /// <summary>Whether the process is stopped by a directive, and so is not to be continued by anybody else.</summary>
    public bool IsPaused => _paused;

    /// <summary>Runs until the directives end or the process is to be stopped. Does not throw.</summary>
    public async Task RunAsync(ChannelReader<Directive> directives, CancellationToken cancellation)
    {
        var working = WorkAsync();
        try
        {
            await foreach (var directive in directives.ReadAllAsync(cancellation))
            {
                if (directive.Verb == DirectiveVerb.Stop)
                {
                    TakeStop(directive);
                }
                else
                {
                    _inOrder.Writer.TryWrite(directive);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The process is gone, and with it the need for directives.
        }

        _inOrder.Writer.TryComplete();
        await working;
    }

    /// <summary>Once nothing of the process is left: every stop was obeyed.</summary>
    public void AcknowledgeStops()
    {
        lock (_stops)
        {
            foreach (var directive in _stops)
            {
                ack(directive, DirectiveState.Acknowledged, null);
            }

            _stops.Clear();
        }
    }

    private void TakeStop(Directive directive)
    {
        lock (_stops)
        {
            _stops.Add(directive);
        }

        ack(directive, DirectiveState.Accepted, null);
        var grace = StopGrace.Of(directive, defaultGrace);
        log.Say(grace > TimeSpan.Zero ? $"told to stop, {grace.TotalSeconds:0} s of grace" : "told to stop at once");
        stop.Request(new PendingStop(grace, directive.Message ?? "stopped by directive"));
    }

    private async Task WorkAsync()
    {
        await foreach (var directive in _inOrder.Reader.ReadAllAsync())
        {
            var outcome = await HandleAsync(directive);
            ack(directive, outcome.State, outcome.Note);
        }
    }

    private async Task<HandlerResult> HandleAsync(Directive directive)
    {
        if (stop.Stopping.IsCancellationRequested || tree.HasExited)
        {
            return HandlerResult.Rejected("the process is being stopped");
        }

        try
        {
            return directive.Verb switch
            {
                DirectiveVerb.Steer => await handler.HandleAsync(directive, stop.Stopping),
                DirectiveVerb.Pause => await PauseAsync(),
                DirectiveVerb.Resume => await ResumeAsync(),
                _ => HandlerResult.Rejected($"this runner does not know the verb {directive.Verb}"),
            };
        }
        catch (OperationCanceledException)
        {
            return HandlerResult.Rejected("the process was stopped before this was done");
        }
        catch (IOException e)
        {
            return HandlerResult.Rejected(FileWords.Of(e));
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return HandlerResult.Rejected(FileWords.OfSystem(e.NativeErrorCode));
        }
    }

    /// <summary>Acknowledged only once every process of the tree was seen stopped.</summary>
    private async Task<HandlerResult> PauseAsync()
    {
        _paused = true;
        var running = await tree.PauseAsync(stop.Stopping);
        if (tree.HasExited)
        {
            return HandlerResult.Rejected("the process ended");
        }

        log.Say("paused");
        return running == 0
            ? HandlerResult.Acknowledged
            : HandlerResult.Rejected($"{running} processes still run after {ProcessTree.PauseBound.TotalSeconds:0} s");
    }

    private async Task<HandlerResult> ResumeAsync()
    {
        var stopped = await tree.ResumeAsync(stop.Stopping);
        _paused = false;
        if (tree.HasExited)
        {
            return HandlerResult.Rejected("the process ended");
        }

        log.Say("resumed");
        return stopped == 0 ? HandlerResult.Acknowledged : HandlerResult.Rejected($"{stopped} processes are still stopped");
    }
}
