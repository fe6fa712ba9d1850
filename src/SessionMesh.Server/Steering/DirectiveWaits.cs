using SessionMesh.Core.Steering;
using SessionMesh.Server.Auth.Limiting;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Push;
using SessionMesh.Server.Streams;

namespace SessionMesh.Server.Steering;

/// <summary>Holds answers back until something has become of a directive. Thread-safe.</summary>
public sealed class DirectiveWaits(
    MeshEngine engine, DirectiveReader history, Subscriptions subscriptions, Shutdown shutdown, Limiter limiter)
{
    /// <summary>
    /// Completes when the directive reaches a state, is over, or the time is up; returns it as it is then. Null at once if the caller has
    /// as many answers held as it may: then only the wait is refused.
    /// </summary>
    public async Task<DirectiveRecord?> UntilAsync(HttpContext http, DirectiveRecord issued, DeliveryState wanted, TimeSpan most)
    {
        using var place = limiter.TryHold(http.GetKey());
        if (place is null)
        {
            return null;
        }

        var watch = new KeyWatch(http.GetKey(), engine);
        using var subscription = subscriptions.Listen(issued.Agent, watch.KeyId);
        var waiting = Wait.For(most, engine, watch);
        DirectiveRecord? pending;
        do
        {
            subscription.Changed.Reset();
            pending = engine.State.SlotSince(issued.Agent, issued.Revision)?.Inbox.Find(issued.Seq)?.AsOf(engine.Now.Wall);
        }
        while (pending?.State.IsPending() == true && pending.State < wanted && !shutdown.HasBegun
            && await waiting.UntilAsync(subscription.Changed, http.RequestAborted, lookAt: issued.ExpiresAt));

        return pending ?? await history.FindAsync(issued) ?? issued;
    }
}
