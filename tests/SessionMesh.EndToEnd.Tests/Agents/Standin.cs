using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Agents;

/// <summary>The model that an agent talks to: <c>tests/agents/standin.py</c> answers by a script, and keeps what it was asked.</summary>
internal sealed class Standin : IDisposable
{
    private readonly Started _process;
    private readonly string _log;

    private Standin(Started process, int port, string log) => (_process, Port, _log) = (process, port, log);

    public int Port { get; }

    /// <param name="script">What it answers, as JSON; see <c>standin.py</c>.</param>
    public static async Task<Standin> StartAsync(Scratch scratch, string script)
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        var port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        var log = scratch.File("standin");
        var process = new Started(
            "python3",
            [
                Path.Combine(Built.Repository, "tests", "agents", "standin.py"),
                port.ToString(CultureInfo.InvariantCulture),
                scratch.Write("script.json", script),
                log,
            ],
            scratch.Environment(),
            scratch.Root);
        await Eventually.True(
            () => process.Out.Contains("ready", StringComparison.Ordinal), () => $"the stand-in is ready: {process.Error}");
        return new Standin(process, port, log);
    }

    /// <summary>The requests of a task's conversations so far, in order.</summary>
    public List<string> Asked(string task) =>
        [.. Directory.EnumerateFiles(_log, "*.json")
            .OrderBy(file => int.Parse(Path.GetFileNameWithoutExtension(file), CultureInfo.InvariantCulture))
            .Select(File.ReadAllText)
            .Where(text => JsonDocument.Parse(text).RootElement.GetProperty("task").GetString() == task)];

    public void Dispose() => _process.Dispose();
}
