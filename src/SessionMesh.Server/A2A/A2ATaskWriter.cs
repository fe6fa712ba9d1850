using System.Globalization;
using System.Text.Json;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Agents;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Json;

namespace SessionMesh.Server.A2A;

/// <summary>Writes lives of agents as tasks, and what they were told as messages, in the shapes of A2A. Thread-safe.</summary>
internal sealed class A2ATaskWriter(MeshEngine engine, RowWriter rows)
{
    /// <param name="agent">In a life of its own: its incarnation is not 0.</param>
    /// <param name="directive">The one that the call was about; null for none.</param>
    /// <param name="history">What was said, oldest first; null leaves it out.</param>
    /// <param name="withRow">Whether the caller may see the agent's row.</param>
    public void Write(
        Utf8JsonWriter json, Agent agent, DirectiveRecord? directive = null, IReadOnlyList<A2ASaid>? history = null, bool withRow = false,
        bool withArtifacts = false)
    {
        var task = A2ATaskId.Of(engine.State, agent);
        json.WriteStartObject();
        json.WriteString("id", task);
        json.WriteString("contextId", agent.Id);
        json.WriteStartObject("status");
        json.WriteString("state", A2ATaskState.Of(agent));
        if (agent is { HasEnded: true, LastExit: { } exit })
        {
            json.WritePropertyName("message");
            Write(json, agent.Id, task, A2ASaid.OfEnd(A2ATaskState.Words(exit.ExitCode, exit.Signal, exit.Reason), exit.At));
        }

        json.WriteString("timestamp", Time(StatusAt(agent)));
        json.WriteEndObject();
        if (withArtifacts)
        {
            json.WriteStartArray("artifacts");
            json.WriteEndArray();
        }

        if (history is { Count: > 0 })
        {
            json.WriteStartArray("history");
            foreach (var said in history)
            {
                Write(json, agent.Id, task, said);
            }

            json.WriteEndArray();
        }

        json.WriteStartObject("metadata");
        json.WriteNumber("incarnation", agent.Incarnation);
        json.WriteString("status", agent.Liveness.Word());
        if (directive is not null)
        {
            WriteDirective(json, directive.Revision, directive.Seq, directive.Verb, directive.Direction, directive.State, directive.Note);
        }

        if (withRow)
        {
            json.WritePropertyName("agent");
            WriteRow(json, agent);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>A message of a task.</summary>
    public static void Write(Utf8JsonWriter json, string agentId, string task, A2ASaid said)
    {
        json.WriteStartObject();
        json.WriteString("messageId", said.Id);
        json.WriteString("contextId", agentId);
        json.WriteString("taskId", task);
        json.WriteString("role", said.IsOfAgent ? A2ABinding.AgentRole : A2ABinding.UserRole);
        json.WriteStartArray("parts");
        if (said.Text is not null || said.Data is null)
        {
            json.WriteStartObject();
            json.WriteString("text", said.Text ?? said.Direction ?? said.Verb?.Word() ?? "");
            json.WriteEndObject();
        }

        if (said.Data is { } data)
        {
            json.WriteStartObject();
            json.WritePropertyName("data");
            json.WriteRawValue(data, skipInputValidation: true); // it was parsed when it came
            json.WriteString("mediaType", "application/json");
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (said.Verb is { } verb)
        {
            json.WriteStartObject("metadata");
            json.WriteString("verb", verb.Word());
            json.WriteString("direction", said.Direction);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    /// <summary>What became of a directive, without its words.</summary>
    public static void WriteDirective(
        Utf8JsonWriter json, long revision, long seq, Verb verb, string? direction, DeliveryState state, string? note)
    {
        json.WriteStartObject("directive");
        json.WriteString("directive_id", DirectiveId.Format(revision));
        json.WriteNumber("seq", seq);
        json.WriteString("verb", verb.Word());
        json.WriteString("direction", direction);
        json.WriteString("state", state.Word());
        json.WriteString("note", note);
        json.WriteEndObject();
    }

    /// <param name="wall">Milliseconds.</param>
    public static string Time(long wall) => DateTimeOffset.FromUnixTimeMilliseconds(wall)
        .ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>
    /// When the state was last heard to be so, wall milliseconds: the end, the last sign of life, or the first appearance.
    /// </summary>
    public long StatusAt(Agent agent)
    {
        if (agent is { HasEnded: true, LastExit: { } exit })
        {
            return exit.At;
        }

        var touched = engine.State.SlotOf(agent) is { } slot && slot.Agent.Incarnation == agent.Incarnation
            ? slot.TouchedAt
            : AgentSlot.Never;
        return touched == AgentSlot.Never ? agent.Stop?.At ?? agent.CreatedAt : engine.Now.WallAt(touched);
    }

    private void WriteRow(Utf8JsonWriter json, Agent agent)
    {
        using var row = new Utf8Buffer();
        row.Raw("{"u8);
        rows.WriteMembers(row, agent, engine.Now, renewed: false);
        row.Raw("}"u8);
        json.WriteRawValue(row.Written.Span, skipInputValidation: true);
    }
}

/// <summary>A message of a task: a directive to the agent, or what the agent said of one.</summary>
internal sealed record A2ASaid
{
    public required string Id { get; init; }
    public string? Text { get; init; }

    /// <summary>JSON text.</summary>
    public string? Data { get; init; }

    /// <summary>Of a directive; null for what the agent said.</summary>
    public Verb? Verb { get; init; }
    public string? Direction { get; init; }
    public bool IsOfAgent => Verb is null;

    public int Length => (Text?.Length ?? 0) + (Data?.Length ?? 0);

    public static A2ASaid OfDirective(long revision, Verb verb, string? direction, string? text, string? data) => new()
    {
        Id = DirectiveId.Format(revision),
        Verb = verb,
        Direction = direction,
        Text = text,
        Data = data,
    };

    /// <summary>The note of an ack.</summary>
    public static A2ASaid OfNote(long revision, DeliveryState state, string note) =>
        new() { Id = $"{DirectiveId.Format(revision)}.{state.Word()}", Text = note };

    public static A2ASaid OfEnd(string words, long at) =>
        new() { Id = string.Create(CultureInfo.InvariantCulture, $"end-{at}"), Text = words };
}
