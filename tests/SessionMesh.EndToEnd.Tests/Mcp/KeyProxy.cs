using System.Net;
using System.Net.Sockets;
using System.Text;

namespace SessionMesh.EndToEnd.Tests.Mcp;

/// <summary>
/// Adds a key to each request, for a program that takes none. Its own address in a header becomes the server's; what stands there instead
/// goes through as it is. A request a connection.
/// </summary>
internal sealed class KeyProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Uri _server;
    private readonly string _key;

    public KeyProxy(string server, string key)
    {
        (_server, _key) = (new Uri(server), key);
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        using (var server = new TcpClient())
        {
            try
            {
                await server.ConnectAsync(_server.Host, _server.Port);
                var (from, to) = (client.GetStream(), server.GetStream());
                await to.WriteAsync(await ReadHeadAsync(from));
                await Task.WhenAny(from.CopyToAsync(to), to.CopyToAsync(from));
            }
            catch (IOException)
            {
                // One of the two has gone.
            }
        }
    }

    /// <summary>The head of the request as the server gets it, with what came of the body in the same read.</summary>
    private async Task<byte[]> ReadHeadAsync(NetworkStream from)
    {
        var read = new List<byte>();
        var buffer = new byte[8192];
        int end;
        while ((end = Encoding.Latin1.GetString([.. read]).IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0)
        {
            var count = await from.ReadAsync(buffer);
            read.AddRange(count > 0 ? buffer[..count] : throw new IOException("cut off"));
        }

        var lines = Encoding.Latin1.GetString([.. read[..end]]).Split("\r\n")
            .Where(line => !line.StartsWith("connection:", StringComparison.OrdinalIgnoreCase))
            .Select(line => line.Replace($":{Port}", $":{_server.Port}", StringComparison.Ordinal));
        var head = string.Join("\r\n", [.. lines, "Authorization: Bearer " + _key, "Connection: close"]);
        return [.. Encoding.Latin1.GetBytes(head), .. read[end..]];
    }
}
