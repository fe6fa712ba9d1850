using System.Text.Json;
using System.Text.Json.Serialization;
using SessionMesh.Contracts.Json;

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

    /// <summary>One of <c>queued</c>, <c>delivered</c>, <c>accepted</c>, <c>acknowledged</c>, <c>rejected</c>, <c>expired</c>, <c>cancelled</c>, <c>undeliverable</c>.</summary>
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
}

/// <summary><c>queued → delivered → [accepted →] acknowledged | rejected</c>, or <c>expired</c>, <c>cancelled</c>, <c>undeliverable</c>.</summary>
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

/// <summary>Body of <c>POST /steer</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record SteerRequest
{
    [JsonConverter(typeof(IdTextConverter))]
    public string? AgentId { get; init; }

    /// <summary>Many agents instead of one; with <c>expect</c> or <c>dry_run</c>.</summary>
    public AgentSelector? Selector { get; init; }

    /// <summary>How many agents the caller expects the selector to match: another count is refused, and nothing is sent.</summary>
    public int? Expect { get; init; }

    /// <summary>Only say which agents match.</summary>
    public bool? DryRun { get; init; }

    /// <summary>One of <c>steer</c>, <c>pause</c>, <c>resume</c>; <c>steer</c> by default.</summary>
    public string? Verb { get; init; }

    /// <summary>A token that the agent understands; needed by <c>steer</c>.</summary>
    [JsonConverter(typeof(IdTextConverter))]
    public string? Direction { get; init; }
    public string? Message { get; init; }
    public JsonElement? Data { get; init; }

    /// <summary>Seconds for which the directive stays deliverable; 3600 by default.</summary>
    public int? Ttl { get; init; }

    /// <summary>Keep it for an agent that is not alive until it comes back or the directive expires.</summary>
    public bool? Hold { get; init; }

    /// <summary>Hold the answer until this state is reached: one of <c>delivered</c>, <c>accepted</c>, <c>acknowledged</c>.</summary>
    public string? Wait { get; init; }

    /// <summary>Bound of <c>wait</c>, seconds; 30 by default.</summary>
    public int? WaitSeconds { get; init; }
}

/// <summary>Body of <c>POST /agents/{id}/directives/{seq}/ack</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AckRequest
{
    /// <summary>One of <c>accepted</c>, <c>acknowledged</c>, <c>rejected</c>.</summary>
    public string? State { get; init; }
    public string? Note { get; init; }
    public int? Incarnation { get; init; }

    /// <summary>The epoch that the sequence number is of; after a restore the ack is refused (409 <c>restored</c>).</summary>
    public long? Epoch { get; init; }
}

/// <summary>Answer of <c>GET /agents/{id}/directives</c>: the pending ones, in order.</summary>
public sealed record DirectiveList
{
    public required IReadOnlyList<Directive> Directives { get; init; }
}

/// <summary>Answer of <c>GET /agents/{id}/directives/history</c>: all of them, newest first.</summary>
public sealed record DirectiveHistory
{
    public required IReadOnlyList<Directive> Directives { get; init; }

    /// <summary>Send as <c>cursor</c> for the next page; null at the end.</summary>
    public string? NextCursor { get; init; }
}
