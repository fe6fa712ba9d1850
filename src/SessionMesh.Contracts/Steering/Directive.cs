using System.Text.Json;

namespace SessionMesh.Contracts.Steering;

/// <summary>One word to one agent.</summary>
public sealed record Directive
{
    public required string DirectiveId { get; init; }
    public required string AgentId { get; init; }

    /// <summary>1, 2, 3… per agent, without a gap; the id of its event in the agent's stream.</summary>
    public required long Seq { get; init; }

    /// <summary>One of <c>steer</c>, <c>pause</c>, <c>resume</c>, <c>stop</c>.</summary>
    public required string Verb { get; init; }
    public string? Direction { get; init; }
    public string? Message { get; init; }
    public JsonElement? Data { get; init; }

    /// <summary>One of `queued`, `delivered`, `accepted`, `acknowledged`, `rejected`, `expired`, `cancelled`, `undeliverable`.</summary>
    public required string State { get; init; }

    /// <summary>The id of the key that issued it.</summary>
    public required string IssuedBy { get; init; }
    public required DateTimeOffset IssuedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? DeliveredAt { get; init; }
    public DateTimeOffset? AcceptedAt { get; init; }
    public DateTimeOffset? AcknowledgedAt { get; init; }

    /// <summary>When it was over, however it ended.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>What the agent said with its ack, or why the directive ended without one.</summary>
    public string? Note { get; init; }
}

public static class DirectiveVerb
{
    public const string Steer = "steer";
    public const string Pause = "pause";
    public const string Resume = "resume";

    /// <summary>Only <c>DELETE /agents/{id}</c> issues it.</summary>
    public const string Stop = "stop";

    /// <summary>What <c>POST /steer</c> takes.</summary>
    public static readonly IReadOnlyList<string> Steerable = [Steer, Pause, Resume];

    /// <summary>What a listener may ask for.</summary>
    public static readonly IReadOnlyList<string> All = [Steer, Pause, Resume, Stop];
}

/// <summary>
/// <c>queued → delivered → [accepted →] acknowledged | rejected</c>, or <c>expired</c>, <c>cancelled</c>, <c>undeliverable</c>.
/// </summary>
public static class DirectiveState
{
    public const string Queued = "queued";

    /// <summary>Written to a socket; nothing says that anybody read it.</summary>
    public const string Delivered = "delivered";

    /// <summary>Taken over by a go-between, such as a runner that wrote it to a file.</summary>
    public const string Accepted = "accepted";
    public const string Acknowledged = "acknowledged";
    public const string Rejected = "rejected";
    public const string Expired = "expired";
    public const string Cancelled = "cancelled";
    public const string Undeliverable = "undeliverable";

    /// <summary>What an agent may say of a directive.</summary>
    public static readonly IReadOnlyList<string> Acks = [Accepted, Acknowledged, Rejected];

    /// <summary>What <c>wait</c> on <c>POST /steer</c> may name.</summary>
    public static readonly IReadOnlyList<string> Waits = [Delivered, Accepted, Acknowledged];
}
