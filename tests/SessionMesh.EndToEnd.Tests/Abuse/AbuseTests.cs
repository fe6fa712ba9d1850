using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Abuse;

/// <summary>
/// Everything at once that a stranger, or the holder of one key, can do to wear the server down; and a well-behaved agent beside
/// it, whose every heartbeat must be taken. A quarter of a minute at a fifth of the weight, unless <c>SESSION_MESH_SOAK_ABUSE</c>
/// says for how many seconds: then at the full weight (eng/soak.sh abuse).
/// </summary>
public sealed class AbuseTests : IAsyncLifetime
{
    /// <summary>
    /// What the server may use more at the end than at its start: connections and streams at 30 KB each are 100 MB, the agents that one key
    /// registers in a minute as much again, and the rest is garbage not yet collected.
    /// </summary>
    private const long MostMegabytes = 700;

    private static readonly int? s_seconds = int.TryParse(
        Environment.GetEnvironmentVariable("SESSION_MESH_SOAK_ABUSE"), CultureInfo.InvariantCulture, out var seconds)
        ? seconds
        : null;

    private readonly int _scale = s_seconds is null ? 1 : 5;
    private readonly ConcurrentDictionary<string, int> _answers = new(StringComparer.Ordinal);
    private readonly List<double> _beats = [];
    private Mesh _mesh = null!;
    private long _peak;

    public async Task InitializeAsync() => _mesh = await Mesh.StartAsync();

    public Task DisposeAsync() => _mesh.DisposeAsync();

    [Fact]
    public async Task Abuse_OfEveryKind_LeavesAWellBehavedAgentAlone_AndMemoryBounded()
    {
        var server = new Uri(_mesh.Server.Url);
        await _mesh.Http.PostAsync("agents", """{"agent_id":"good","ttl":60}""");
        var good = await MintAsync("""{"agent_id":"good"}""");
        var flooding = await MintAsync("""{"session_key":"flooding","scopes":["mesh:read","steer"]}""");
        var registering = await MintAsync("""{"session_key":"registering","scopes":["registry:write"]}""");
        var listening = await MintAsync("""{"session_key":"listening","scopes":["mesh:read","steer"]}""");
        var before = Megabytes();

        using var over = new CancellationTokenSource(TimeSpan.FromSeconds(s_seconds ?? 15));
        var drip = new Drip(server, 400 * _scale, $"GET /livez HTTP/1.1\r\nHost: {server.Authority}\r\n");
        var bodies = new Drip(
            server,
            20 * _scale,
            $"POST /api/session-mesh/steer HTTP/1.1\r\nHost: {server.Authority}\r\nAuthorization: Bearer {listening}\r\n"
            + "Content-Length: 60000\r\n\r\n");
        var giants = new Giants(server, flooding);
        var abuse = new List<Task>
        {
            drip.RunAsync(over.Token),
            bodies.RunAsync(over.Token),
            giants.RunAsync(over.Token),
            giants.RunAsync(over.Token),
            ListenAsync(listening, 200 * _scale, over.Token),
        };
        for (var i = 0; i < 4; i++)
        {
            abuse.Add(new Flood(server, flooding, status => Note("flood", status, null)).RunAsync(over.Token));
            abuse.Add(new Flood(server, "smk_nobody", status => Note("stranger", status, null)).RunAsync(over.Token));
        }

        for (var i = 0; i < 8; i++)
        {
            abuse.Add(RegisterAsync(registering, first: i, step: 8, count: s_seconds is null ? 1000 : 100_000));
        }

        using var done = new CancellationTokenSource();
        var beating = BeatAsync(good, done.Token);
        await Task.WhenAny(Task.WhenAll(abuse), beating);
        await done.CancelAsync();
        await beating;
        await Task.WhenAll(abuse);
        var figures = Figures(drip, bodies, giants, before);
        if (Environment.GetEnvironmentVariable("SESSION_MESH_SOAK_FIGURES") is { Length: > 0 } file)
        {
            await File.WriteAllTextAsync(file, figures);
        }

        Assert.True(_beats.Count > 50, figures);
        Assert.True(drip.Closed + drip.Refused == drip.Count && bodies.Closed + bodies.Refused == bodies.Count, figures);
        Assert.True(giants.Sent > 10 && giants.Bytes / giants.Sent < 16 * 1024 * 1024, figures); // what lay in the buffers of two kernels
        Assert.True(Count("flood 200") > 0 && Count("flood 429") > 0, figures);
        Assert.True(Count("stranger 401") > 0 && Count("stranger 429") > 0, figures);
        Assert.True(Count("register 201") > 0, figures);
        Assert.True(Count("stream 200") == 200 * _scale, figures);
        string[] known =
        [
            "flood 200", "flood 429", "stranger 401", "stranger 429", "stream 200", "register 201", "register 429 rate_limited",
            "register 429 agent_quota",
        ];
        Assert.True(_answers.Keys.All(known.Contains), figures);
        Assert.True(_peak - before < MostMegabytes, figures);

        // And afterwards it is as it was.
        Assert.True((await _mesh.Http.PostAsync("agents/good/heartbeat", "{}")).IsDone);
        Assert.Equal("alive", (await _mesh.Http.GetAsync("agents/good")).Text("status"));
    }

    private async Task<string> MintAsync(string body) => (await _mesh.Http.PostAsync("keys", body)).Text("token")!;

    private HttpClient Client(string key) => new(new SocketsHttpHandler { MaxConnectionsPerServer = 20_000 })
    {
        BaseAddress = new Uri(_mesh.Server.Url + "/api/session-mesh/"),
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", key) },
        Timeout = TimeSpan.FromSeconds(30),
    };

    /// <summary>Ten heartbeats a second; each is taken, or the test has failed.</summary>
    private async Task BeatAsync(string key, CancellationToken over)
    {
        using var http = Client(key);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!over.IsCancellationRequested)
        {
            var began = TimeProvider.System.GetTimestamp();
            using var answer = await http.PostAsync("agents/good/heartbeat", null, CancellationToken.None);
            Assert.True(
                answer.IsSuccessStatusCode, $"a heartbeat was refused: {await answer.Content.ReadAsStringAsync(CancellationToken.None)}");
            _beats.Add(TimeProvider.System.GetElapsedTime(began).TotalMilliseconds);
            _peak = Math.Max(_peak, Megabytes());
            await pace.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    /// <summary>
    /// Registers agent after agent; one that the rate refuses is tried again, one that is past what a key may have is not.
    /// </summary>
    private async Task RegisterAsync(string key, int first, int step, int count)
    {
        using var http = Client(key);
        for (var n = first; n < count;)
        {
            using var body = new StringContent($$"""{"agent_id":"r-{{n}}","ttl":3600}""", Encoding.UTF8);
            using var answer = await http.PostAsync("agents", body);
            var code = answer.IsSuccessStatusCode ? null : Members.Parse(await answer.Content.ReadAsStringAsync()).Text("code");
            Note("register", (int)answer.StatusCode, code);
            n += code == "rate_limited" ? 0 : step;
        }
    }

    private async Task ListenAsync(string key, int count, CancellationToken over)
    {
        using var http = Client(key);
        var open = new List<HttpResponseMessage>();
        for (var i = 0; i < count; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "events");
            open.Add(await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, CancellationToken.None));
            Note("stream", (int)open[^1].StatusCode, null);
        }

        var ended = new TaskCompletionSource();
        await using var _ = over.Register(ended.SetResult);
        await ended.Task;
        open.ForEach(stream => stream.Dispose());
    }

    private void Note(string who, int status, string? code) =>
        _answers.AddOrUpdate(code is null ? $"{who} {status}" : $"{who} {status} {code}", 1, (_, n) => n + 1);

    private int Count(string answer) => _answers.GetValueOrDefault(answer);

    private string Figures(Drip drip, Drip bodies, Giants giants, long before)
    {
        var beats = _beats.Order().ToList();
        var text = new StringBuilder();
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"heartbeats of the well-behaved agent: {beats.Count}, all taken; "
            + $"p50 {beats[beats.Count / 2]:0.0} ms, p99 {beats[beats.Count * 99 / 100]:0.0} ms, worst {beats[^1]:0.0} ms");
        text.AppendLine(CultureInfo.InvariantCulture, $"server memory: {before} MB before, {_peak} MB at most");
        text.AppendLine(
            CultureInfo.InvariantCulture, $"heads that drip: {drip.Count}, closed by the server {drip.Closed}, not taken {drip.Refused}");
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"bodies that drip: {bodies.Count}, closed by the server {bodies.Closed}, not taken {bodies.Refused}");
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"giant bodies: {giants.Sent}, {giants.Bytes / Math.Max(1, giants.Sent) / 1024} KiB of each left the sender");
        foreach (var (answer, count) in _answers.OrderBy(a => a.Key, StringComparer.Ordinal))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{answer}: {count}");
        }

        return text.ToString();
    }

    private long Megabytes() =>
        long.Parse(
            File.ReadLines($"/proc/{_mesh.Server.Process.Pid}/status")
                .First(line => line.StartsWith("VmRSS", StringComparison.Ordinal))
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture) / 1024;
}
