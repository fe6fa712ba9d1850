namespace SessionMesh.Contracts.Errors;

/// <summary>An RFC 9457 problem document. <c>detail</c> says what to do next; <c>code</c> is stable for programs.</summary>
public sealed record Problem
{
    public const string ContentType = "application/problem+json";

    /// <summary>A URI reference that names the code: <c>urn:session-mesh:error:CODE</c>.</summary>
    public required string Type { get; init; }
    public required string Title { get; init; }
    public required int Status { get; init; }
    public required string Detail { get; init; }
    public required string Code { get; init; }

    /// <summary>Names the request in the server's log. Also sent as <c>X-Request-Id</c>.</summary>
    public string? RequestId { get; init; }

    /// <summary>One entry a bad member; absent where no member is to blame.</summary>
    public IReadOnlyList<MemberError>? Errors { get; init; }

    /// <summary>When the agent in question was last heard, where that explains a refusal.</summary>
    public DateTimeOffset? LastHeartbeatAt { get; init; }

    /// <summary>The status of the agent in question, where that explains a refusal.</summary>
    public string? AgentStatus { get; init; }

    /// <summary>The key that a replayed, secret-bearing call made (<c>secret_not_repeatable</c>).</summary>
    public string? KeyId { get; init; }

    /// <summary>Seconds after which a retry may succeed; also the <c>Retry-After</c> header.</summary>
    public int? RetryAfter { get; init; }
}

/// <summary>What is wrong with one member.</summary>
public sealed record MemberError
{
    /// <summary>A JSON pointer into the body (<c>/agent_id</c>), or <c>?name</c> for a query parameter.</summary>
    public required string Pointer { get; init; }
    public required string Message { get; init; }

    /// <summary>The values or member names that would have been taken, where they can be listed.</summary>
    public IReadOnlyList<string>? Allowed { get; init; }
}
