using System.Net.Sockets;
using System.Text;

namespace SessionMesh.EndToEnd.Tests.Abuse;

/// <summary>Connections that begin a request and then send a drop of it a second, and never finish it.</summary>
/// <param name="begin">What is sent first; without its end the head drips on, with it the body does.</param>
internal sealed class Drip(Uri server, int count, string begin)
{
    public int Count => count;

    private int _closed;
    private int _refused;

    public int Closed => Volatile.Read(ref _closed);

    /// <summary>Connections the server did not take.</summary>
    public int Refused => Volatile.Read(ref _refused);

    public async Task RunAsync(CancellationToken over)
    {
        var head = Encoding.ASCII.GetBytes(begin);
        var open = new List<Socket>();
        for (var i = 0; i < count && !over.IsCancellationRequested; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(server.Host, server.Port, over);
                await socket.SendAsync(head, over);
                open.Add(socket);
            }
            catch (SocketException)
            {
                _refused++;
                socket.Dispose();
            }
        }

        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            for (var line = 0; open.Count > 0 && await second.WaitForNextTickAsync(over); line++)
            {
                var drop = Encoding.ASCII.GetBytes($"X-{line}: v\r\n");
                open.RemoveAll(socket => !TrySend(socket, drop));
            }
        }
        catch (OperationCanceledException)
        {
            // The round is over.
        }

        open.ForEach(socket => socket.Dispose());
    }

    /// <summary>False once the server has closed it, with whatever answer.</summary>
    private bool TrySend(Socket socket, byte[] drop)
    {
        try
        {
            if (!socket.Poll(0, SelectMode.SelectRead))
            {
                socket.Send(drop);
                return true;
            }
        }
        catch (SocketException)
        {
            // Reset: closed as well.
        }

        socket.Dispose();
        Interlocked.Increment(ref _closed);
        return false;
    }
}
