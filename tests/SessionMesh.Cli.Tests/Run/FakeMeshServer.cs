using System.Net;
using System.Net.Sockets;

namespace SessionMesh.Cli.Tests.Run;

/// <summary>A <see cref="FakeMesh"/> behind a real socket, for a runner in a process of its own.</summary>
internal sealed class FakeMeshServer : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly HttpMessageInvoker _mesh;
    private readonly CancellationTokenSource _closed = new();

    public FakeMeshServer(FakeMesh mesh)
    {
        _mesh = new HttpMessageInvoker(mesh);
        Url = $"http://127.0.0.1:{FreePort()}";
        _listener.Prefixes.Add(Url + "/");
        _listener.Start();
        _ = ServeAsync();
    }

    public string Url { get; }

    public void Dispose()
    {
        _closed.Cancel();
        _listener.Close();
        _mesh.Dispose();
        _closed.Dispose();
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                _ = AnswerAsync(await _listener.GetContextAsync(), _closed.Token);
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // Closed.
        }
    }

    private async Task AnswerAsync(HttpListenerContext context, CancellationToken closed)
    {
        try
        {
            using var request = new HttpRequestMessage(new HttpMethod(context.Request.HttpMethod), context.Request.Url);
            if (context.Request.HasEntityBody)
            {
                request.Content = new StreamContent(context.Request.InputStream);
            }

            foreach (var name in new[] { "Accept", "Last-Event-ID" })
            {
                if (context.Request.Headers[name] is { } value)
                {
                    request.Headers.TryAddWithoutValidation(name, value);
                }
            }

            using var answer = await _mesh.SendAsync(request, closed);
            context.Response.StatusCode = (int)answer.StatusCode;
            context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
            context.Response.SendChunked = true;
            await using var body = await answer.Content.ReadAsStreamAsync(closed);
            var buffer = new byte[4096];
            while (await body.ReadAsync(buffer, closed) is var read and > 0)
            {
                await context.Response.OutputStream.WriteAsync(buffer.AsMemory(0, read), closed);
                await context.Response.OutputStream.FlushAsync(closed);
            }

            context.Response.Close();
        }
        catch (Exception e) when (
            e is OperationCanceledException or HttpListenerException or ObjectDisposedException or IOException or HttpRequestException)
        {
            context.Response.Abort();
        }
    }
}
