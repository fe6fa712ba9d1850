using System.Text;
using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Http;
using SessionMesh.Server.Mcp.Arguments;
using SessionMesh.Server.Mcp.Calls;
using SessionMesh.Server.Mcp.Tools;

namespace SessionMesh.Server.Mcp;

/// <summary>Lists the tools of a key, and calls them. Thread-safe.</summary>
internal sealed partial class ToolCalls(Toolbox toolbox, ApiCalls api, ILogger<ToolCalls> logger)
{
    /// <summary>The tools whose operation one of the key's scopes opens, all on one page.</summary>
    /// <exception cref="McpProtocolException">Another page is asked for.</exception>
    public ListToolsResult List(Key key, ListToolsRequestParams? parameters) => parameters?.Cursor is null
        ? new ListToolsResult
        {
            Tools = [.. toolbox.All.Where(one => api.IsOpen(one.Tool.Operation, key)).Select(one => one.Description)],
        }
        : throw new McpProtocolException("There is no such page: all tools are on the first.", McpErrorCode.InvalidParams);

    /// <summary>Calls a tool. Whatever the API refuses is an error of the tool, for the model to read.</summary>
    /// <exception cref="McpProtocolException">There is no such tool.</exception>
    public async ValueTask<CallToolResult> CallAsync(HttpContext http, CallToolRequestParams? parameters)
    {
        if (parameters?.Name is not { } name || toolbox.Find(name) is not { } tool)
        {
            throw new McpProtocolException(
                "There is no such tool. tools/list has those that this key may use.", McpErrorCode.InvalidParams);
        }

        var key = http.GetKey();
        var errors = new List<MemberError>();
        var call = ArgumentReader.Read(tool, http.Features.Get<McpMessage>()!.Arguments, key, errors);
        if (!api.IsOpen(tool.Operation, key))
        {
            // The API refuses it, before it looks at anything, and the audit has it.
            call = new ApiCall { Operation = tool.Operation };
        }
        else if (call is null)
        {
            return ToolRefusal.Of(errors);
        }

        try
        {
            var answer = await api.Start(http, call).AnswerAsync();
            return answer.IsProblem ? ToolRefusal.Of(answer.Json, tool) : Result(answer.Json);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            CallFailed(name, http.TraceIdentifier, e);
            return ToolRefusal.Internal(http.TraceIdentifier);
        }
    }

    /// <summary>The answer twice, as the specification asks: as data, and as text for clients that know no data.</summary>
    private static CallToolResult Result(ReadOnlyMemory<byte> json)
    {
        var reader = new Utf8JsonReader(json.Span);
        return new CallToolResult
        {
            Content = [new TextContentBlock { Text = Encoding.UTF8.GetString(json.Span) }],
            StructuredContent = JsonElement.ParseValue(ref reader),
        };
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The call behind tool {Tool} failed, in request {RequestId}")]
    private partial void CallFailed(string tool, string requestId, Exception error);
}
