using System.Text.Json;

namespace SessionMesh.Contracts.Hooks;

/// <summary>
/// What the mesh needs of an event of a coding agent's hook: who, where and what kind; no prompt, no answer, no argument. Each member is
/// null where the event has none. Everything else in the event is skipped as it comes in.
/// </summary>
public sealed record HookEvent
{
    /// <summary>The program's own name for the event, such as <c>PreToolUse</c>.</summary>
    public string? Name { get; init; }

    /// <summary>The session; inside a sub-agent that of its main agent.</summary>
    public string? SessionId { get; init; }

    /// <summary>The sub-agent that the event is from; null for the main agent.</summary>
    public string? SubAgentId { get; init; }

    /// <summary>The kind of that sub-agent, in the program's words.</summary>
    public string? SubAgentType { get; init; }

    /// <summary>The sub-agent that has started that one, where the event says so; null for the main agent.</summary>
    public string? SubAgentParentId { get; init; }

    public string? Tool { get; init; }

    /// <summary>What has begun a session: <c>startup</c>, <c>resume</c>, <c>clear</c> or <c>compact</c>.</summary>
    public string? Source { get; init; }

    /// <summary>Which prompt the event belongs to, in the program's numbering.</summary>
    public string? PromptId { get; init; }

    /// <summary>The file in which the program keeps the session. It is for the machine that the program runs on, and never sent.</summary>
    public string? Transcript { get; init; }

    /// <summary>The working directory.</summary>
    public string? Directory { get; init; }

    /// <summary>The sub-agent that a tool has started, as the tool's result names it.</summary>
    public string? StartedId { get; init; }

    /// <summary>The sub-agent that a tool was told to end.</summary>
    public string? EndedId { get; init; }

    /// <summary>The beginning of the tool's arguments, as JSON; null unless it was asked for.</summary>
    public string? Detail { get; init; }

    /// <summary>Of <see cref="WrittenName"/>: the answer that was written.</summary>
    public string? Receipt { get; init; }

    /// <summary>
    /// The tool's own event: the answer with that receipt was written to the agent. Words count as delivered from then on, and not because
    /// a hook ran.
    /// </summary>
    public const string WrittenName = "session-mesh:written";

    /// <summary>The tool's own event: a person broke off what the session did for that prompt, of which no hook tells.</summary>
    public const string InterruptedName = "session-mesh:interrupted";

    /// <summary>Most bytes in an event.</summary>
    public const int MostBytes = 16 * 1024 * 1024;

    /// <summary>Characters of <see cref="Detail"/>.</summary>
    public const int DetailLength = 500;

    /// <summary>The same event, with no other members: what the tool sends instead of the whole.</summary>
    public byte[] ToJson()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            Write(json, HookEventReader.NameMember, Name);
            Write(json, "session_id", SessionId);
            Write(json, "agent_id", SubAgentId);
            Write(json, "agent_type", SubAgentType);
            Write(json, "parent_agent_id", SubAgentParentId);
            Write(json, "tool_name", Tool);
            Write(json, "source", Source);
            Write(json, "prompt_id", PromptId);
            Write(json, "cwd", Directory);
            Write(json, "receipt", Receipt);
            Write(json, "detail", Detail);
            if (StartedId is not null)
            {
                json.WriteStartObject("tool_response");
                json.WriteString("agentId", StartedId);
                json.WriteEndObject();
            }

            if (EndedId is not null)
            {
                json.WriteStartObject("tool_input");
                json.WriteString("task_id", EndedId);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private static void Write(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }
}
