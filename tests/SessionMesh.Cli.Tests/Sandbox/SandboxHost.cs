using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using SessionMesh.Client;
using SessionMesh.Client.Tests;
using SessionMesh.Server.Hosting;

namespace SessionMesh.Cli.Tests.Sandbox;

/// <summary>The real server as a sandbox, in this process, for a class of tests.</summary>
public sealed class SandboxHost : IAsyncLifetime
{
    private readonly string _data = Path.Combine(Path.GetTempPath(), "session-mesh-test-" + Path.GetRandomFileName());
    private readonly HttpClient _http = new();
    private WebApplication? _app;

    internal Uri Url { get; private set; } = null!;

    internal string RootKey { get; private set; } = "";

    public async Task InitializeAsync()
    {
        _app = MeshServer.Build(
            ["--sandbox", "--urls", "http://127.0.0.1:0", "--data", _data], builder => builder.Logging.ClearProviders());
        await _app.StartAsync();
        Url = new Uri(_app.Urls.Single());
        RootKey = (await File.ReadAllTextAsync(Path.Combine(_data, "root.key"))).Trim();
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", RootKey);
    }

    public async Task DisposeAsync()
    {
        await _app!.StopAsync();
        await _app.DisposeAsync();
        _http.Dispose();
        Assert.False(Directory.Exists(_data));
    }

    /// <summary>A client that does not wait between its attempts.</summary>
    internal MeshClient Client(List<MeshAttempt>? attempts = null) => new(new MeshClientOptions
    {
        BaseUrl = Url,
        Token = RootKey,
        TimeProvider = new HastyTime { Endless = TimeSpan.FromSeconds(9) },
        Observer = attempts is null ? null : attempts.Add,
    });

    /// <summary>Lets this one fault be set.</summary>
    internal async Task SetAsync(string fault)
    {
        await CallAsync(HttpMethod.Delete, "sandbox/faults");
        await CallAsync(HttpMethod.Post, "sandbox/faults", fault);
    }

    /// <summary>How often the one fault struck.</summary>
    internal async Task<int> StruckAsync() =>
        Assert.Single((await CallAsync(HttpMethod.Get, "sandbox/faults"))["faults"]!.AsArray())!["struck"]!.GetValue<int>();

    /// <summary>Registers an agent that is not there yet, with nothing failing.</summary>
    internal async Task RegisterAsync(string agent)
    {
        await CallAsync(HttpMethod.Delete, "sandbox/faults");
        await CallAsync(HttpMethod.Post, "agents", $$"""{"agent_id":"{{agent}}","ttl":86400}""");
    }

    internal async Task<int> PendingAsync(string agent) =>
        (await CallAsync(HttpMethod.Get, "agents/" + agent))["pending"]!.GetValue<int>();

    internal async Task<JsonNode> CallAsync(HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(Url, "/api/session-mesh/" + path));
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await _http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{method} {path}: {text}");
        return JsonNode.Parse(text)!;
    }
}
