using System.Text.Json.Nodes;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.A2A;

/// <summary>Calls of A2A as a client makes them, and what it gets.</summary>
internal static class A2ARig
{
    public const string Once = ""","configuration":{"returnImmediately":true}""";

    /// <param name="more">Further members of the message, with a comma before the first.</param>
    /// <param name="beside">Further members beside the message; by default the answer is not held.</param>
    public static string Message(string id, string parts = """{"text":"go on"}""", string more = "", string beside = Once) =>
        $$"""{"message":{"messageId":"{{id}}","role":"ROLE_USER","parts":[{{parts}}]{{more}}}{{beside}}}""";

    public static Task<Reply> SayAsync(
        this MeshHost mesh, string agent, string body, string? key = null, string? version = "1.0", string? idempotencyKey = null) =>
        mesh.A2AAsync(HttpMethod.Post, $"agents/{agent}/a2a/message:send", body, key, version, idempotencyKey);

    public static async Task<Reply> A2AAsync(
        this MeshHost mesh, HttpMethod method, string path, string? body = null, string? key = null, string? version = "1.0",
        string? idempotencyKey = null)
    {
        using var request = mesh.A2ARequest(method, path, body, key, version);
        if (idempotencyKey is not null)
        {
            request.Headers.TryAddWithoutValidation("Idempotency-Key", idempotencyKey);
        }

        return await mesh.SendAsync(request);
    }

    public static async Task<SseReader> FollowAsync(this MeshHost mesh, string path, string? body = null, string? key = null)
    {
        using var request = mesh.A2ARequest(HttpMethod.Post, path, body, key, "1.0");
        request.Headers.TryAddWithoutValidation("Accept", "text/event-stream");
        return await mesh.ListenAsync(request);
    }

    public static Reply ShouldBeA2A(this Reply reply, string json)
    {
        Assert.True(reply.Status == 200, $"{reply.Status}: {reply.Text}");
        Assert.Equal("application/a2a+json", reply.Headers["Content-Type"]);
        JsonAssert.Same(json, reply.Text);
        return reply;
    }

    /// <summary>The next event, whole.</summary>
    public static async Task SaysAsync(this SseReader stream, string json) =>
        JsonAssert.Same(json, (await stream.NextAsync("message")).Data);

    /// <summary>The stream ends with an error of A2A.</summary>
    public static async Task FailsAsync(this SseReader stream, int code, string status, string reason, string domain)
    {
        JsonAssert.Same($$"""
            {"error":{"code":{{code}},"status":"{{status}}","message":"*","details":[
              {"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"{{reason}}","domain":"{{domain}}"}]} }
            """, (await stream.NextAsync("error")).Data);
        await stream.NextAsync("(end)");
    }

    /// <summary>A task as a reader of the mesh sees it, its agent's row aside.</summary>
    /// <param name="directive">See <see cref="Directive"/>.</param>
    /// <param name="row">Of the metadata, with a comma before it.</param>
    /// <param name="history">What was said, oldest first.</param>
    /// <param name="differs">Members that differ, as the inside of a JSON object.</param>
    public static string Task(
        string agent = "a", int incarnation = 1, string state = "TASK_STATE_WORKING", double at = 0, string status = "alive",
        string directive = "", string row = ",\"agent\":\"*\"", string[]? history = null, string differs = "")
    {
        var said = history is null ? "" : $",\"history\":[{string.Join(',', history)}]";
        return Rows.Merge($$"""
            {"id":"{{agent}}.1.{{incarnation}}","contextId":"{{agent}}","status":{"state":"{{state}}","timestamp":"{{Rows.At(at)}}"},
             "metadata":{"incarnation":{{incarnation}},"status":"{{status}}"{{directive}}{{row}}}{{said}}}
            """, differs);
    }

    /// <summary>The answer to a message, or the first event of a stream.</summary>
    public static string Of(string task) => $"{{\"task\":{task}}}";

    /// <summary>Of the metadata, with a comma before it.</summary>
    public static string Directive(
        long revision, long seq = 1, string state = "queued", string? note = null, string direction = "message", string verb = "steer") =>
        $$"""
        ,"directive":{"directive_id":"d-{{revision}}","seq":{{seq}},"verb":"{{verb}}","direction":"{{direction}}","state":"{{state}}",
         "note":{{Text(note)}}}
        """;

    /// <summary>A directive as a message of the history.</summary>
    public static string Said(
        long revision, string parts, string agent = "a", int incarnation = 1, string? direction = "message", string verb = "steer") => $$"""
            {"messageId":"d-{{revision}}","contextId":"{{agent}}","taskId":"{{agent}}.1.{{incarnation}}","role":"ROLE_USER",
             "parts":[{{parts}}],"metadata":{"verb":"{{verb}}","direction":{{Text(direction)}} } }
            """;

    /// <summary>What the agent said.</summary>
    public static string Answered(string id, string text, string agent = "a", int incarnation = 1) => $$"""
        {"messageId":"{{id}}","contextId":"{{agent}}","taskId":"{{agent}}.1.{{incarnation}}","role":"ROLE_AGENT",
         "parts":[{"text":"{{text}}"}]}
        """;

    /// <summary>A status update of a task.</summary>
    /// <param name="message">With a comma before it.</param>
    public static string Update(
        string metadata, string state = "TASK_STATE_WORKING", double at = 0, string message = "") =>
        $$"""
        {"statusUpdate":{"taskId":"a.1.1","contextId":"a",
         "status":{"state":"{{state}}","timestamp":"{{Rows.At(at)}}"{{message}}},"metadata":{ {{metadata.TrimStart(' ', '\n', ',')}} } } }
        """;

    private static string Text(string? text) => JsonValue.Create(text)?.ToJsonString() ?? "null";

    private static HttpRequestMessage A2ARequest(
        this MeshHost mesh, HttpMethod method, string path, string? body, string? key, string? version)
    {
        var request = mesh.Request(method, path, key);
        if (version is not null)
        {
            request.Headers.TryAddWithoutValidation("A2A-Version", version);
        }

        if (body is not null)
        {
            request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/a2a+json");
        }

        return request;
    }
}
