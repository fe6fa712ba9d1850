using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace SessionMesh.EndToEnd.Tests.Support;

/// <summary>
/// The server as a process of its own, on a port and a data directory that stay the same when it is killed and started
/// again.
/// </summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Scratch _scratch;
    private Started? _process;

    public ServerProcess(Scratch scratch, string data = "data")
    {
        _scratch = scratch;
        Data = scratch.File(data);
        Environment = scratch.Environment();
        Url = $"http://127.0.0.1:{FreePort()}";
    }

    public string Data { get; }

    /// <summary>What the server is started with.</summary>
    public Dictionary<string, string> Environment { get; }

    /// <summary>A program, with its arguments, that becomes the server, such as a tracer. Empty by default.</summary>
    public string[] Under { get; set; } = [];

    /// <summary>The assembly of the server; the one that was built by default.</summary>
    public string Assembly { get; set; } = Built.Server;

    /// <summary>More of its command line. Empty by default.</summary>
    public string[] Options { get; set; } = [];

    public string Url { get; private set; }

    /// <summary>In the data directory by default.</summary>
    public string RootKeyFile { get; init; } = "";

    public string RootKey => File.ReadAllText(RootKeyFile.Length > 0 ? RootKeyFile : Path.Combine(Data, "root.key")).Trim();

    /// <summary>All that it printed since it was started.</summary>
    public string Printed => _process is { } process ? process.Out + process.Error : "";

    public Started Process => _process ?? throw new InvalidOperationException("the server was not started");

    /// <summary>Starts it and returns when it answers. A port that somebody else took is exchanged for another, the first time.</summary>
    public async Task StartAsync()
    {
        var first = _process is null;
        for (var attempt = 1; ; attempt++)
        {
            _process?.Dispose();
            _process = Launch(Options);
            await Eventually.True(
                async () => _process.HasExited || (Printed.Contains("listens on", StringComparison.Ordinal) && await IsLiveAsync()),
                () => $"the server answers\n{Printed}");
            if (!_process.HasExited)
            {
                return;
            }

            if (attempt == 5 || !Printed.Contains("is in use", StringComparison.OrdinalIgnoreCase))
            {
                Assert.Fail($"the server ended at its start: {Printed}");
            }

            if (first)
            {
                Url = $"http://127.0.0.1:{FreePort()}";
            }
        }
    }

    /// <summary>Starts it, whatever comes of it. It answers on other ports too, because proxies stand in front of it.</summary>
    /// <param name="more">Options, and their values; one that is also usual replaces the usual one.</param>
    public Started Launch(params string[] more)
    {
        string[][] usual = [["--urls", Url], ["--data", Data], ["--allow-host", "127.0.0.1"]];
        string[] command =
        [
            .. Under, Built.Dotnet, Assembly, .. usual.Where(option => !more.Contains(option[0])).SelectMany(option => option), .. more,
        ];
        return new(command[0], command[1..], Environment, _scratch.Root);
    }

    /// <summary>Starts it with these options and no others, whatever comes of it.</summary>
    public Started LaunchPlain(params string[] options) => new(Built.Dotnet, [Assembly, .. options], Environment, _scratch.Root);

    /// <summary><c>kill -9</c>: no word of farewell, nothing written that was not written.</summary>
    public async Task KillAsync()
    {
        Process.Send(Signal.Kill);
        Assert.Equal(128 + Signal.Kill, await Process.ExitAsync());
    }

    /// <summary>Asks it to end, as Ctrl+C does.</summary>
    public Task<Ran> StopAsync(int signal = Signal.Int)
    {
        Process.Send(signal);
        return Process.EndAsync();
    }

    public void Dispose() => _process?.Dispose();

    /// <summary>
    /// A port that is free now, from below those that the system gives to outgoing connections: it stays free while the server is away.
    /// </summary>
    private static int FreePort()
    {
        while (true)
        {
            var port = RandomNumberGenerator.GetInt32(20_000, 32_000);
            try
            {
                using var probe = new TcpListener(IPAddress.Loopback, port);
                probe.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken; the next one.
            }
        }
    }

    private async Task<bool> IsLiveAsync()
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        try
        {
            return (await http.GetAsync(new Uri(Url + "/livez"))).IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }
}
