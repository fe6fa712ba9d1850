namespace SessionMesh.Core.Steering;

/// <summary>A directive to one agent. Immutable. Times are wall milliseconds, 0 for "not yet".</summary>
public sealed record DirectiveRecord
{
    /// <summary>Revision of the change that issued it; also its identity, see <see cref="DirectiveId"/>.</summary>
    public required long Revision { get; init; }

    /// <summary>Number of the agent, as long as it is not forgotten.</summary>
    public required int Agent { get; init; }

    /// <summary>Its id.</summary>
    public required string AgentId { get; init; }

    /// <summary>1, 2, 3… per agent, without a gap.</summary>
    public required long Seq { get; init; }

    /// <summary>
    /// Revision of the agent's previous directive; 0 for the first. History walks this chain, so that the table needs no index that is
    /// written at random.
    /// </summary>
    public required long Previous { get; init; }
    public required Verb Verb { get; init; }
    public string? Direction { get; init; }
    public string? Message { get; init; }

    /// <summary>JSON text.</summary>
    public string? Data { get; init; }

    /// <summary>Revision under which message and data are kept, for this directive and others; 0 where they are its own.</summary>
    public long MessageAt { get; init; }
    public DeliveryState State { get; init; }
    public required string IssuedBy { get; init; }
    public required long IssuedAt { get; init; }
    public required long ExpiresAt { get; init; }
    public long DeliveredAt { get; init; }
    public long AcceptedAt { get; init; }

    /// <summary>Characters of message and data.</summary>
    public int Length => (Message?.Length ?? 0) + (Data?.Length ?? 0);

    /// <summary>When it became acknowledged, rejected, expired, cancelled or undeliverable.</summary>
    public long EndedAt { get; init; }
    public string? Note { get; init; }

    /// <summary>Whether it is past its deadline and still pending, even if the log does not say so yet.</summary>
    public bool IsOverdueAt(long wall) => State.IsPending() && ExpiresAt <= wall;

    /// <summary>
    /// The directive as readers see it at that time: expired from its deadline on, to the millisecond. The sweep that records the same
    /// comes up to two seconds later.
    /// </summary>
    /// <param name="wall">Milliseconds.</param>
    public DirectiveRecord AsOf(long wall) => IsOverdueAt(wall) ? this with { State = DeliveryState.Expired, EndedAt = ExpiresAt } : this;
}

/// <summary>The public form of a directive's identity: <c>d-REVISION</c>.</summary>
public static class DirectiveId
{
    private const string Prefix = "d-";

    public static string Format(long revision) => Prefix + revision;

    public static bool TryParse(string text, out long revision)
    {
        revision = 0;
        return text.StartsWith(Prefix, StringComparison.Ordinal)
            && long.TryParse(text.AsSpan(Prefix.Length), System.Globalization.NumberStyles.None, null, out revision)
            && revision > 0;
    }
}
