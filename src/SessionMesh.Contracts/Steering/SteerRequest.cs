using System.Text.Json;
using System.Text.Json.Serialization;
using SessionMesh.Contracts.Json;

namespace SessionMesh.Contracts.Steering;

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

    /// <summary>Why, for the audit alone: the agent is not told.</summary>
    public string? Reason { get; init; }

    /// <summary>Seconds for which the directive stays deliverable; 3600 by default.</summary>
    public int? Ttl { get; init; }

    /// <summary>Keep it for an agent that is not alive until it comes back or the directive expires.</summary>
    public bool? Hold { get; init; }

    /// <summary>Hold the answer until this state is reached: one of <c>delivered</c>, <c>accepted</c>, <c>acknowledged</c>.</summary>
    public string? Wait { get; init; }

    /// <summary>Bound of <c>wait</c>, seconds; 30 by default.</summary>
    public int? WaitSeconds { get; init; }
}
