using System.Net.Sockets;
using System.Text;

namespace SessionMesh.Server.Tests.Support;

/// <summary>What tests ask of it, over HTTP.</summary>
internal sealed partial class MeshHost
{
    public Task<Reply> GetAsync(string path, string? key = null) => SendAsync(HttpMethod.Get, path, null, key);

    public Task<Reply> PostAsync(string path, string? body = null, string? key = null, string? idempotencyKey = null) =>
        SendAsync(HttpMethod.Post, path, body, key, idempotencyKey);

    public Task<Reply> DeleteAsync(string path, string? key = null, string? idempotencyKey = null) =>
        SendAsync(HttpMethod.Delete, path, null, key, idempotencyKey);

    /// <param name="path">Below <c>/api/session-mesh</c>, or from the root with a leading <c>~</c>.</param>
    /// <param name="key">The root key by default; empty for none.</param>
    public async Task<Reply> SendAsync(
        HttpMethod method, string path, string? body = null, string? key = null, string? idempotencyKey = null)
    {
        using var request = Request(method, path, key);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        }

        if (idempotencyKey is not null)
        {
            request.Headers.TryAddWithoutValidation("Idempotency-Key", idempotencyKey);
        }

        return await SendAsync(request);
    }

    /// <summary>Returns when the server is done with the call, which is after its answer.</summary>
    public async Task<Reply> SendAsync(HttpRequestMessage request)
    {
        var call = _served.Begin(request);
        var reply = await SendAsIsAsync(request);
        await _served.EndAsync(call);
        return reply;
    }

    /// <summary>Returns with the answer, as any client does.</summary>
    public async Task<Reply> SendAsIsAsync(HttpRequestMessage request)
    {
        using var response = await _http!.SendAsync(request);
        var reply = await Reply.ReadAsync(response);
        Canary.Look(reply);
        return reply;
    }

    public HttpRequestMessage Request(HttpMethod method, string path, string? key = null)
    {
        var uri = path.StartsWith('~') ? path[1..] : "/api/session-mesh/" + path;
        var request = new HttpRequestMessage(method, new Uri(Address, uri));
        if (key != "")
        {
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + (key ?? RootKey));
        }

        return request;
    }

    /// <summary>Sends bytes as they are and reads to the end, or to where the server cut the connection.</summary>
    /// <param name="cut">Whether to say that no more will come.</param>
    public async Task<string> SendRawAsync(string request, bool cut = false)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(Address.Host, Address.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        if (cut)
        {
            client.Client.Shutdown(SocketShutdown.Send);
        }

        var answer = new MemoryStream();
        try
        {
            await stream.CopyToAsync(answer).WaitAsync(Eventually.Bound);
        }
        catch (IOException)
        {
            // Cut.
        }

        return Encoding.UTF8.GetString(answer.ToArray());
    }

    /// <summary>Opens a stream of server-sent events.</summary>
    public async Task<SseReader> ListenAsync(string path, string? key = null, long? lastEventId = null)
    {
        using var request = Request(HttpMethod.Get, path, key);
        request.Headers.TryAddWithoutValidation("Accept", "text/event-stream");
        if (lastEventId is { } id)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        return await SseReader.OpenAsync(_http!, request);
    }

    /// <summary>Opens a stream that a request of any method begins.</summary>
    public Task<SseReader> ListenAsync(HttpRequestMessage request) => SseReader.OpenAsync(_http!, request);

    /// <summary>
    /// Returns when the log has a change of that kind, and about that subject, after <paramref name="after"/>: by following it.
    /// </summary>
    public async Task<SseEvent> ChangeAsync(string kind, string subject, long after = 0)
    {
        await using var events = await ListenAsync($"events?after={after}");
        while (true)
        {
            var next = await events.NextAsync();
            if (next.Name == kind && next.Json["subject"]!.GetValue<string>() == subject)
            {
                return next;
            }
        }
    }

    /// <summary>Registers an agent and checks nothing but that it went well.</summary>
    public async Task<Reply> RegisterAsync(string id, int ttl = 60, string more = "")
    {
        var reply = await PostAsync("agents", $$"""{"agent_id":"{{id}}","ttl":{{ttl}}{{more}}}""");
        Assert.True(reply.Status is 200 or 201, reply.Text);
        return reply;
    }

    /// <summary>Tells an agent to go north.</summary>
    /// <param name="more">Further members, with a comma before the first.</param>
    public async Task<Reply> SteerAsync(string id, string more = "") =>
        (await PostAsync("steer", $$"""{"agent_id":"{{id}}","direction":"north"{{more}}}""")).ShouldBeOk();

    /// <summary>Ends a key and all below it.</summary>
    /// <param name="token">Not the key's id: that is part of it.</param>
    public async Task<Reply> RevokeAsync(string token) => (await DeleteAsync("keys/" + token[4..16])).ShouldBeOk();

    /// <summary>All changes past a revision, as a follower of the log hears them.</summary>
    public async Task<List<SseEvent>> ChangesAsync(long after)
    {
        await using var events = await ListenAsync($"events?after={after}");
        var changes = new List<SseEvent>();
        for (var at = after; at < Revision; at = changes[^1].Id!.Value)
        {
            changes.Add(await events.NextAsync());
        }

        return changes;
    }

    /// <summary>The kinds of all changes past a revision.</summary>
    public async Task<List<string>> KindsAsync(long after) => (await ChangesAsync(after)).ConvertAll(change => change.Name);

    public async Task<string> StatusAsync(string id) => (await GetAsync("agents/" + id)).Json["status"]!.GetValue<string>();

    /// <summary>Mints a key and returns its token.</summary>
    public async Task<string> MintAsync(string body, string? key = null)
    {
        var reply = await PostAsync("keys", body, key);
        Assert.True(reply.Status == 201, reply.Text);
        return reply.Json["token"]!.GetValue<string>();
    }
}
