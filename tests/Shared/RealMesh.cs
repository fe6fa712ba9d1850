using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SessionMesh.Client;
using SessionMesh.Server.Hosting;

namespace SessionMesh.Tests;

/// <summary>
/// The real server on a real store and a real socket, in this process, and an operator with the root key. Linked into each test project
/// that needs it.
/// </summary>
internal sealed class RealMesh : IAsyncDisposable
{
    private readonly HttpClient _http = new();
    private readonly string _directory = Directory.CreateTempSubdirectory("mesh-real-").FullName;
    private readonly TimeProvider _time;
    private WebApplication? _app;

    private RealMesh(TimeProvider time) => _time = time;

    public Uri Url { get; private set; } = new("http://127.0.0.1:0");

    public string RootKey { get; private set; } = "";

    /// <summary>How to reach it with the root key.</summary>
    public MeshClientOptions Options => new()
    {
        BaseUrl = Url, Token = RootKey, TimeProvider = _time, RetryDelay = TimeSpan.FromMilliseconds(1),
    };

    public static async Task<RealMesh> StartAsync(TimeProvider? time = null)
    {
        var mesh = new RealMesh(time ?? TimeProvider.System);
        await mesh.BootAsync();
        return mesh;
    }

    public async Task StopAsync()
    {
        if (_app is { } app)
        {
            _app = null;
            await app.StopAsync();
            await app.DisposeAsync();
        }
    }

    /// <summary>On the same store and port; stopped before, if it was not.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await BootAsync();
    }

    public async Task<byte[]> BackUpAsync()
    {
        using var answer = await _http.SendAsync(Request(HttpMethod.Post, "admin/backup"));
        return await answer.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync();
    }

    /// <summary>Restores a backup, with the restart that this wants.</summary>
    public async Task RestoreAsync(byte[] backup)
    {
        using var request = Request(HttpMethod.Post, "admin/restore");
        request.Content = new ByteArrayContent(backup);
        using var answer = await _http.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        await RestartAsync();
    }

    /// <summary>A call of the operator's. It must succeed; null where there is no such thing.</summary>
    public async Task<JsonNode?> CallAsync(HttpMethod method, string path, string? body = null)
    {
        using var request = Request(method, path);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await _http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        if (answer.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        Assert.True(answer.IsSuccessStatusCode, $"{method} {path}: {text}");
        return JsonNode.Parse(text);
    }

    public async Task<JsonNode> AgentAsync(string id) =>
        await CallAsync(HttpMethod.Get, "agents/" + id) ?? throw new Xunit.Sdk.XunitException($"there is no agent {id}");

    /// <summary>The agent, once it is as wanted.</summary>
    public async Task<JsonNode> AgentAsync(string id, Func<JsonNode, bool> wanted, string what)
    {
        JsonNode? last = null;
        await Eventually.True(
            async () => (last = await CallAsync(HttpMethod.Get, "agents/" + id)) is { } agent && wanted(agent),
            () => $"agent {id} {what}: {last}");
        return last!;
    }

    /// <summary>Dead, and that was seen.</summary>
    public Task<JsonNode> IsOverAsync(string id) => AgentAsync(
        id, agent => (string?)agent["status"] == "dead" && (bool)agent["last_exit"]!["confirmed"]!, "is over, with proof");

    /// <summary>Tells an agent something; returns the directive's id.</summary>
    /// <param name="more">Further members, each with a comma before it.</param>
    public async Task<string> TellAsync(string id, string verb = "steer", string more = "")
    {
        var direction = verb == "steer" ? ""","direction":"north" """ : "";
        var told = await CallAsync(HttpMethod.Post, "steer", $$"""{"agent_id":"{{id}}","verb":"{{verb}}"{{direction}}{{more}}}""");
        return (string)told!["directive_id"]!;
    }

    /// <param name="grace">Seconds; null for by force.</param>
    public Task<JsonNode?> KillAsync(string id, int? grace = 600, string more = "") => CallAsync(
        HttpMethod.Delete,
        $"agents/{id}?{(grace is { } g ? "grace=" + g.ToString(CultureInfo.InvariantCulture) : "force=true")}{more}");

    public async Task<string> StateAsync(string directive) =>
        (string)(await CallAsync(HttpMethod.Get, "directives/" + directive))!["state"]!;

    /// <summary>The directive, once it is so far.</summary>
    public async Task<JsonNode> BecomesAsync(string directive, string state)
    {
        JsonNode? last = null;
        await Eventually.True(
            async () => (string?)(last = await CallAsync(HttpMethod.Get, "directives/" + directive))!["state"] == state,
            () => $"the directive is {state}: {last}");
        return last!;
    }

    /// <summary>What an agent was told, oldest first, as <c>verb state</c>, with <c>: note</c> where it has one.</summary>
    public async Task<List<string>> HistoryAsync(string id)
    {
        var history = (await CallAsync(HttpMethod.Get, $"agents/{id}/directives/history"))!["directives"]!.AsArray();
        return [.. history.Reverse().Select(one => $"{one!["verb"]} {one["state"]}" + (one["note"] is { } note ? $": {note}" : ""))];
    }

    /// <summary>Mints a key and returns its token.</summary>
    public async Task<string> MintAsync(string body) => (string)(await CallAsync(HttpMethod.Post, "keys", body))!["token"]!;

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _http.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private HttpRequestMessage Request(HttpMethod method, string path) => new(method, new Uri(Url, "/api/session-mesh/" + path))
    {
        Headers = { Authorization = new AuthenticationHeaderValue("Bearer", RootKey) },
    };

    private async Task BootAsync()
    {
        _app = MeshServer.Build(["--urls", Url.AbsoluteUri.TrimEnd('/'), "--data", _directory], builder =>
        {
            builder.Services.AddSingleton(_time);
            builder.Logging.ClearProviders();
        });
        await _app.StartAsync();
        Url = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        RootKey = (await File.ReadAllTextAsync(Path.Combine(_directory, "root.key"))).Trim();
    }
}
