namespace SessionMesh.Server.Push;

/// <summary>Tells open streams that the server goes, so that they say goodbye instead of being cut.</summary>
public sealed class Shutdown
{
    public Shutdown(IHostApplicationLifetime lifetime, Subscriptions subscriptions, ChangeFeed feed) =>
        lifetime.ApplicationStopping.Register(() =>
        {
            HasBegun = true;
            subscriptions.SignalEverybody();
            feed.SignalEverybody();
        });

    public bool HasBegun { get; private set; }
}
