using Npgsql;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store.Postgres;

namespace SessionMesh.Server.Nodes;

/// <summary>
/// Hears at once when another node has written to the log, and has the engine apply it. What it misses, <see cref="NodePulse"/> finds half
/// a second later. With <c>--store-poll</c> it asks instead of listening: a pooler between the two passes no notices on.
/// </summary>
internal sealed partial class NewsListener(PostgresStore store, MeshEngine engine, ServerOptions options, ILogger<NewsListener> log)
    : BackgroundService
{
    /// <summary>Between two questions where it may not listen.</summary>
    private static readonly TimeSpan s_poll = TimeSpan.FromSeconds(0.2);

    /// <summary>Silence after which it looks whether the connection still lives.</summary>
    private const int QuietMilliseconds = 30_000;

    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    /// <summary>On the clock of this machine: it is a matter between this process and the database.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await (options.PollsStore ? PollAsync(stoppingToken) : ListenAsync(stoppingToken));
            }
            catch (OperationCanceledException)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever it meets must not end the process.
            catch (Exception e)
#pragma warning restore CA1031
            {
                LogLost(e);
                await Task.Delay(s_pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ListenAsync(CancellationToken cancellation)
    {
        await using var connection = await store.Source.OpenConnectionAsync(cancellation);
        connection.Notification += (_, notice) =>
        {
            if (notice.Payload != store.Nodes.Id)
            {
                Tell();
            }
        };
        await using (var ask = new NpgsqlCommand("SELECT mesh_channel()", connection))
        {
            var channel = (string)(await ask.ExecuteScalarAsync(cancellation))!;
#pragma warning disable CA2100 // A name of the server's own making: letters and digits.
            await using var listen = new NpgsqlCommand($"LISTEN {channel}", connection);
#pragma warning restore CA2100
            await listen.ExecuteNonQueryAsync(cancellation);
        }

        Tell(); // what was written before
        while (true)
        {
            if (!await connection.WaitAsync(QuietMilliseconds, cancellation))
            {
                await using var still = new NpgsqlCommand("SELECT 1", connection) { CommandTimeout = 3 };
                await still.ExecuteScalarAsync(cancellation);
            }
        }
    }

    private async Task PollAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(s_poll);
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            await using var connection = await store.Source.OpenConnectionAsync(cancellation);
            await using var ask = new NpgsqlCommand("SELECT revision FROM mesh_head WHERE id = 1", connection) { CommandTimeout = 3 };
            if (await ask.ExecuteScalarAsync(cancellation) is long revision && revision > engine.State.Revision)
            {
                Tell();
            }
        }
    }

    private void Tell()
    {
        store.Announce();
        engine.LookForNews();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The connection that hears of other nodes' writes broke; it is opened again")]
    private partial void LogLost(Exception e);
}
