using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Server.Mcp.Arguments;
using SessionMesh.Server.Mcp.Tools;

namespace SessionMesh.Server.Mcp;

/// <summary>
/// A refusal as the error of a tool: JSON text with <c>code</c>, <c>detail</c>, the arguments to blame and what to do next, in the words of
/// the tools. There is no structured content: the output schema is that of a success.
/// </summary>
internal static class ToolRefusal
{
    /// <summary>What only a sentence about a call over HTTP has.</summary>
    private static readonly string[] s_calls =
        ["GET ", "POST ", "PUT ", "PATCH ", "DELETE ", "/api/session-mesh", "Authorization: ", "Retry-After", "the header", "query string"];

    private static readonly JsonSerializerOptions s_readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Arguments that are wrong by their form.</summary>
    public static CallToolResult Of(IReadOnlyList<MemberError> errors) =>
        Result(ErrorCodes.InvalidRequest, Sentences(errors), errors, null);

    public static CallToolResult Internal(string requestId) => Result(
        ErrorCodes.Internal, "The server failed on this call. Its log has the request id.", [],
        new JsonObject { ["request_id"] = requestId });

    /// <param name="problem">A problem document of the API.</param>
    public static CallToolResult Of(ReadOnlyMemory<byte> problem, MeshTool tool)
    {
        var read = JsonSerializer.Deserialize(problem.Span, MeshJson.Default.Problem)!;
        MemberError[] members =
        [
            .. (read.Errors ?? []).Select(error => error with
            {
                Pointer = NameOf(error.Pointer, tool),
                Message = SpeaksOfCalls(error.Message) ? "cannot be taken here" : error.Message,
            }),
        ];
        var more = new JsonObject();
        Add(more, "agent_status", read.AgentStatus);
        Add(more, "last_heartbeat_at", read.LastHeartbeatAt);
        Add(more, "retry_after", read.RetryAfter);
        Add(more, "request_id", read.RequestId);
        return Result(read.Code, members.Length > 0 ? Sentences(members) : InWordsOfTools(read), members, more);
    }

    private static CallToolResult Result(string code, string detail, IReadOnlyList<MemberError> members, JsonObject? more)
    {
        var error = new JsonObject { ["code"] = code, ["detail"] = detail };
        Add(error, "next", NextOf(code));
        if (members.Count > 0)
        {
            error["arguments"] = new JsonArray([.. members.Select(ToJson)]);
        }

        foreach (var (name, value) in more ?? new JsonObject())
        {
            error[name] = value?.DeepClone();
        }

        return new CallToolResult { IsError = true, Content = [new TextContentBlock { Text = error.ToJsonString(s_readable) }] };
    }

    private static JsonObject ToJson(MemberError member)
    {
        var json = new JsonObject { ["argument"] = member.Pointer, ["message"] = member.Message };
        if (member.Allowed is { } allowed)
        {
            json["allowed"] = new JsonArray([.. allowed.Select(word => JsonValue.Create(word))]);
        }

        return json;
    }

    /// <summary>The argument that a pointer means, with what is below it: <c>acks/0/state</c>.</summary>
    private static string NameOf(string pointer, MeshTool tool)
    {
        var isQuery = pointer.StartsWith('?');
        var parts = pointer.TrimStart('?', '/').Split('/', 2);
        var argument = tool.Arguments.FirstOrDefault(one =>
            one.Member == parts[0] && isQuery == one.Place is ArgumentPlace.Query or ArgumentPlace.QueryEach);
        return string.Join('/', [argument?.Name ?? parts[0], .. parts.Skip(1)]);
    }

    private static string Sentences(IReadOnlyList<MemberError> errors) =>
        string.Join(' ', errors.Select(error => $"{error.Pointer}: {error.Message}."));

    /// <summary>The detail without its sentences about calls over HTTP; what to do instead is said beside it.</summary>
    private static string InWordsOfTools(Problem problem)
    {
        var ours = problem.Detail.Split(". ").Where(sentence => !SpeaksOfCalls(sentence)).ToList();
        return ours.Count == 0 ? problem.Title + "." : string.Join(". ", ours).TrimEnd('.') + ".";
    }

    private static bool SpeaksOfCalls(string text) => Array.Exists(s_calls, word => text.Contains(word, StringComparison.Ordinal));

    private static void Add<T>(JsonObject json, string name, T value)
    {
        if (value is not null)
        {
            json[name] = JsonValue.Create(value);
        }
    }

    /// <summary>What to do about it, by its code; null where the detail says it.</summary>
    private static string? NextOf(string code) => code switch
    {
        ErrorCodes.AgentNotFound => "list_agents with filter all shows who is known; register makes an agent known.",
        ErrorCodes.NotAlive => "get_agent shows how it is; steer_agent with hold keeps the directive until it is back.",
        ErrorCodes.NoSession => "Call register for it; then it is alive.",
        ErrorCodes.AlreadyAlive => "Register under another agent_id, or with takeover if the one that is alive should give way.",
        ErrorCodes.NoCapacity => "Call claim_specialist with wait, or find_specialist to see who is there.",
        ErrorCodes.ClaimNotFound => "It has ended or was released; claim_specialist takes another.",
        ErrorCodes.ClaimOfAnother => "Only the key that claimed can release it, or one above it.",
        ErrorCodes.SessionNotFound => "The session_id of an agent is in get_agent. These tools make no session.",
        ErrorCodes.DirectiveNotFound => "check_inbox shows what is pending; its seq is what ack_directive takes.",
        ErrorCodes.AckConflict => "Nothing is left to say of it.",
        ErrorCodes.InboxFull => "Wait until the agent has caught up.",
        ErrorCodes.MissingScope => "The user has to give you a key with that scope, if you are to do this.",
        ErrorCodes.NotYourAgent => "Leave agent_id out: this key is for one agent.",
        ErrorCodes.OutsideReach => "This key is for some agents only.",
        ErrorCodes.Superseded => "Another has taken over. Stop working as this agent.",
        ErrorCodes.Tombstoned => "The agent was killed. Stop working as this agent.",
        ErrorCodes.Stopping => "The agent is being stopped.",
        ErrorCodes.UnknownIncarnation => "Call register, and use the incarnation that it answers.",
        ErrorCodes.Restored => "Call register again, and go on with the numbers that it answers.",
        ErrorCodes.PreconditionFailed => "Call session_get, look at what changed, and try with its version.",
        ErrorCodes.SessionExpired => "It has ended; nothing can be written to it.",
        ErrorCodes.KeyInQuery => "Never put a key into an argument. Tell the user that this key should be revoked.",
        ErrorCodes.IdempotencyKeyReused => "Use another idempotency_key for another call.",
        ErrorCodes.RateLimited or ErrorCodes.Busy or ErrorCodes.TooManyStreams => "Wait retry_after seconds, then try again.",
        _ => null,
    };
}
