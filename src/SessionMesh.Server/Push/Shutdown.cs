namespace SessionMesh.Server.Push;

/// <summary>Wakes open streams when the server shuts down, so that they end with a notice instead of being cut.</summary>
public sealed class Shutdown(IHostApplicationLifetime lifetime, Subscriptions subscriptions, ChangeFeed feed) : IHostedService
{
    private volatile bool _hasBegun;
    private volatile bool _isCut;

    public bool HasBegun => _hasBegun || _isCut;

    /// <summary>
    /// This node has lost its database: streams and held answers end as if it went away, because others can answer. They may come back with
    /// the database.
    /// </summary>
    public void Cut(bool isCut)
    {
        if (_isCut != isCut)
        {
            _isCut = isCut;
            subscriptions.SignalEverybody();
            feed.SignalEverybody();
        }
    }

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
