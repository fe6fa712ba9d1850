using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SessionMesh.Server.Hosting;

namespace SessionMesh.Cli.Tests.Run;

/// <summary>The real server on a real store and a real socket, in this process: one for all tests that run processes.</summary>
public sealed class HostedServer : IAsyncLifetime
{
    private readonly Scratch _scratch = new();
    private readonly HttpClient _http = new();
    private WebApplication? _app;
    private int _agents;

    internal Uri Url { get; private set; } = null!;

    internal string RootKey { get; private set; } = "";

    /// <summary>An id that no other test has.</summary>
    internal string NewAgentId() => $"a{Interlocked.Increment(ref _agents)}";

    public async Task InitializeAsync()
    {
        var data = _scratch.File("data");
        _app = MeshServer.Build(
            ["--urls", "http://127.0.0.1:0", "--data", data], builder => builder.Logging.ClearProviders());
        await _app.StartAsync();
        Url = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        RootKey = (await File.ReadAllTextAsync(Path.Combine(data, "root.key"))).Trim();
    }

    public async Task DisposeAsync()
    {
        await _app!.StopAsync();
        await _app.DisposeAsync();
        _http.Dispose();
        _scratch.Dispose();
    }

    /// <summary>A call of the operator's, with the root key. It must succeed; null where there is no such thing.</summary>
    internal async Task<JsonNode?> CallAsync(HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(Url, "/api/session-mesh/" + path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", RootKey);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await _http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        if (answer.StatusCode == System.Net.HttpStatusCode.NotFound)
        {
            return null;
        }

        Assert.True(answer.IsSuccessStatusCode, $"{method} {path}: {text}");
        return JsonNode.Parse(text);
    }
}
