using Npgsql;

namespace SessionMesh.Server.Store.Postgres;

/// <summary>Keeps a session of a node alive, for a process that is no server, until it is disposed of.</summary>
internal sealed class NodeTurn : IAsyncDisposable
{
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(2);
    private readonly CancellationTokenSource _over = new();
    private readonly NodeTable _nodes;
    private readonly Task _pulse;

    public NodeTurn(NodeTable nodes) => (_nodes, _pulse) = (nodes, PulseAsync(nodes, _over.Token));

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _pulse;
        _over.Dispose();
        _nodes.Leave();
    }

    private static async Task PulseAsync(NodeTable nodes, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(s_every);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation))
            {
                try
                {
                    await nodes.PulseAsync(default, mayJudge: false, cancellation);
                }
                catch (Exception e) when (PostgresWords.IsOfTheWay(e) || e is PostgresException)
                {
                    // Again in two seconds; the work itself says what is wrong.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // It is done.
        }
    }
}
