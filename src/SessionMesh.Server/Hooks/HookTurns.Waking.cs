using SessionMesh.Core.Agents;
using SessionMesh.Server.Push;
using SessionMesh.Server.Streams;

namespace SessionMesh.Server.Hooks;

/// <summary>The part that waits: words to a session at rest, for a program that can be woken.</summary>
internal sealed partial class HookTurns
{
    /// <summary>Waits for words to a session at rest, until there are some or it stirs by itself.</summary>
    private async Task<HookAnswer> WakeAsync(HookRequest request, HookSession session, TimeSpan atMost)
    {
        HookAgent agent;
        Subscription subscription;
        int stirred;
        var watch = new KeyWatch(request.Key, engine);
        await session.Gate.WaitAsync(request.Http.RequestAborted);
        try
        {
            if (await registrar.MainAsync(request, session) is not { Succeeded: true } found
                || engine.State.Find(found.Value.Agent.Id) is not { } known)
            {
                return HookAnswer.Nothing;
            }

            agent = found.Value.Agent;
            subscription = subscriptions.ListenToInbox(known.Agent.Number, watch.KeyId);
            session.Wait(subscription.Changed);
            stirred = session.Stirred;
        }
        finally
        {
            session.Gate.Release();
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
                    if (session.Stirred != stirred || session.IsOver || engine.State.Find(agent.Id) is not { } slot
                        || slot.Agent.Incarnation != agent.Incarnation || StopOf(slot).IsStopped)
                    {
                        return HookAnswer.Nothing;
                    }

                    if (session.IsAtRest && TellIdle(session, agent, slot) is { Json: not null } words)
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

    /// <summary>The words alone, with no frame: the tool prints them where the program looks for them.</summary>
    private HookAnswer TellIdle(HookSession session, HookAgent agent, AgentSlot slot)
    {
        if (HandOut(agent, slot) is not { IsEmpty: false } handed)
        {
            return HookAnswer.Nothing;
        }

        var receipt = session.NextReceipt();
        agent.Give(handed.Select(directive => directive.Seq), receipt);
        return new HookAnswer(HookDialect.WordsAlone(HookWords.Of(handed, Waiting(agent, slot)))) { Receipt = receipt };
    }
}
