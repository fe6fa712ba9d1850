using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Events;

namespace SessionMesh.Cli.Tests.Run;

/// <summary>
/// The agent's side of a server, for one agent: answers, and remembers what it was told. For what the real server, which
/// <see cref="HostedMesh"/> has, says too seldom: one that is restored again and again, one too old to know its keys, a stream that ends in
/// its own time.
/// </summary>
internal sealed class FakeMesh : HttpMessageHandler
{
    public const string OperatorKey = "smk_operator";
    public const string BoundKey = "smk_bound";

    private readonly Lock _gate = new();
    private readonly List<JsonObject> _inbox = [];
    private readonly List<PipeWriter> _streams = [];

    public ConcurrentQueue<(string Path, JsonNode? Body)> Calls { get; } = new();

    /// <summary>Refuses heartbeats with this code while set.</summary>
    public volatile string? HeartbeatRefusal;

    /// <summary>Refuses registrations with this code while set.</summary>
    public volatile string? RegistrationRefusal;

    /// <summary>The one that lives, or lived last. Each exit that is taken makes the next registration a new one.</summary>
    public int Incarnation { get; set; } = 3;

    /// <summary>What every answer says; null for a server that has none.</summary>
    public long? Epoch { get; set; }

    /// <summary>The session of the incarnation that is known.</summary>
    public string SessionId { get; set; } = "s-1";

    private bool _isOver;
    private bool _isUnknown;

    /// <summary>
    /// The store is exchanged for one in which the agent had that incarnation, and nobody had steered it; 0 knows no such agent.
    /// </summary>
    public void Restore(int incarnation, string session = "s-1")
    {
        lock (_gate)
        {
            Epoch++;
            _inbox.Clear();
            (Incarnation, SessionId, _isUnknown, _isOver) = (incarnation, session, incarnation == 0, false);
        }

        CutStreams();
    }

    public MeshClient Client() => new(
        new MeshClientOptions
        {
            BaseUrl = new Uri("http://mesh.test:7420/"),
            Token = OperatorKey,
            RetryDelay = TimeSpan.FromMilliseconds(1),
        },
        this);

    public List<JsonNode> Bodies(string path) =>
        [.. Calls.Where(call => call.Path.EndsWith(path, StringComparison.Ordinal)).Select(call => call.Body!)];

    public JsonNode? Exit => Bodies("/exit").LastOrDefault();

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

    public long Send(string verb, string? direction = null, string? message = null, JsonNode? data = null)
    {
        lock (_gate)
        {
            var directive = new JsonObject
            {
                ["directive_id"] = $"d{_inbox.Count + 1}",
                ["agent_id"] = "a1",
                ["seq"] = _inbox.Count + 1,
                ["verb"] = verb,
                ["direction"] = direction,
                ["message"] = message,
                ["data"] = data?.DeepClone(),
                ["state"] = "queued",
                ["issued_by"] = "k1",
                ["issued_at"] = "2030-01-01T00:00:00Z",
                ["expires_at"] = "2030-01-01T01:00:00Z",
            };
            _inbox.Add(directive);
            foreach (var stream in _streams)
            {
                Write(stream, Event(directive));
            }

            return _inbox.Count;
        }
    }

    /// <summary>Ends every open stream with the server's word that it is over.</summary>
    public void EndStreams(string code)
    {
        lock (_gate)
        {
            foreach (var stream in _streams)
            {
                Write(stream, $"event: {StreamEvent.End}\ndata: {{\"code\":\"{code}\",\"detail\":\"it is over\"}}\n\n");
            }

            _streams.Clear();
        }
    }

    /// <summary>The connections break; nothing is said.</summary>
    public void CutStreams()
    {
        lock (_gate)
        {
            foreach (var stream in _streams)
            {
                stream.Complete();
            }

            _streams.Clear();
        }
    }

    public bool HasStream
    {
        get
        {
            lock (_gate)
            {
                return _streams.Count > 0;
            }
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var path = request.RequestUri!.AbsolutePath[Routes.Prefix.Length..];
        var text = request.Content is null ? null : await request.Content.ReadAsStringAsync(cancellationToken);
        Calls.Enqueue((path, string.IsNullOrEmpty(text) ? null : JsonNode.Parse(text)));
        return (request.Method.Method, path.Split('/')) switch
        {
            ("POST", [_, "agents"]) => Register(text),
            ("POST", [_, "keys"]) => Json(201, new JsonObject
            {
                ["key_id"] = "k2",
                ["session_key"] = "k2",
                ["token"] = BoundKey,
                ["scopes"] = new JsonArray("agent:self"),
                ["expires_at"] = null,
                ["generation"] = 1,
            }),
            ("POST", [_, "agents", _, "heartbeat"]) =>
                (HeartbeatRefusal ?? Fenced(Asked(text, "epoch"))) is { } code ? Problem(code) : Json(200, Heartbeat()),
            ("POST", [_, "agents", _, "exit"]) => Exited(text),
            ("GET", [_, "agents", _]) => Json(200, Row()),
            ("POST", [_, "agents", _, "directives", _, "ack"]) when Fenced(Asked(text, "epoch")) is { } code => Problem(code),
            ("POST", [_, "agents", _, "directives", var seq, "ack"]) => Json(200, _inbox[int.Parse(seq) - 1].DeepClone()),
            ("GET", [_, "agents", _, "directives"]) =>
                request.Headers.Accept.Any(type => type.MediaType == "text/event-stream") ? Listen(request) : Pending(),
            _ => Problem("not_found", 404),
        };
    }

    private string? Fenced(long? epoch) => epoch is not null && epoch != Epoch ? "restored" : _isUnknown ? "agent_not_found" : null;

    private static long? Asked(string? text, string member) =>
        string.IsNullOrEmpty(text)
            || JsonNode.Parse(text)![member] is not { } node
            || node.GetValueKind() != System.Text.Json.JsonValueKind.Number
            ? null
            : node.GetValue<long>();

    private static long? EpochOf(HttpRequestMessage request) =>
        request.RequestUri!.Query.Split("epoch=") is [_, var epoch]
            ? long.Parse(epoch.Split('&')[0], System.Globalization.CultureInfo.InvariantCulture)
            : null;

    private HttpResponseMessage Register(string? text)
    {
        lock (_gate)
        {
            if (Epoch is not null && Asked(text, "incarnation") is { } held)
            {
                return _isUnknown ? Problem("agent_not_found", 404)
                    : held != Incarnation ? Problem(held > Incarnation ? "unknown_incarnation" : "superseded")
                    : Json(200, Row());
            }

            if (RegistrationRefusal is { } code)
            {
                return Problem(code);
            }

            if (Epoch > 1 && Incarnation > 0 && !_isOver && JsonNode.Parse(text!)!["takeover"] is null)
            {
                return Problem("already_alive");
            }

            if (Epoch > 1)
            {
                (_isOver, _isUnknown, SessionId) = (true, false, $"s-{100 + Incarnation}");
            }

            if (_isOver)
            {
                Incarnation++;
            }

            _isOver = false;
            return Json(201, Row());
        }
    }

    private HttpResponseMessage Exited(string? text)
    {
        lock (_gate)
        {
            if (Fenced(Asked(text, "epoch")) is { } fenced)
            {
                return Problem(fenced);
            }

            if (JsonNode.Parse(text!)!["incarnation"]!.GetValue<int>() != Incarnation)
            {
                return Problem("superseded");
            }

            _isOver = true;
            return Json(200, new JsonObject
            {
                ["agent_id"] = "a1",
                ["incarnation"] = Incarnation,
                ["status"] = "dead",
                ["confirmed"] = true,
                ["descendants"] = new JsonArray(),
            });
        }
    }

    private HttpResponseMessage Pending()
    {
        lock (_gate)
        {
            return Json(200, new JsonObject { ["directives"] = new JsonArray([.. _inbox.Select(directive => directive.DeepClone())]) });
        }
    }

    private JsonObject Row() => new()
    {
        ["agent_id"] = "a1",
        ["incarnation"] = Incarnation,
        ["epoch"] = Epoch,
        ["session_id"] = Epoch is null ? null : SessionId,
        ["status"] = "alive",
        ["ttl"] = 60,
        ["next_heartbeat_in"] = 1,
    };

    private JsonObject Heartbeat()
    {
        lock (_gate)
        {
            return new JsonObject
            {
                ["agent_id"] = "a1",
                ["incarnation"] = Incarnation,
                ["epoch"] = Epoch,
                ["ttl"] = 60,
                ["next_heartbeat_in"] = 1,
                ["directives"] = new JsonArray([.. _inbox.Select(directive => directive.DeepClone())]),
            };
        }
    }

    private HttpResponseMessage Listen(HttpRequestMessage request) =>
        Fenced(EpochOf(request)) is { } code ? Problem(code)
        : Stream(request);

    private HttpResponseMessage Stream(HttpRequestMessage request)
    {
        var pipe = new Pipe();
        lock (_gate)
        {
            var after = request.Headers.TryGetValues("Last-Event-ID", out var ids) ? long.Parse(ids.Single()) : 0;
            Write(pipe.Writer, ": hello\n\n");
            foreach (var directive in _inbox.Skip((int)after))
            {
                Write(pipe.Writer, Event(directive));
            }

            _streams.Add(pipe.Writer);
        }

        return new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new StreamContent(pipe.Reader.AsStream())
            {
                Headers = { ContentType = new MediaTypeHeaderValue("text/event-stream") },
            },
        };
    }

    private static string Event(JsonObject directive) =>
        $"event: {StreamEvent.Directive}\nid: {directive["seq"]}\ndata: {directive.ToJsonString()}\n\n";

    private static void Write(PipeWriter writer, string text) => _ = writer.WriteAsync(Encoding.UTF8.GetBytes(text)).AsTask();

    private static HttpResponseMessage Json(int status, JsonNode body) => new((HttpStatusCode)status)
    {
        Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"),
    };

    private static HttpResponseMessage Problem(string code, int status = 409) => Json(status, new JsonObject
    {
        ["type"] = "urn:x",
        ["title"] = code,
        ["status"] = status,
        ["detail"] = $"refused: {code}",
        ["code"] = code,
    });
}
