using System.Net;
using System.Net.Sockets;

namespace SessionMesh.EndToEnd.Tests.Nodes;

/// <summary>
/// The network between one node and its PostgreSQL. Each direction can be blocked by itself: what was sent waits and nobody hears of it,
/// as where packets are dropped. New connections are blocked alike.
/// </summary>
internal sealed class Cable : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _over = new();
    private readonly List<TcpClient> _clients = [];
    private readonly int _target;
    private readonly Gate _there = new();
    private readonly Gate _back = new();

    public Cable(int targetPort)
    {
        _target = targetPort;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _ = AcceptAsync();
    }

    public int Port { get; }

    /// <param name="there">From the node to PostgreSQL.</param>
    /// <param name="back">From PostgreSQL to the node.</param>
    public void Block(bool there, bool back)
    {
        if (there)
        {
            _there.Close();
        }

        if (back)
        {
            _back.Close();
        }
    }

    /// <summary>What waited goes on, late.</summary>
    public void Mend()
    {
        _there.Open();
        _back.Open();
    }

    /// <summary>Ends the connections that there are, with a reset for both ends.</summary>
    public void Cut()
    {
        lock (_clients)
        {
            foreach (var client in _clients)
            {
                client.Client?.Close(timeout: 0);
            }

            _clients.Clear();
        }
    }

    public void Dispose()
    {
        _over.Cancel();
        _listener.Dispose();
        Mend();
        Cut();
        _over.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Disposed: the test is over.
        }
    }

    private async Task ServeAsync(TcpClient near)
    {
        var far = new TcpClient();
        lock (_clients)
        {
            _clients.AddRange([near, far]);
        }

        try
        {
            await far.ConnectAsync(IPAddress.Loopback, _target, _over.Token);
            near.NoDelay = far.NoDelay = true;
            await Task.WhenAny(
                PumpAsync(near.GetStream(), far.GetStream(), _there), PumpAsync(far.GetStream(), near.GetStream(), _back));
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException or OperationCanceledException)
        {
            // PostgreSQL is away, or the cable was cut.
        }
        finally
        {
            lock (_clients)
            {
                _clients.Remove(near);
                _clients.Remove(far);
                near.Dispose();
                far.Dispose();
            }
        }
    }

    /// <summary>Passes on until one side ends. While the gate is closed nothing passes, and an end does not either.</summary>
    private async Task PumpAsync(NetworkStream from, NetworkStream to, Gate gate)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            for (int read; (read = await from.ReadAsync(buffer, _over.Token)) > 0;)
            {
                await gate.PassAsync(_over.Token);
                await to.WriteAsync(buffer.AsMemory(0, read), _over.Token);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The connection is gone.
        }

        try
        {
            await gate.PassAsync(_over.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private sealed class Gate
    {
        private volatile TaskCompletionSource? _closed;

        public void Close() => _closed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Open()
        {
            var closed = _closed;
            _closed = null;
            closed?.SetResult();
        }

        public Task PassAsync(CancellationToken cancellation) => _closed?.Task.WaitAsync(cancellation) ?? Task.CompletedTask;
    }
}
