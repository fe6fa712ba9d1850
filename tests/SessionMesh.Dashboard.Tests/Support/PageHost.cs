using System.Collections.Concurrent;
using System.Net;
using Bunit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SessionMesh.Client;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Keys;
using SessionMesh.Dashboard.Layout;
using SessionMesh.Dashboard.Live;
using SessionMesh.Dashboard.SignIn;
using SessionMesh.Server.Hosting;

namespace SessionMesh.Dashboard.Tests.Support;

/// <summary>Components of the page, and the real server behind them. The browser alone is made up: scripts answer nothing.</summary>
internal sealed class PageHost : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly string _data;

    private PageHost(WebApplication server, string data)
    {
        (_server, _data) = (server, data);
        Url = new Uri(server.Urls.First());
        RootKey = File.ReadAllText(Path.Combine(data, "root.key")).Trim();
        Root = Client(RootKey);
        Page.JSInterop.Mode = JSRuntimeMode.Loose;
        BunitContext.DefaultWaitTimeout = TimeSpan.FromSeconds(10);
        Page.Services.AddSingleton<IMeshDoor>(new Door(Url, this));
        Page.Services.AddSingleton(new PageNodes());
        Page.Services.AddSingleton(new PageTime(TimeProvider.System));
        Page.Services.AddSingleton(new Viewers(_ => 0));
        Page.Services.AddSingleton<Viewer>();
        Page.Services.AddSingleton<LiveMesh>();
        Page.Services.AddSingleton<PageScript>();
    }

    public BunitContext Page { get; } = new();

    public Uri Url { get; }

    public string RootKey { get; }

    /// <summary>The mesh with the root key.</summary>
    public MeshClient Root { get; }

    /// <summary>What the page sent that is no read, as <c>POST /api/session-mesh/steer</c>.</summary>
    public ConcurrentQueue<string> Writes { get; } = new();

    /// <summary>What the page read, with its query.</summary>
    public ConcurrentQueue<string> Reads { get; } = new();

    /// <summary>What the mesh answers instead of looking, as a proxy or a limit before it does; null for nothing.</summary>
    public HttpStatusCode? Instead { get; set; }

    public Viewer Viewer => Page.Services.GetRequiredService<Viewer>();

    /// <param name="configure">Sets a service of the server.</param>
    public static async Task<PageHost> StartAsync(Action<IServiceCollection>? configure = null)
    {
        var data = Directory.CreateTempSubdirectory("mesh-page-").FullName;
        var server = MeshServer.Build(
            ["--urls", "http://127.0.0.1:0", "--data", data],
            builder =>
            {
                builder.Logging.ClearProviders();
                configure?.Invoke(builder.Services);
            });
        await server.StartAsync();
        return new PageHost(server, data);
    }

    public Task RegisterAsync(string id, string? parent = null) =>
        Root.RegisterAsync(new RegisterAgentRequest { AgentId = id, ParentId = parent, Ttl = 600 });

    /// <summary>The page as a whole, at an address below the server's.</summary>
    public IRenderedComponent<Home> Open(string address)
    {
        Go(address);
        return Page.Render<Home>();
    }

    /// <summary>Another address, as by back, forward or a link.</summary>
    public void Go(string address) => Page.Services.GetRequiredService<NavigationManager>().NavigateTo(address);

    /// <summary>Signs in with a key that may do this and no more.</summary>
    public Task SignInAsync(params string[] scopes) => SignInAsync(new CreateKeyRequest { Scopes = scopes });

    /// <summary>Signs in with a key of its own.</summary>
    public async Task SignInAsync(CreateKeyRequest request)
    {
        _ = Page.Services.GetRequiredService<LiveMesh>(); // as in the page, it is there before anybody signs in
        var key = await Root.CreateKeyAsync(request);
        Assert.Null(await Viewer.SignInAsync(key.Token));
    }

    public async ValueTask DisposeAsync()
    {
        await Page.DisposeAsync();
        Root.Dispose();
        await _server.StopAsync();
        await _server.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }

    /// <summary>The mesh with another key.</summary>
    public MeshClient Client(string key) => new(new MeshClientOptions { BaseUrl = Url, Token = key });

    /// <summary>To the server, whatever address a request names.</summary>
    private sealed class Door(Uri server, PageHost host) : IMeshDoor
    {
        public HttpMessageHandler Open(IPAddress? remote) => new ToServer(server, host);

        private sealed class ToServer(Uri server, PageHost host) : DelegatingHandler(new SocketsHttpHandler())
        {
            protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
            {
                if (request.Method != HttpMethod.Get)
                {
                    host.Writes.Enqueue($"{request.Method} {request.RequestUri!.AbsolutePath}");
                }
                else
                {
                    host.Reads.Enqueue(request.RequestUri!.PathAndQuery);
                }

                if (host.Instead is { } status)
                {
                    return Task.FromResult(new HttpResponseMessage(status));
                }

                request.RequestUri = new Uri(server, request.RequestUri!.PathAndQuery);
                return base.SendAsync(request, cancellationToken);
            }
        }
    }
}
