using System.Net.Sockets;
using System.Text;

namespace SessionMesh.EndToEnd.Tests.Abuse;

/// <summary>
/// One key's requests, a hundred at a time without waiting in between: it costs this side next to nothing, so that it is the server that is
/// worn.
/// </summary>
internal sealed class Flood(Uri server, string key, Action<int> note)
{
    private const int Batch = 100;

    public async Task RunAsync(CancellationToken over)
    {
        var requests = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(
            $"GET /api/session-mesh/alive?limit=1 HTTP/1.1\r\nHost: {server.Authority}\r\nAuthorization: Bearer {key}\r\n\r\n", Batch)));
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port, CancellationToken.None);
        var stream = client.GetStream();
        while (!over.IsCancellationRequested)
        {
            var sending = stream.WriteAsync(requests, CancellationToken.None).AsTask();
            await ReadAsync(stream);
            await sending;
        }
    }

    /// <summary>Reads until so many answers have begun; their status is all that is looked at.</summary>
    private async Task ReadAsync(NetworkStream stream)
    {
        var buffer = new byte[64 * 1024];
        for (int answers = 0, kept = 0; answers < Batch;)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(kept));
            if (read == 0)
            {
                throw new IOException("the server hung up on a flood that it answers");
            }

            var length = kept + read;
            var at = 0;
            for (int found;
                (found = buffer.AsSpan(at, length - at).IndexOf("HTTP/1.1 "u8)) >= 0 && at + found + 12 <= length;
                at += found + 12)
            {
                note(int.Parse(buffer.AsSpan(at + found + 9, 3), System.Globalization.CultureInfo.InvariantCulture));
                answers++;
            }

            kept = Math.Min(length - at, 11); // the beginning of an answer may be cut in two
            buffer.AsSpan(length - kept, kept).CopyTo(buffer);
        }
    }
}
