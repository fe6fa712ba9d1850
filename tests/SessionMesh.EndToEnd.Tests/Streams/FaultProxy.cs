using System.Net;
using System.Net.Sockets;

namespace SessionMesh.EndToEnd.Tests.Streams;

/// <summary>
/// A bad network, seeded: every connection through it is one of healthy for a while and then cut, slow, or half-open (both ends
/// think it stands, and nothing passes any more). It counts what it did.
/// </summary>
internal sealed class FaultProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _over = new();
    private readonly IPEndPoint _server;
    private readonly Random _random;
    private readonly Lock _gate = new();
    private int _cut;
    private int _slow;
    private int _halfOpen;

    public FaultProxy(Uri server, int seed)
    {
        _server = new IPEndPoint(IPAddress.Loopback, server.Port);
        _random = new Random(seed);
        _listener.Start();
        Url = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _ = AcceptAsync();
    }

    public Uri Url { get; }

    /// <summary>Connections cut in the middle, slowed down, and left half-open.</summary>
    public (int Cut, int Slow, int HalfOpen) Did => (_cut, _slow, _halfOpen);

    public void Dispose()
    {
        _over.Cancel();
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_over.Token));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var near = client;
        using var far = new TcpClient();
        var (bytes, delay, freeze) = Draw();
        try
        {
            await far.ConnectAsync(_server, _over.Token);
            using var cut = CancellationTokenSource.CreateLinkedTokenSource(_over.Token);
            var budget = new Budget(bytes);
            var up = PumpAsync(near.GetStream(), far.GetStream(), budget, delay, freeze, cut.Token);
            var down = PumpAsync(far.GetStream(), near.GetStream(), budget, delay, freeze, cut.Token);
            await Task.WhenAny(up, down);
            await cut.CancelAsync();
            await Task.WhenAll(up, down);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // That is what it is for.
        }
    }

    private (long Bytes, TimeSpan Delay, bool Freeze) Draw()
    {
        lock (_gate)
        {
            var bytes = _random.NextInt64(500, 40_000);
            switch (_random.Next(10))
            {
                case 0:
                    Interlocked.Increment(ref _halfOpen);
                    return (bytes, TimeSpan.Zero, true);
                case 1 or 2:
                    Interlocked.Increment(ref _slow);
                    return (bytes, TimeSpan.FromMilliseconds(_random.Next(1, 20)), false);
                default:
                    Interlocked.Increment(ref _cut);
                    return (bytes, TimeSpan.Zero, false);
            }
        }
    }

    /// <summary>
    /// Passes bytes on until the connection's budget is used up: then it ends in the middle of whatever it was, or hangs.
    /// </summary>
    private static async Task PumpAsync(
        NetworkStream from, NetworkStream to, Budget budget, TimeSpan delay, bool freeze, CancellationToken cancellation)
    {
        var buffer = new byte[2048];
        while (true)
        {
            var read = await from.ReadAsync(buffer, cancellation);
            if (read == 0)
            {
                return;
            }

            if (delay > TimeSpan.Zero)
            {
                await Task.Delay(delay, cancellation);
            }

            var pass = budget.Take(read);
            await to.WriteAsync(buffer.AsMemory(0, pass), cancellation);
            if (pass < read && !freeze)
            {
                return;
            }

            if (pass < read)
            {
                await Task.Delay(Timeout.Infinite, cancellation);
            }
        }
    }

    /// <summary>Bytes left for both directions of a connection together.</summary>
    private sealed class Budget(long bytes)
    {
        private long _left = bytes;

        public int Take(int wanted)
        {
            var left = Interlocked.Add(ref _left, -wanted);
            return left >= 0 ? wanted : (int)Math.Max(0, wanted + left);
        }
    }
}
