namespace SessionMesh.Server.Push;

/// <summary>Tells open streams that the server goes, so that they say goodbye instead of being cut.</summary>
public sealed class Shutdown(IHostApplicationLifetime lifetime, Subscriptions subscriptions, ChangeFeed feed) : IHostedService
{
    private volatile bool _hasBegun;

    public bool HasBegun => _hasBegun;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // Not when it is stopped itself: by then the server has waited for the streams.
        lifetime.ApplicationStopping.Register(Begin);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Begin()
    {
        _hasBegun = true;
        subscriptions.SignalEverybody();
        feed.SignalEverybody();
    }
}
