using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Agents;

/// <summary>A scripted model on loopback, which keeps every request that it gets: tests/agents/standin.py.</summary>
internal sealed class Standin : IDisposable
{
    private readonly Started _process;
    private readonly string _script;
    private readonly string _log;

    private Standin(Scratch scratch, int port, string script, string log) =>
        (Port, _script, _log, _process) = (
            port, script, log,
            new Started(
                "/usr/bin/python3",
                [
                    Path.Combine(Built.Repository, "tests", "agents", "standin.py"),
                    port.ToString(System.Globalization.CultureInfo.InvariantCulture), script, log,
                ],
                scratch.Environment(), scratch.Root));

    public int Port { get; }

    /// <param name="script">See standin.py.</param>
    public static async Task<Standin> StartAsync(Scratch scratch, string script)
    {
        var name = "standin-" + RandomNumberGenerator.GetHexString(8, lowercase: true);
        var standin = new Standin(scratch, FreePort(), scratch.Write(name + ".json", script), scratch.File(name));
        await Eventually.True(standin.AnswersAsync, () => "the stand-in answers: " + standin._process.Error);
        return standin;
    }

    /// <summary>What it was asked, in order: the body of each request to a model.</summary>
    /// <param name="kind">Of the conversations that follow this script; null for all.</param>
    public List<string> Requests(string? kind = null) =>
        [
            .. Directory.EnumerateFiles(_log, "*.json")
                .OrderBy(path => int.Parse(Path.GetFileNameWithoutExtension(path), System.Globalization.CultureInfo.InvariantCulture))
                .Select(path => JsonNode.Parse(File.ReadAllText(path))!)
                .Where(request => kind is null || (string?)request["kind"] == kind)
                .Select(request => request["body"]!.ToJsonString()),
        ];

    public void Script(string script) => File.WriteAllText(_script, script);

    public void Dispose() => _process.Dispose();

    private async Task<bool> AnswersAsync()
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
