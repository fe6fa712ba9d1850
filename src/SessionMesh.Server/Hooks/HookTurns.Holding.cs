using SessionMesh.Core.Agents;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Streams;

namespace SessionMesh.Server.Hooks;

/// <summary>The part that keeps an agent from going on: stops, and pauses.</summary>
internal sealed partial class HookTurns
{
    private (bool IsStopped, string? Reason) StopOf(AgentSlot slot)
    {
        var wall = engine.Now.Wall;
        var stop = slot.Inbox.Pending.FirstOrDefault(directive => directive.Verb == Verb.Stop && directive.ExpiresAt > wall);
        return (stop is not null || slot.Agent.Liveness is Liveness.Stopping or Liveness.Dead, stop?.Message);
    }

    private static HookAnswer Stopped(HookRequest request, HookAgent agent, string? reason)
    {
        agent.IsHalted = true;
        return new HookAnswer(request.Program.End(request.Moment, request.EventName, HookWords.Stopped(agent.Id, reason)));
    }

    private bool IsPaused(AgentSlot slot)
    {
        var (isPaused, wall) = (slot.Agent.Paused, engine.Now.Wall);
        foreach (var directive in slot.Inbox.Pending.Where(directive => directive.ExpiresAt > wall))
        {
            isPaused = directive.Verb switch { Verb.Pause => true, Verb.Resume => false, _ => isPaused };
        }

        return isPaused;
    }

    /// <summary>A pause that was taken back before it held anything, and the word that took it back, are over.</summary>
    private async Task SettleHoldsAsync(HookRequest request, HookAgent agent, AgentSlot slot)
    {
        var last = slot.Inbox.Pending.LastOrDefault(directive => directive.Verb == Verb.Resume);
        if (last is not null)
        {
            var before = Seqs(slot, directive => directive.Verb == Verb.Pause && directive.Seq < last.Seq);
            await AcknowledgeAsync(request, agent, before, NotHeld);
            await AcknowledgeAsync(
                request, agent, Seqs(slot, directive => directive.Verb == Verb.Resume && directive.Seq <= last.Seq), "it runs");
        }
    }

    private static List<long> Seqs(AgentSlot slot, Func<DirectiveRecord, bool> which) =>
        [.. slot.Inbox.Pending.Where(which).Select(directive => directive.Seq)];

    /// <summary>
    /// Keeps the tool from starting while the agent is paused: until it is resumed, stopped, or the time is up, after which the caller asks
    /// again or the tool is denied.
    /// </summary>
    private async Task<HookAnswer> HoldAsync(HookRequest request, HookSession session, HookAgent agent, HookAnswer found)
    {
        if (engine.State.Find(agent.Id) is not { } slot)
        {
            return found;
        }

        await AcknowledgeAsync(request, agent, Seqs(slot, directive => directive.Verb == Verb.Pause), Held);
        var watch = new KeyWatch(request.Key, engine);
        using var subscription = subscriptions.Listen(slot.Agent.Number, watch.KeyId);
        var waiting = Wait.For(request.Hold, engine, watch);
        while (true)
        {
            subscription.Changed.Reset();
            if (slot.IsForgotten || StopOf(slot).IsStopped || !IsPaused(slot))
            {
                break;
            }

            if (shutdown.HasBegun || !await waiting.UntilAsync(subscription.Changed, request.Http.RequestAborted))
            {
                return request.AsksAgain
                    ? found with { Again = "hold" }
                    : found with { Json = request.Program.Deny(request.EventName, HookWords.Paused(agent.Id)) };
            }
        }

        await session.Gate.WaitAsync(request.Http.RequestAborted);
        try
        {
            await SettleHoldsAsync(request, agent, slot);
            if (StopOf(slot) is var (isStopped, reason) && isStopped)
            {
                return Stopped(request, agent, reason) with { Agent = found.Agent, HasRegistered = found.HasRegistered };
            }

            LetRun(request, session);
            return (await TellAsync(request, session, agent, slot)) with { Agent = found.Agent, HasRegistered = found.HasRegistered };
        }
        finally
        {
            session.Gate.Release();
        }
    }
}
