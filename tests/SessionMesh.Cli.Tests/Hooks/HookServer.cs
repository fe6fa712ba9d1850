using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SessionMesh.Server.Hosting;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Cli.Tests.Hooks;

/// <summary>The real server on a real socket, with a clock that is moved by hand: one for the tests of a class.</summary>
public sealed class HookServer : IAsyncLifetime
{
    private readonly string _data = Directory.CreateTempSubdirectory("session-mesh-test-").FullName;
    private readonly HttpClient _http = new();
    private WebApplication? _app;
    private int _sessions;

    internal FakeTime Time { get; } = new();

    internal Uri Url { get; private set; } = null!;

    internal string RootKey { get; private set; } = "";

    public async Task InitializeAsync()
    {
        _app = MeshServer.Build(["--urls", "http://127.0.0.1:0", "--data", _data], builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(Time);
            builder.Logging.ClearProviders();
        });
        await _app.StartAsync();
        Url = new Uri(_app.Urls.Single());
        RootKey = (await File.ReadAllTextAsync(Path.Combine(_data, "root.key"))).Trim();
    }

    public async Task DisposeAsync()
    {
        await _app!.StopAsync();
        await _app.DisposeAsync();
        _http.Dispose();
        Directory.Delete(_data, recursive: true);
    }

    /// <summary>The id of a session that no other test has, nor its first eight characters.</summary>
    internal string NewSession() => $"{Interlocked.Increment(ref _sessions):x8}-1111-2222-3333-444455556666";

    /// <summary>A call of the operator's, with the root key. It must succeed.</summary>
    internal async Task<JsonNode> CallAsync(HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(Url, "/api/session-mesh/" + path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", RootKey);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await _http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{method} {path}: {text}");
        return JsonNode.Parse(text)!;
    }
}
