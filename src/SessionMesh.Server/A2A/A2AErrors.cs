using System.Buffers;
using System.Globalization;
using System.Text.Json;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.A2A;

/// <summary>
/// The errors of A2A, as its specification has them over HTTP: a <c>google.rpc.Status</c> with an <c>ErrorInfo</c>. What A2A names itself
/// is in its own words and with its own status; every other refusal keeps the status that it has in the API, and its code is the reason.
/// </summary>
internal sealed class A2AErrors : AnswerForm
{
    public static readonly A2AErrors Form = new();

    private const string Protocol = "a2a-protocol.org";
    private const string Mesh = "session-mesh";
    private const string VersionName = "A2A-Version";

    /// <summary>People read errors. Safe: this is never embedded in a page.</summary>
    private static readonly JsonWriterOptions s_json =
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The one table: the code of each error that A2A names, with what it says of it.</summary>
    private static readonly Dictionary<string, (int Http, string Status, string Reason)> s_named = new(StringComparer.Ordinal)
    {
        [A2ACodes.TaskNotFound] = (404, "NOT_FOUND", "TASK_NOT_FOUND"),
        [A2ACodes.TaskNotCancelable] = (400, "FAILED_PRECONDITION", "TASK_NOT_CANCELABLE"),
        [A2ACodes.PushNotificationNotSupported] = (400, "FAILED_PRECONDITION", "PUSH_NOTIFICATION_NOT_SUPPORTED"),
        [A2ACodes.UnsupportedOperation] = (400, "FAILED_PRECONDITION", "UNSUPPORTED_OPERATION"),
        [A2ACodes.ContentTypeNotSupported] = (400, "INVALID_ARGUMENT", "CONTENT_TYPE_NOT_SUPPORTED"),
        [A2ACodes.VersionNotSupported] = (400, "FAILED_PRECONDITION", "VERSION_NOT_SUPPORTED"),
    };

    public override string ContentType => "application/a2a+json";

    public static MeshError TaskNotFound() => new(
        ErrorKind.NotFound, A2ACodes.TaskNotFound,
        "This agent has no such task. Its task is its present life; GET …/a2a/tasks names it, and an earlier one is over.");

    public static MeshError ContentTypeNotSupported() => new(
        ErrorKind.Invalid, A2ACodes.ContentTypeNotSupported,
        "A message to an agent has text and JSON data. Send no files, and name no media type but those of text and JSON.");

    public static MeshError PushNotificationNotSupported() => new(
        ErrorKind.Invalid, A2ACodes.PushNotificationNotSupported,
        "There are no push notifications here. Follow a task with POST …/a2a/tasks/{task}:subscribe.");

    /// <summary>Why a task cannot be followed: it is not there any more, or it is over. Null where it can.</summary>
    public static MeshError? NothingToFollow(A2ATask? task) => task switch
    {
        null => TaskNotFound(),
        { Agent.HasEnded: true } => UnsupportedOperation(
            "The task is over, and nothing more will come. Read it with GET …/a2a/tasks/{task}."),
        _ => null,
    };

    public static MeshError UnsupportedOperation(string detail) => new(ErrorKind.Invalid, A2ACodes.UnsupportedOperation, detail);

    /// <summary>
    /// Null for a request that speaks 1.0, whatever its patch. One that does not say counts as such: 0.3, which the specification assumes
    /// then, has other paths and does not come here.
    /// </summary>
    public static MeshError? CheckVersion(HttpContext http)
    {
        var given = http.Request.Headers.TryGetValue(VersionName, out var header) ? header.ToString()
            : http.Request.Query.TryGetValue(VersionName, out var parameter) ? parameter.ToString()
            : "1.0";
        return given == "1.0" || given.StartsWith("1.0.", StringComparison.Ordinal)
            ? null
            : new MeshError(
                ErrorKind.Invalid, A2ACodes.VersionNotSupported, $"This interface speaks A2A 1.0 alone. Send {VersionName}: 1.0.");
    }

    /// <summary>What a refusal by the mesh's rules means for the task that a call was for.</summary>
    public static MeshError OfTask(MeshError error) => error.Code switch
    {
        ErrorCodes.Superseded or ErrorCodes.UnknownIncarnation => TaskNotFound(),
        ErrorCodes.NotAlive => UnsupportedOperation(
            $"The agent is {error.AgentStatus}, and takes no messages. It does again once it is alive.") with
        {
            AgentStatus = error.AgentStatus,
        },
        ErrorCodes.Tombstoned => new MeshError(
            ErrorKind.Invalid, A2ACodes.TaskNotCancelable, "The task is over: the agent has ended, and nothing is left to stop.")
        {
            AgentStatus = error.AgentStatus,
        },
        _ => error,
    };

    public override int StatusOf(MeshError error) =>
        s_named.TryGetValue(error.Code, out var named) ? named.Http : error.HttpStatus();

    public override byte[] Write(MeshError error, string? requestId)
    {
        var bytes = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(bytes, s_json))
        {
            Write(json, error, requestId);
        }

        return bytes.WrittenSpan.ToArray();
    }

    private void Write(Utf8JsonWriter json, MeshError error, string? requestId)
    {
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteNumber("code", StatusOf(error));
        json.WriteString("status", s_named.TryGetValue(error.Code, out var named) ? named.Status : StatusWord(error));
        json.WriteString("message", error.Detail);
        json.WriteStartArray("details");
        WriteInfo(json, error, named.Reason, requestId);
        if (error.Members is { Count: > 0 } members)
        {
            WriteViolations(json, members);
        }

        if (error.RetryAfter is { } seconds)
        {
            BeginDetail(json, "RetryInfo");
            json.WriteString("retryDelay", string.Create(CultureInfo.InvariantCulture, $"{seconds}s"));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteInfo(Utf8JsonWriter json, MeshError error, string? named, string? requestId)
    {
        BeginDetail(json, "ErrorInfo");
        json.WriteString("reason", named ?? error.Code.ToUpperInvariant());
        json.WriteString("domain", named is null ? Mesh : Protocol);
        if (error.AgentStatus is not null || requestId is not null)
        {
            json.WriteStartObject("metadata");
            if (error.AgentStatus is { } status)
            {
                json.WriteString("agentStatus", status);
            }

            if (requestId is not null)
            {
                json.WriteString("requestId", requestId);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteViolations(Utf8JsonWriter json, IReadOnlyList<MemberError> members)
    {
        BeginDetail(json, "BadRequest");
        json.WriteStartArray("fieldViolations");
        foreach (var member in members)
        {
            json.WriteStartObject();
            json.WriteString("field", Field(member.Pointer));
            json.WriteString("description", member.Message);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary><c>/message/parts/0/text</c> as <c>message.parts[0].text</c>, and <c>?pageSize</c> as <c>pageSize</c>.</summary>
    private static string Field(string pointer) => pointer.TrimStart('/', '?').Split('/').Aggregate((path, step) =>
        step.Length > 0 && step.All(char.IsAsciiDigit) ? $"{path}[{step}]" : $"{path}.{step}");

    private static void BeginDetail(Utf8JsonWriter json, string type)
    {
        json.WriteStartObject();
        json.WriteString("@type", "type.googleapis.com/google.rpc." + type);
    }

    private static string StatusWord(MeshError error) => error is HttpError { Status: var status } ? StatusWord(status) : error.Kind switch
    {
        ErrorKind.Invalid or ErrorKind.TooLarge => "INVALID_ARGUMENT",
        ErrorKind.Unauthenticated => "UNAUTHENTICATED",
        ErrorKind.Forbidden => "PERMISSION_DENIED",
        ErrorKind.NotFound => "NOT_FOUND",
        ErrorKind.Conflict => "ABORTED",
        ErrorKind.Stale => "FAILED_PRECONDITION",
        ErrorKind.Reused => "ALREADY_EXISTS",
        ErrorKind.Exhausted or ErrorKind.DiskFull => "RESOURCE_EXHAUSTED",
        ErrorKind.Internal => "INTERNAL",
        ErrorKind.Unavailable => "UNAVAILABLE",
        _ => throw new InvalidOperationException($"{error.Kind} has no status"),
    };

    /// <summary>Of an error that exists only in HTTP.</summary>
    private static string StatusWord(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => "UNAUTHENTICATED",
        StatusCodes.Status403Forbidden => "PERMISSION_DENIED",
        StatusCodes.Status404NotFound => "NOT_FOUND",
        StatusCodes.Status409Conflict => "ABORTED",
        StatusCodes.Status429TooManyRequests => "RESOURCE_EXHAUSTED",
        StatusCodes.Status503ServiceUnavailable => "UNAVAILABLE",
        >= 500 => "INTERNAL",
        _ => "INVALID_ARGUMENT",
    };
}

/// <summary>The codes of what A2A names. They are in metrics beside those of the API, and in no problem document.</summary>
internal static class A2ACodes
{
    public const string TaskNotFound = "task_not_found";
    public const string TaskNotCancelable = "task_not_cancelable";
    public const string PushNotificationNotSupported = "push_notification_not_supported";
    public const string UnsupportedOperation = "unsupported_operation";
    public const string ContentTypeNotSupported = "content_type_not_supported";
    public const string VersionNotSupported = "version_not_supported";
}
