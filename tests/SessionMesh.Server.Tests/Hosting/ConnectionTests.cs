using System.Net.Sockets;
using System.Text;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Hosting;

public sealed class ConnectionTests
{
    [Fact]
    public async Task Connections_PastTheBound_AreClosedWithoutAnAnswer_AndThoseThereAreServedOn()
    {
        await using var mesh = await MeshHost.StartAsync(options: ["--max-connections", "3"]);
        var request = Encoding.ASCII.GetBytes($"GET /livez HTTP/1.1\r\nHost: {mesh.Address.Authority}\r\n\r\n");
        var open = new List<TcpClient>();
        for (var i = 0; i < 3; i++)
        {
            open.Add(new TcpClient());
            await open[i].ConnectAsync(mesh.Address.Host, mesh.Address.Port);
            Assert.Equal("HTTP/1.1 200", await AskAsync(open[i], request));
        }

        Assert.Equal("", await mesh.SendRawAsync(Encoding.ASCII.GetString(request)));
        foreach (var client in open)
        {
            Assert.Equal("HTTP/1.1 200", await AskAsync(client, request));
            client.Dispose();
        }
    }

    private static async Task<string> AskAsync(TcpClient client, byte[] request)
    {
        await client.GetStream().WriteAsync(request);
        var buffer = new byte[4096];
        var length = 0;
        while (!Encoding.ASCII.GetString(buffer, 0, length).EndsWith("ok\n", StringComparison.Ordinal))
        {
            length += await client.GetStream().ReadAsync(buffer.AsMemory(length)).AsTask().WaitAsync(Eventually.Bound);
        }

        return Encoding.ASCII.GetString(buffer, 0, 12);
    }
}
