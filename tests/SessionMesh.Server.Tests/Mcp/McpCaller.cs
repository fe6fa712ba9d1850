using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using SessionMesh.Contracts;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Mcp;

/// <summary>An MCP client by hand: what it sends and gets is what stands on the wire.</summary>
internal sealed class McpCaller(MeshHost mesh, string? key = null)
{
    public const string Version = "2025-11-25";

    private int _next;

    /// <summary>Sends a message as it is.</summary>
    public Task<Reply> SendAsync(string message, params (string Name, string Value)[] headers) =>
        SendAsync(Encoding.UTF8.GetBytes(message), headers);

    /// <inheritdoc cref="SendAsync(string, ValueTuple{string, string}[])"/>
    public async Task<Reply> SendAsync(byte[] message, params (string Name, string Value)[] headers)
    {
        using var request = mesh.Request(HttpMethod.Post, "~" + Routes.Mcp, key);
        request.Content = new ByteArrayContent(message);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        foreach (var (name, value) in headers)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (!headers.Any(header => header.Name == "Accept"))
        {
            request.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");
        }

        return await mesh.SendAsync(request);
    }

    /// <summary>A request, and the whole JSON-RPC answer, which has its id.</summary>
    public async Task<JsonObject> RequestAsync(string method, string parameters = "{}")
    {
        var id = Interlocked.Increment(ref _next);
        var reply = await SendAsync(
            $$"""{"jsonrpc":"2.0","id":{{id}},"method":"{{method}}","params":{{parameters}}}""", ("MCP-Protocol-Version", Version));
        var answer = AnswerIn(reply);
        Assert.Equal(id, answer["id"]!.GetValue<int>());
        Assert.Equal("2.0", answer["jsonrpc"]!.GetValue<string>());
        return answer;
    }

    /// <summary>The result of a request that goes well.</summary>
    public async Task<JsonObject> ResultAsync(string method, string parameters = "{}")
    {
        var answer = await RequestAsync(method, parameters);
        return answer["result"]?.AsObject() ?? throw new InvalidOperationException(answer.ToJsonString());
    }

    /// <summary>Calls a tool.</summary>
    public async Task<ToolAnswer> CallAsync(string tool, string arguments = "{}") =>
        new(await ResultAsync("tools/call", $$"""{"name":"{{tool}}","arguments":{{arguments}}}"""));

    public async Task<IReadOnlyList<string>> ToolsAsync() =>
        [.. (await ResultAsync("tools/list"))["tools"]!.AsArray().Select(tool => tool!["name"]!.GetValue<string>())];

    /// <summary>What a server has logged that somebody has to look at.</summary>
    public static IEnumerable<string> Complaints(MeshHost mesh) => mesh.Log.Lines.Where(line =>
        line.StartsWith("Warning", StringComparison.Ordinal) || line.StartsWith("Error", StringComparison.Ordinal)
        || line.StartsWith("Critical", StringComparison.Ordinal));

    /// <summary>The one message of an event stream.</summary>
    public static JsonObject AnswerIn(Reply reply)
    {
        Assert.True(reply.Status == 200, $"{reply.Status}: {reply.Text}");
        Assert.Equal("text/event-stream", reply.Headers["Content-Type"]);
        var data = reply.Text.Split('\n').Where(line => line.StartsWith("data: ", StringComparison.Ordinal)).ToList();
        return JsonNode.Parse(Assert.Single(data)[6..])!.AsObject();
    }

    public static string Initialize(string version = Version) => $$$"""
        {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"{{{version}}}","capabilities":{},
         "clientInfo":{"name":"test","version":"1"} } }
        """;
}

/// <summary>The result of a tool call.</summary>
internal sealed record ToolAnswer(JsonObject Result)
{
    public bool IsError => Result["isError"]?.GetValue<bool>() == true;

    public string Text => Assert.Single(Result["content"]!.AsArray())!["text"]!.GetValue<string>();

    /// <summary>What the text says, as JSON.</summary>
    public JsonObject Json => JsonNode.Parse(Text)!.AsObject();

    /// <summary>A success: the same as data and as text.</summary>
    public JsonObject ShouldBeOk()
    {
        Assert.False(IsError, Text);
        var data = Result["structuredContent"]!.AsObject();
        Assert.True(JsonNode.DeepEquals(data, Json), Text);
        return data;
    }

    /// <summary>The error of a tool, whole but for its words.</summary>
    public JsonObject ShouldBeError(string code)
    {
        Assert.True(IsError, Text);
        Assert.Null(Result["structuredContent"]);
        Assert.Equal(code, Json["code"]!.GetValue<string>());
        Assert.NotEmpty(Json["detail"]!.GetValue<string>());
        Assert.DoesNotContain("/api/", Text, StringComparison.Ordinal);
        Assert.DoesNotMatch("(GET|POST|PUT|PATCH|DELETE) ", Text);
        return Json;
    }

    /// <summary>A refusal that blames exactly these arguments.</summary>
    public JsonObject ShouldBlame(params string[] arguments)
    {
        var json = ShouldBeError(Json["code"]!.GetValue<string>() == "invalid_filter" ? "invalid_filter" : "invalid_request");
        var blamed = json["arguments"]!.AsArray();
        Assert.Equal(arguments, blamed.Select(one => one!["argument"]!.GetValue<string>()));
        Assert.All(blamed, one => Assert.NotEmpty(one!["message"]!.GetValue<string>()));
        Assert.All(arguments, name => Assert.Contains(name, json["detail"]!.GetValue<string>(), StringComparison.Ordinal));
        return json;
    }
}
