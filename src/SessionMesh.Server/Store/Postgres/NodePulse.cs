namespace SessionMesh.Server.Store.Postgres;

/// <summary>Says every other second that this node lives, so that no other takes its place.</summary>
internal sealed class NodePulse(PostgresStore store) : BackgroundService
{
    /// <summary>Between two signs of life: five of them may be lost before a node counts as gone.</summary>
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(2);

    /// <summary>On the clock of this machine: it is a matter between this process and the database.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_every);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await store.PulseAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops; the log says goodbye.
        }
    }
}
