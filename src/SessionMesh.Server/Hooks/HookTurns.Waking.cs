using SessionMesh.Core.Agents;
using SessionMesh.Server.Push;
using SessionMesh.Server.Streams;

namespace SessionMesh.Server.Hooks;

/// <summary>The part that waits: words to a session at rest, for a program that can be woken.</summary>
internal sealed partial class HookTurns
{
    /// <summary>
    /// Seconds for which a session may still begin that somebody waits at: its hooks run side by side, and the one that registers may be
    /// the later to be heard.
    /// </summary>
    private const int Beginning = 10;

    /// <summary>
    /// Waits for words to a session at rest, until there are some, it is over, or another waits. It goes on while the session works: a
    /// person who breaks a turn off leaves no event at which the program would begin to wait anew. It registers nothing.
    /// </summary>
    private async Task<HookAnswer> WakeAsync(HookRequest request, HookSession session, TimeSpan atMost)
    {
        var watch = new KeyWatch(request.Key, engine);
        if (await BegunAsync(request, session, watch) is not var (agent, subscription))
        {
            return HookAnswer.Nothing;
        }

        using (subscription)
        {
            var waiting = Wait.For(atMost, engine, watch);
            while (true)
            {
                subscription.Changed.Reset();
                await session.Gate.WaitAsync(request.Http.RequestAborted);
                try
                {
                    if (!session.IsWaiter(subscription.Changed) || session.IsOver || engine.State.Find(agent.Id) is not { } slot
                        || slot.Agent.Incarnation != agent.Incarnation || StopOf(slot).IsStopped)
                    {
                        return HookAnswer.Nothing;
                    }

                    if (session.IsAtRest && await TellIdleAsync(request, session, agent, slot) is { Json: not null } words)
                    {
                        return words;
                    }
                }
                finally
                {
                    session.Gate.Release();
                }

                if (shutdown.HasBegun || !await waiting.UntilAsync(subscription.Changed, request.Http.RequestAborted))
                {
                    return HookAnswer.Nothing with { Again = "wake" };
                }
            }
        }
    }

    /// <summary>The session's agent, and what tells of its inbox; null where none has begun, or another waits for that.</summary>
    private async Task<(HookAgent Agent, Subscription Subscription)?> BegunAsync(
        HookRequest request, HookSession session, KeyWatch watch)
    {
        var begins = new AsyncSignal();
        var waiting = Wait.For(TimeSpan.FromSeconds(Beginning), engine, watch);
        var isFirst = true;
        while (true)
        {
            begins.Reset();
            await session.Gate.WaitAsync(request.Http.RequestAborted);
            try
            {
                if (!isFirst && !session.IsWaiter(begins))
                {
                    return null;
                }

                if (!session.IsOver && registrar.Find(request, session) is { } agent && engine.State.Find(agent.Id) is { } slot)
                {
                    var subscription = subscriptions.ListenToInbox(slot.Agent.Number, watch.KeyId);
                    session.Wait(subscription.Changed);
                    return (agent, subscription);
                }

                if (isFirst)
                {
                    session.Wait(begins);
                    isFirst = false;
                }
            }
            finally
            {
                session.Gate.Release();
            }

            if (shutdown.HasBegun || !await waiting.UntilAsync(begins, request.Http.RequestAborted))
            {
                return null;
            }
        }
    }

    /// <summary>The words alone, with no frame: the tool prints them where the program looks for them.</summary>
    private async Task<HookAnswer> TellIdleAsync(HookRequest request, HookSession session, HookAgent agent, AgentSlot slot)
    {
        if (await HandOutAsync(agent, slot) is not { IsEmpty: false } handed)
        {
            return HookAnswer.Nothing;
        }

        var receipt = Carry(request, session);
        agent.Give(handed.Select(directive => directive.Seq), receipt);
        return new HookAnswer(HookDialect.WordsAlone(HookWords.Of(handed, Waiting(agent, slot)))) { Receipt = receipt };
    }
}
