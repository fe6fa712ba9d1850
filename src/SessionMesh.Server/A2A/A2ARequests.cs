using System.Text.Json;
using System.Text.Json.Serialization;
using SessionMesh.Contracts;

namespace SessionMesh.Server.A2A;

/// <summary>
/// What <c>message:send</c> and <c>message:stream</c> take. As the specification asks, members that are not known are ignored.
/// </summary>
internal sealed record A2ASendRequest
{
    public A2AMessage? Message { get; init; }
    public A2ASendConfiguration? Configuration { get; init; }
}

internal sealed record A2ASendConfiguration
{
    public int? HistoryLength { get; init; }
    public bool? ReturnImmediately { get; init; }
    public JsonElement? TaskPushNotificationConfig { get; init; }
}

internal sealed record A2AMessage
{
    /// <summary>The same id with the same words is the same message, and is steered once.</summary>
    public string? MessageId { get; init; }
    public string? ContextId { get; init; }
    public string? TaskId { get; init; }
    public string? Role { get; init; }
    public IReadOnlyList<A2APart?>? Parts { get; init; }
    public A2AMetadata? Metadata { get; init; }
}

internal sealed record A2APart
{
    public string? Text { get; init; }
    public JsonElement? Data { get; init; }
    public string? Raw { get; init; }
    public string? Url { get; init; }
    public string? MediaType { get; init; }
}

/// <summary>What <c>tasks/{task}:cancel</c> takes.</summary>
internal sealed record A2ACancelRequest
{
    public A2AMetadata? Metadata { get; init; }
}

/// <summary>What a message or a cancel may say beside the protocol's own members.</summary>
internal sealed record A2AMetadata
{
    /// <summary>The direction of the steer.</summary>
    public string? Direction { get; init; }

    /// <summary>Seconds for which the steer stays deliverable.</summary>
    public int? Ttl { get; init; }

    /// <summary>Why; of a steer for the audit alone.</summary>
    public string? Reason { get; init; }

    /// <summary>Seconds until a cancel is followed by force.</summary>
    public int? Grace { get; init; }
}

/// <summary>The JSON of A2A requests: names in camel case.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    MaxDepth = Limits.JsonDepth,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(A2ASendRequest))]
[JsonSerializable(typeof(A2ACancelRequest))]
internal sealed partial class A2AJson : JsonSerializerContext;
