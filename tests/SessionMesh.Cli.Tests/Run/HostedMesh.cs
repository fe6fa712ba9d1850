using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using SessionMesh.Client;
using SessionMesh.Contracts;

namespace SessionMesh.Cli.Tests.Run;

/// <summary>
/// One agent of the real server, as its runner sees it: through a wire that remembers what was said, and that can be cut. What the server
/// cannot be brought to say is put into its mouth, and only that.
/// </summary>
internal sealed class HostedMesh(HostedServer server)
{
    private readonly ConcurrentDictionary<CuttableStream, bool> _streams = new();
    private string? _runnersKey;

    public string AgentId { get; } = server.NewAgentId();

    public Uri Url => server.Url;

    /// <summary>What the runner sent, in order.</summary>
    public ConcurrentQueue<(string Path, JsonNode? Body)> Calls { get; } = new();

    /// <summary>The token of the process's own key, once it was minted.</summary>
    public string? ChildsKey { get; private set; }

    /// <summary>While true, nobody answers.</summary>
    public volatile bool IsAway;

    /// <summary>While true, a question for what is pending is lost; all else is answered.</summary>
    public volatile bool LosesQuestions;

    /// <summary>How many were.</summary>
    public volatile int LostQuestions;

    /// <summary>While true, streams are refused; all else is answered.</summary>
    public volatile bool IsDeaf;

    /// <summary>While true, heartbeats are refused for now.</summary>
    public volatile bool RefusesHeartbeats;

    /// <summary>What the runner's key may do.</summary>
    public string[] Scopes { get; init; } = ["mesh:read", "registry:write", "steer", "kill", "keys:mint"];

    public bool HasStream => !_streams.IsEmpty;

    /// <summary>When the runner's key ends, and with it the process's.</summary>
    public DateTimeOffset RunnersKeyEnds { get; private set; }

    /// <summary>The last exit that was reported.</summary>
    public JsonNode? Exit => Bodies("/exit").LastOrDefault();

    /// <summary>A client with a key of the runner's own, so that it can be revoked.</summary>
    public async Task<MeshClient> ClientAsync()
    {
        var body = new JsonObject { ["scopes"] = new JsonArray([.. Scopes.Select(scope => (JsonNode)scope)]), ["ttl"] = 3600 };
        var key = await server.CallAsync(HttpMethod.Post, "keys", body.ToJsonString());
        _runnersKey = key!["key_id"]!.GetValue<string>();
        RunnersKeyEnds = key["expires_at"]!.GetValue<DateTimeOffset>();
        var options = new MeshClientOptions
        {
            BaseUrl = server.Url,
            Token = key["token"]!.GetValue<string>(),
            RetryDelay = TimeSpan.FromMilliseconds(1),
        };
        return new MeshClient(options, new Wire(this));
    }

    public List<JsonNode> Bodies(string path) =>
        [.. Calls.Where(call => call.Path.EndsWith(path, StringComparison.Ordinal)).Select(call => call.Body!)];

    /// <summary>What was last said of a directive, by whichever way: <c>state</c>, or <c>state: note</c>.</summary>
    public string? AckOf(long seq) => Acks(seq).LastOrDefault();

    public List<string> Acks(long seq)
    {
        var direct = Bodies($"/directives/{seq}/ack");
        var carried = Bodies("/heartbeat")
            .SelectMany(body => body["acks"]?.AsArray() ?? [])
            .OfType<JsonNode>()
            .Where(ack => ack["seq"]!.GetValue<long>() == seq);
        return [.. direct.Concat(carried).Select(ack => ack["note"] is { } note ? $"{ack["state"]}: {note}" : $"{ack["state"]}")];
    }

    /// <summary>Steers the agent, once it is there, and says the number of the directive.</summary>
    public async Task<long> SendAsync(string verb, string? direction = null, string? message = null, JsonNode? data = null)
    {
        await IsThereAsync();
        var body = new JsonObject { ["agent_id"] = AgentId, ["verb"] = verb };
        foreach (var (name, value) in new (string, JsonNode?)[] { ("direction", direction), ("message", message), ("data", data) })
        {
            if (value is not null)
            {
                body[name] = value;
            }
        }

        return (await server.CallAsync(HttpMethod.Post, "steer", body.ToJsonString()))!["seq"]!.GetValue<long>();
    }

    /// <summary>Kills the agent, once it is there.</summary>
    /// <param name="grace">Seconds; null for by force.</param>
    public async Task StopAsync(int? grace = null, string? reason = null)
    {
        await IsThereAsync();
        var why = reason is null ? "" : "&reason=" + Uri.EscapeDataString(reason);
        await server.CallAsync(HttpMethod.Delete, $"agents/{AgentId}?{(grace is { } seconds ? $"grace={seconds}" : "force=true")}{why}");
    }

    /// <summary>The server has taken the report of the exit: that it was sent is sooner.</summary>
    public Task IsOverAsync() => Eventually.True(
        async () => (await server.CallAsync(HttpMethod.Get, "agents/" + AgentId))?["status"]?.GetValue<string>() is "dead",
        () => $"{AgentId} is over");

    /// <summary>Another process is the agent.</summary>
    public Task RegisterAsync() =>
        server.CallAsync(HttpMethod.Post, "agents", new JsonObject { ["agent_id"] = AgentId }.ToJsonString());

    /// <summary>Another process was the agent, and ended.</summary>
    public async Task LiveAsync()
    {
        var row = await server.CallAsync(HttpMethod.Post, "agents", new JsonObject { ["agent_id"] = AgentId }.ToJsonString());
        await server.CallAsync(
            HttpMethod.Post,
            $"agents/{AgentId}/exit",
            new JsonObject { ["incarnation"] = row!["incarnation"]!.DeepClone(), ["exit_code"] = 0 }.ToJsonString());
    }

    /// <summary>Does what makes the server end the runner's stream with that code.</summary>
    public Task EndStreamAsync(string code) => code switch
    {
        "tombstoned" => StopAsync(),
        "superseded" => server.CallAsync(
            HttpMethod.Post, "agents", new JsonObject { ["agent_id"] = AgentId, ["takeover"] = true }.ToJsonString()),
        "key_revoked" => server.CallAsync(HttpMethod.Delete, "keys/" + _runnersKey),
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "not one that can be brought about"),
    };

    /// <summary>The connections break; nothing is said.</summary>
    public void CutStreams()
    {
        foreach (var stream in _streams.Keys)
        {
            stream.Cut();
        }
    }

    private Task IsThereAsync() => Eventually.True(
        async () => (await server.CallAsync(HttpMethod.Get, "agents/" + AgentId))?["status"]?.GetValue<string>() is "alive" or "stopping",
        () => $"{AgentId} is there");

    private static HttpResponseMessage Problem(HttpStatusCode status, string code) => new(status)
    {
        Content = new StringContent(
            $$"""{"type":"urn:x","title":"{{code}}","status":{{(int)status}},"detail":"refused: {{code}}","code":"{{code}}"}""",
            Encoding.UTF8,
            "application/problem+json"),
    };

    private sealed class Wire(HostedMesh mesh) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var isLost = mesh.LosesQuestions && request.RequestUri!.AbsolutePath.EndsWith("/directives", StringComparison.Ordinal);
            mesh.LostQuestions += isLost ? 1 : 0;
            if (mesh.IsAway || isLost)
            {
                throw new HttpRequestException("nobody is there");
            }

            var path = request.RequestUri!.AbsolutePath[Routes.Prefix.Length..];
            var text = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
            mesh.Calls.Enqueue((path, text.Length == 0 ? null : JsonNode.Parse(text)));
            var streams = request.Headers.Accept.Any(type => type.MediaType == "text/event-stream");
            if ((streams && mesh.IsDeaf) || (mesh.RefusesHeartbeats && path.EndsWith("/heartbeat", StringComparison.Ordinal)))
            {
                return Problem(HttpStatusCode.ServiceUnavailable, "busy");
            }

            var answer = await base.SendAsync(request, cancellationToken);
            if (streams && answer.IsSuccessStatusCode)
            {
                var stream = new CuttableStream(
                    await answer.Content.ReadAsStreamAsync(cancellationToken), over => mesh._streams.TryRemove(over, out _));
                mesh._streams[stream] = true;
                var content = new StreamContent(stream);
                content.Headers.ContentType = answer.Content.Headers.ContentType;
                answer.Content = content;
            }
            else if (path == "/keys" && answer.IsSuccessStatusCode)
            {
                await answer.Content.LoadIntoBufferAsync(cancellationToken);
                mesh.ChildsKey = JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancellationToken))!["token"]!.GetValue<string>();
            }

            return answer;
        }
    }

    /// <summary>A stream that breaks when told to, as a connection does.</summary>
    private sealed class CuttableStream(Stream inner, Action<CuttableStream> over) : Stream
    {
        private readonly CancellationTokenSource _cut = new();

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public void Cut()
        {
            over(this);
            _cut.Cancel();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(_cut.Token, cancellationToken);
            try
            {
                var read = await inner.ReadAsync(buffer, either.Token);
                if (read == 0)
                {
                    over(this);
                }

                return read;
            }
            catch (OperationCanceledException e) when (_cut.IsCancellationRequested)
            {
                throw new IOException("the connection was cut", e);
            }
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override void Flush() => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            over(this);
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
