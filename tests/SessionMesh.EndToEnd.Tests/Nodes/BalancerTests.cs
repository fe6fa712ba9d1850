using System.Globalization;
using SessionMesh.EndToEnd.Tests.Page;
using SessionMesh.EndToEnd.Tests.Support;
using Xunit.Abstractions;
using static Microsoft.Playwright.Assertions;

namespace SessionMesh.EndToEnd.Tests.Nodes;

/// <summary>eng/cluster.sh as a person runs it, and what HAProxy with eng/haproxy.cfg makes of nodes that die and hang.</summary>
[Collection(NodesCollection.Name)]
public sealed class BalancerTests(Chromium chromium, ITestOutputHelper output) : IClassFixture<Chromium>, IAsyncLifetime
{
    private readonly Scratch _scratch = new();
    private string _directory = "";
    private Dictionary<string, string> _environment = [];
    private MeshHttp _http = null!;
    private string _url = "";

    public async Task InitializeAsync()
    {
        // PostgreSQL's account passes through it.
        if (!OperatingSystem.IsWindows())
        {
            // PostgreSQL's account passes through it.
            File.SetUnixFileMode(
                _scratch.Root, File.GetUnixFileMode(_scratch.Root) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        }

        _directory = _scratch.File("cluster");
        _environment = _scratch.Environment();
        _environment["SESSION_MESH_SERVER"] = Built.Server;
        Ran ran;
        var attempts = 0;
        do
        {
            var port = Random.Shared.Next(12_000, 19_000);
            _url = $"http://127.0.0.1:{port}";
            ran = await ScriptAsync($"start {_directory} {port}");
        }
        while (ran.Code != 0 && ran.Error.Contains("in use", StringComparison.OrdinalIgnoreCase) && ++attempts < 3);
        Assert.True(ran.Code == 0, ran.ToString());
        output.WriteLine(ran.Out);

        // What it says is to be typed.
        foreach (var line in ran.Out.Split('\n').Where(line => line.TrimStart().StartsWith("export ", StringComparison.Ordinal)))
        {
            var (name, value) = line.Trim()["export ".Length..].Split('=', 2) is [var n, var v] ? (n, v) : ("", "");
            _environment[name] = value.StartsWith("$(cat ", StringComparison.Ordinal)
                ? (await File.ReadAllTextAsync(value[6..^1])).Trim() : value;
        }

        _http = new MeshHttp(_url, _environment["SESSION_API_KEY"]);
    }

    public async Task DisposeAsync()
    {
        _http?.Dispose();
        var ran = await ScriptAsync($"stop {_directory}");
        var left = _scratch.Processes();
        _scratch.Dispose();
        Assert.True(ran.Code == 0, ran.ToString());
        Assert.True(left.Count == 0, $"these still run: {string.Join(", ", left)}");
    }

    [Fact]
    public async Task ThreeNodesBehindABalancer_OneDiesAndOneHangs_NobodyNotices()
    {
        var nodes = await ToolAsync("nodes -o json");
        Assert.True(nodes.Code == 0, nodes.ToString());
        foreach (var id in new[] { "n1", "n2", "n3" })
        {
            Assert.Contains($"\"{id}\"", nodes.Out, StringComparison.Ordinal);
        }

        // Events come through as they happen: were they buffered, the second would not be here before a third.
        var stream = await OpenEventsAsync("told");
        await DoneAsync("agents", """{"agent_id":"told","ttl":3600}""");
        for (var n = 0; n < 100; n++)
        {
            await DoneAsync("steer", $$"""{"agent_id":"told","direction":"d{{n}}"}""");
            Assert.Equal($"d{n}", (await stream.NextAsync(next => next.Kind == "directive.issued")).Text("direction"));
        }

        Assert.Equal([0, 0, 20], (await HooksAsync(20)).Order());

        // A node is gone: whoever called it is sent to another, and its streams come back elsewhere.
        Signal.Send(Pid("n1"), Signal.Kill);
        for (var n = 0; n < 200; n++)
        {
            await DoneAsync("steer", $$"""{"agent_id":"told","direction":"e{{n}}"}""", $"e{n}");
        }

        stream.Dispose();

        // A node hangs: HAProxy finds out, and ends what waits for it.
        Signal.Send(Pid("n2"), Signal.Stop);
        using var patient = new MeshHttp(_url, _environment["SESSION_API_KEY"], TimeSpan.FromSeconds(10));
        await Eventually.True(
            async () =>
            {
                for (var n = 0; n < 20; n++)
                {
                    try
                    {
                        if (!(await patient.GetAsync("alive?limit=1")).IsDone)
                        {
                            return false;
                        }
                    }
                    catch (Exception e) when (e is HttpRequestException or TaskCanceledException or Xunit.Sdk.XunitException)
                    {
                        return false;
                    }
                }

                return true;
            },
            () => "calls go to the node that is left");
        using var later = await OpenEventsAsync("told");
        await DoneAsync("steer", """{"agent_id":"told","direction":"last"}""");
        await later.NextAsync(next => next.Text("direction") == "last");
        Signal.Send(Pid("n2"), Signal.Continue);
        var listed = await ToolAsync("list -o json");
        Assert.True(listed.Code == 0 && listed.Out.Contains("told", StringComparison.Ordinal), listed.ToString());
    }

    /// <summary>Its files, its sign-in and its WebSocket each go to any node.</summary>
    [Fact]
    public async Task ThePage_WithoutAffinity_Works_AndComesBackWhenItsNodeDies()
    {
        await DoneAsync("agents", """{"agent_id":"shown","ttl":3600}""");
        await using var tab = await chromium.OpenAsync(_url, _environment["SESSION_API_KEY"]);
        await tab.SignInAsync();
        for (var round = 0; round < 5; round++)
        {
            await tab.GoAsync("about:blank");
            await tab.GoAsync();
            await Expect(tab.Page.GetByRole(Microsoft.Playwright.AriaRole.Tablist)).ToBeVisibleAsync();
            await tab.DrawerAsync("shown");
        }

        foreach (var id in new[] { "n1", "n2" })
        {
            Signal.Send(Pid(id), Signal.Kill); // the page is on one of the three
        }

        await DoneAsync("steer", """{"agent_id":"shown","direction":"north-by-north-west"}""", "steer-shown");
        await Expect(tab.Page.GetByText("north-by-north-west").First).ToBeVisibleAsync();
        Assert.Empty(tab.Faults);
    }

    /// <summary>Sends events of a coding agent's hooks, each on a connection of its own. Returns how many each node took.</summary>
    private async Task<List<int>> HooksAsync(int events)
    {
        for (var n = 0; n < events; n++)
        {
            using var hook = new MeshHttp(_url, _environment["SESSION_API_KEY"]);
            var answer = await hook.PostAsync("hooks/claude-code", $$"""{"hook_event_name":"SessionStart","session_id":"hooked-{{n}}"}""");
            Assert.True(answer.IsDone, answer.ToString());
        }

        var taken = new List<int>();
        foreach (var node in new[] { 1, 2, 3 })
        {
            using var http = new HttpClient { BaseAddress = new UriBuilder(_url) { Port = new Uri(_url).Port + node }.Uri };
            http.DefaultRequestHeaders.Authorization = new("Bearer", _environment["SESSION_API_KEY"]);
            var line = (await http.GetStringAsync("/metrics")).Split('\n').FirstOrDefault(
                line => line.StartsWith("session_mesh_hooks_total{", StringComparison.Ordinal)
                    && line.Contains("\"taken\"", StringComparison.Ordinal));
            taken.Add(line is null ? 0 : int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));
        }

        return taken;
    }

    private async Task<EventStream> OpenEventsAsync(string subject)
    {
        var (stream, refusal) = await EventStream.TryOpenAsync(
            _url, $"events?subject={subject}", _environment["SESSION_API_KEY"], null, Eventually.Bound);
        return stream ?? throw new Xunit.Sdk.XunitException($"{refusal}");
    }

    private async Task DoneAsync(string path, string body)
    {
        var answer = await _http.PostAsync(path, body);
        Assert.True(answer.IsDone, $"{path} {body} -> {answer}");
    }

    /// <summary>As clients do: a call that was cut off with its node is sent again under the same key.</summary>
    private Task DoneAsync(string path, string body, string idempotencyKey) => Eventually.True(
        async () =>
        {
            try
            {
                var answer = await _http.PostAsync(path, body, idempotencyKey);
                Assert.True(answer.IsDone, $"{path} {body} -> {answer}");
                return true;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        },
        () => $"{path} {body} is answered");

    private int Pid(string name) =>
        int.Parse(File.ReadAllText(Path.Combine(_directory, $"{name}.pid")).Split(' ')[0], CultureInfo.InvariantCulture);

    private async Task<Ran> ToolAsync(string arguments)
    {
        using var tool = new Started("bash", ["-c", $"session-mesh {arguments}"], _environment, _scratch.Root);
        return await tool.EndAsync();
    }

    /// <summary>What it starts goes on: the end of the script is waited for, not that of its output.</summary>
    private async Task<Ran> ScriptAsync(string arguments)
    {
        var (printed, failed) = (_scratch.File("printed"), _scratch.File("failed"));
        var script = Path.Combine(Built.Repository, "eng", "cluster.sh");
        using var bash = new Started("bash", ["-c", $"{script} {arguments} >{printed} 2>{failed}"], _environment, _scratch.Root);
        return new Ran(await bash.ExitAsync(), await File.ReadAllTextAsync(printed), await File.ReadAllTextAsync(failed));
    }
}
