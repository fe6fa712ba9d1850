using System.Buffers;
using System.Globalization;
using System.Text.Json;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Audit;
using SessionMesh.Contracts.Json;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Client;

/// <summary>What to list. Everything left out takes the server's default: living agents, 100 a page, whole rows.</summary>
public sealed record AgentQuery
{
    /// <summary>One of <see cref="AliveFilter.Allowed"/>.</summary>
    public string? Filter { get; init; }

    /// <summary>One of <see cref="SessionKind.Allowed"/>.</summary>
    public string? Kind { get; init; }
    public string? Specialization { get; init; }
    public string? Cluster { get; init; }

    /// <summary>Rows a page, 1 to 1000.</summary>
    public int? Limit { get; init; }

    /// <summary><c>next_cursor</c> of the page before.</summary>
    public string? Cursor { get; init; }

    /// <summary>Names of the members wanted in each row.</summary>
    public IReadOnlyList<string>? Fields { get; init; }

    internal string ToQueryString() => new QueryText()
        .Add("filter", Filter)
        .Add("kind", Kind)
        .Add("specialization", Specialization)
        .Add("cluster", Cluster)
        .Add("limit", Limit)
        .Add("cursor", Cursor)
        .Add("fields", Fields is null ? null : string.Join(',', Fields))
        .ToString();
}

/// <summary>Which entries of the audit: those that match all that is given.</summary>
public sealed record AuditQuery
{
    /// <summary>A key's id, or <c>mesh</c>.</summary>
    public string? Actor { get; init; }

    /// <summary>A change's kind or a refused operation; what ends with <c>.</c> or <c>*</c> is what it begins with.</summary>
    public string? Operation { get; init; }
    public string? Subject { get; init; }

    /// <summary>One of <see cref="AuditOutcome.Allowed"/>.</summary>
    public string? Outcome { get; init; }

    /// <summary>Inclusive.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Exclusive.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Entries a page, 1 to 1000.</summary>
    public int? Limit { get; init; }

    /// <summary><c>next_cursor</c> of the page before.</summary>
    public string? Cursor { get; init; }

    internal string ToQueryString() => new QueryText()
        .Add("actor", Actor)
        .Add("operation", Operation)
        .Add("subject", Subject)
        .Add("outcome", Outcome)
        .Add("since", Text(Since))
        .Add("until", Text(Until))
        .Add("limit", Limit)
        .Add("cursor", Cursor)
        .ToString();

    private static string? Text(DateTimeOffset? time) => time?.UtcDateTime.ToString(UtcTimeConverter.Format, CultureInfo.InvariantCulture);
}

/// <summary>How to stop an agent. Left out: ten seconds of grace, descendants too, answer at once.</summary>
public sealed record KillOptions
{
    /// <summary>Seconds between the stop directive and force. The server refuses it together with <see cref="Force"/>.</summary>
    public int? Grace { get; init; }

    /// <summary><c>descendants</c> or <c>none</c>.</summary>
    public string? Cascade { get; init; }

    /// <summary>No grace: its keys and its session end now.</summary>
    public bool Force { get; init; }

    /// <summary>Seconds for which the answer may be held back until the exit is known.</summary>
    public int? WaitSeconds { get; init; }
    public string? Reason { get; init; }

    internal QueryText ToQuery(bool withWait = true) => new QueryText()
        .Add("grace", Grace)
        .Add("cascade", Cascade)
        .Add("force", Force ? "true" : null)
        .Add("wait", withWait ? WaitSeconds : null)
        .Add("reason", Reason);
}

/// <summary>A selector as a query has it: lists with commas, a label as <c>name=value</c>.</summary>
internal static class SelectorQuery
{
    public static QueryText AddTo(this AgentSelector selector, QueryText query) => query
        .Add("specialization", selector.Specialization)
        .Add("label", List(selector.Label?.Select(label => $"{label.Key}={label.Value}")))
        .Add("cluster", selector.Cluster)
        .Add("subtree", selector.Subtree is null ? null : MeshCall.CheckedId(selector.Subtree))
        .Add("agent_ids", List(selector.AgentIds?.Select(MeshCall.CheckedId)));

    private static string? List(IEnumerable<string>? items)
    {
        if (items is null) return null;
        var list = items.ToList();
        return list.Exists(item => item.Contains(','))
            ? throw new ArgumentException("a label with a comma cannot travel in a query", nameof(items))
            : string.Join(',', list);
    }
}

/// <summary>One agent's beat within <c>POST /heartbeats</c>; without a report it says "alive" and no more.</summary>
public sealed record BulkHeartbeat(string AgentId, HeartbeatRequest? Report = null)
{
    /// <summary><c>{"agents":["a1",{"agent_id":"a2",…}]}</c>: the short form wherever there is nothing to report.</summary>
    internal static ReadOnlyMemory<byte> ToBody(IEnumerable<BulkHeartbeat> beats)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteStartArray("agents"u8);
        foreach (var beat in beats)
        {
            var agentId = MeshCall.CheckedId(beat.AgentId);
            if (beat.Report is null)
            {
                json.WriteStringValue(agentId);
                continue;
            }

            json.WriteStartObject();
            json.WriteString("agent_id"u8, agentId);
            foreach (var member in JsonSerializer.SerializeToElement(beat.Report, ClientJson.Context.HeartbeatRequest).EnumerateObject())
                member.WriteTo(json);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }
}
