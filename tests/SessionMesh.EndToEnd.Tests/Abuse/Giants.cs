using System.Net.Sockets;
using System.Text;

namespace SessionMesh.EndToEnd.Tests.Abuse;

/// <summary>Bodies of ten gigabytes, announced and then sent for as long as anybody takes them.</summary>
internal sealed class Giants(Uri server, string key)
{
    private long _bytes;
    private int _sent;

    /// <summary>Bytes that were sent before the server hung up, over all bodies.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    public int Sent => Volatile.Read(ref _sent);

    public async Task RunAsync(CancellationToken over)
    {
        var piece = new byte[64 * 1024];
        Array.Fill(piece, (byte)'x');
        while (!over.IsCancellationRequested)
        {
            // Announced with a length, or in chunks whose end is not said beforehand.
            var chunked = Sent % 2 == 1;
            var head =
                $"POST /api/session-mesh/steer HTTP/1.1\r\nHost: {server.Authority}\r\nAuthorization: Bearer {key}\r\n"
                + $"{(chunked ? "Transfer-Encoding: chunked" : "Content-Length: 10000000000")}\r\n\r\n";
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync(server.Host, server.Port, over);
                var stream = client.GetStream();
                await stream.WriteAsync(Encoding.ASCII.GetBytes(head), over);
                Interlocked.Increment(ref _sent);
                while (true)
                {
                    if (chunked)
                    {
                        await stream.WriteAsync(Encoding.ASCII.GetBytes($"{piece.Length:x}\r\n"), over);
                    }

                    await stream.WriteAsync(piece, over);
                    if (chunked)
                    {
                        await stream.WriteAsync("\r\n"u8.ToArray(), over);
                    }

                    Interlocked.Add(ref _bytes, piece.Length);
                }
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // Hung up on, as it should be; or the round is over.
            }
        }
    }
}
