namespace SessionMesh.Server.Push;

/// <summary>Wakes open streams when the server shuts down, so that they end with a notice instead of being cut.</summary>
public sealed class Shutdown(IHostApplicationLifetime lifetime, Subscriptions subscriptions, ChangeFeed feed) : IHostedService
{
    private volatile bool _hasBegun;

    public bool HasBegun => _hasBegun;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // Not in StopAsync: by then the server has already waited for the streams.
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
