using System.Net;
using System.Net.Sockets;
using System.Text;

namespace SessionMesh.EndToEnd.Tests.Support;

/// <summary>One call as it arrived.</summary>
internal sealed record Arrived(string Method, string Path, IReadOnlyDictionary<string, string> Headers, string Body);

/// <summary>
/// Stands between the tool and the server, a call a connection, and treats each call as its script says; the last entry
/// repeats. A call's answer can be lost after the server has acted, which no server can be asked to do.
/// </summary>
internal sealed class FlakyProxy : IDisposable
{
    /// <summary>What to do with one call: the bytes to answer with, or null to drop the connection.</summary>
    public delegate Task<byte[]?> Treatment(FlakyProxy proxy, Arrived call);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly HttpClient _http = new();
    private readonly string _server;
    private readonly Treatment[] _script;

    public FlakyProxy(string server, params Treatment[] script)
    {
        (_server, _script) = (server, script);
        _listener.Start();
        Url = $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";
        _ = AcceptAsync();
    }

    public string Url { get; }

    /// <summary>In the order they came.</summary>
    public List<Arrived> Calls { get; } = [];

    public static Treatment Drop { get; } = (_, _) => Task.FromResult<byte[]?>(null);

    public static Treatment Relay { get; } = async (proxy, call) => await proxy.ForwardAsync(call);

    public static Treatment LoseAnswer { get; } = async (proxy, call) =>
    {
        await proxy.ForwardAsync(call);
        return null;
    };

    public static Treatment Answer(int status, string? header = null) => (_, _) =>
        Task.FromResult<byte[]?>(Encoding.ASCII.GetBytes(
            $"HTTP/1.1 {status} Because\r\nContent-Length: 0\r\nConnection: close\r\n{(header is null ? "" : header + "\r\n")}\r\n"));

    public static Treatment AnswerJson(int status, string body) => (_, _) => Task.FromResult<byte[]?>(Encoding.ASCII.GetBytes(
        $"HTTP/1.1 {status} Because\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n"
        + $"Connection: close\r\n\r\n{body}"));

    public void Dispose()
    {
        _listener.Dispose();
        _http.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                await ServeAsync(await _listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Disposed: the test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                var call = await ReadAsync(stream);
                Calls.Add(call);
                if (await _script[Math.Min(Calls.Count, _script.Length) - 1](this, call) is { } answer)
                {
                    await stream.WriteAsync(answer);
                }
                else
                {
                    client.Client.LingerState = new LingerOption(true, 0);
                }
            }
            catch (IOException)
            {
                // The caller gave up.
            }
        }
    }

    private static async Task<Arrived> ReadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await stream.ReadExactlyAsync(one);
            head.Append((char)one[0]);
        }

        var lines = head.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var headers = lines.Skip(1)
            .Select(line => line.Split(": ", 2))
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
        var announced = headers.GetValueOrDefault("Content-Length", "0");
        var body = new byte[int.Parse(announced, System.Globalization.CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body);
        return new Arrived(lines[0].Split(' ')[0], lines[0].Split(' ')[1], headers, Encoding.UTF8.GetString(body));
    }

    private async Task<byte[]> ForwardAsync(Arrived call)
    {
        using var request = new HttpRequestMessage(new HttpMethod(call.Method), _server + call.Path);
        if (call.Body.Length > 0)
        {
            request.Content = new StringContent(call.Body, Encoding.UTF8, "application/json");
        }

        foreach (var (name, value) in call.Headers.Where(header => header.Key is "Authorization" or "Idempotency-Key"))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await _http.SendAsync(request);
        var body = await response.Content.ReadAsByteArrayAsync();
        var head = $"HTTP/1.1 {(int)response.StatusCode} Relayed\r\nContent-Type: {response.Content.Headers.ContentType}\r\n"
            + $"Content-Length: {body.Length}\r\nConnection: close\r\n\r\n";
        return [.. Encoding.ASCII.GetBytes(head), .. body];
    }
}
