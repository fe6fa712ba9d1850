using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Auth;

/// <summary>By which names and ports the server lets itself be called: raw, because clients correct what they send.</summary>
public sealed class HostGuardTests : IClassFixture<HostGuardTests.Server>
{
    private readonly MeshHost _mesh;

    public HostGuardTests(Server server) => _mesh = server.Mesh;

    [Theory]
    [InlineData("Host: 127.0.0.1:PORT", 200)]
    [InlineData("Host: 127.0.0.1", 200)]
    [InlineData("Host: LocalHost:PORT", 200)]
    [InlineData("Host: [::1]:PORT", 200)]
    [InlineData("Host: [0:0:0:0:0:0:0:1]:PORT", 200)]
    [InlineData("Host: mesh.example", 200)]
    [InlineData("Host: MESH.example:8443", 200)]
    [InlineData("Host: 127.0.0.1:1", 421)]
    [InlineData("Host: localhost:80", 421)]
    [InlineData("Host: localhost.:PORT", 421)]
    [InlineData("Host: mesh.example.", 421)]
    [InlineData("Host: sub.mesh.example", 421)]
    [InlineData("Host: mesh.example.evil.example", 421)]
    [InlineData("Host: evil.example", 421)]
    [InlineData("Host: 127.0.0.1.evil.example:PORT", 421)]
    [InlineData("Host: 127.0.0.2:PORT", 421)]
    [InlineData("Host: 127.1:PORT", 421)]
    [InlineData("Host: 0x7f000001:PORT", 421)]
    [InlineData("Host: 2130706433:PORT", 421)]
    [InlineData("Host: 0.0.0.0:PORT", 421)]
    [InlineData("Host: [::]:PORT", 400)]
    [InlineData("Host: [::ffff:127.0.0.1]:PORT", 421)]
    [InlineData("Host:", 421)]
    [InlineData("Host: localhost:", 400)]
    [InlineData("Host: localhost:PORTx", 400)]
    [InlineData("Host: localhost:99999", 421)]
    [InlineData("Host: user@localhost:PORT", 400)]
    [InlineData("Host: evil.example@localhost:PORT", 400)]
    [InlineData("Host: [::1%25lo]:PORT", 400)]
    [InlineData("Host: [::1%lo]:PORT", 400)]
    [InlineData("Host: localhost evil.example", 400)]
    [InlineData("Host: localhost,evil.example", 400)]
    [InlineData("Host: localhost/evil", 400)]
    [InlineData("Host: localhost:PORT\r\nHost: localhost:PORT", 400)]
    [InlineData("Host: localhost:PORT\r\nHost: evil.example", 400)]
    [InlineData("X-Forwarded-Host: localhost", 400)]
    [InlineData("Host: evil.example\r\nX-Forwarded-Host: localhost:PORT", 421)]
    [InlineData("Host: evil.example\r\nForwarded: host=localhost", 421)]
    [InlineData("Host: evil.example\r\nX-Original-Host: localhost", 421)]
    public async Task Host_IsTakenOnlyAsItIsKnown(string headers, int status) =>
        Assert.Equal(status, await StatusAsync("GET /livez HTTP/1.1", headers));

    [Theory]
    [InlineData("GET /livez HTTP/1.0", "Accept: */*", 421)]
    [InlineData("GET http://evil.example/livez HTTP/1.1", "Host: evil.example", 421)]
    [InlineData("GET http://localhost:PORT/livez HTTP/1.1", "Host: localhost:PORT", 200)]
    [InlineData("GET http://evil.example/livez HTTP/1.1", "Host: localhost:PORT", 400)]
    [InlineData("GET http://localhost:PORT/livez HTTP/1.1", "Host: evil.example", 400)]
    [InlineData("GET http://user@localhost:PORT/livez HTTP/1.1", "Host: localhost:PORT", 200)] // the user is nobody here, and goes nowhere
    [InlineData("CONNECT localhost:PORT HTTP/1.1", "Host: localhost:PORT", 405)]
    [InlineData("OPTIONS * HTTP/1.1", "Host: localhost:PORT", 405)]
    public async Task Target_ThatNamesAHost_IsHeldToTheSame(string line, string headers, int status) =>
        Assert.Equal(status, await StatusAsync(line, headers));

    private async Task<int> StatusAsync(string line, string headers)
    {
        var answer = await _mesh.SendRawAsync(
            $"{line}\r\n{headers}\r\nConnection: close\r\n\r\n".Replace("PORT", $"{_mesh.Address.Port}", StringComparison.Ordinal));
        return int.Parse(answer.Split(' ', 3)[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    public sealed class Server : IAsyncLifetime
    {
        internal MeshHost Mesh { get; private set; } = null!;

        public async Task InitializeAsync() => Mesh = await MeshHost.StartAsync(options: ["--allow-host", "mesh.example"]);

        public async Task DisposeAsync() => await Mesh.DisposeAsync();
    }
}
