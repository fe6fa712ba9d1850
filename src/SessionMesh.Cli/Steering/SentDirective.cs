using System.Text.Json;
using SessionMesh.Cli.Output;
using SessionMesh.Contracts.Events;

namespace SessionMesh.Cli.Steering;

/// <summary>What became of one agent of many: its directive as last heard of, or the code that says why there is none.</summary>
internal sealed class SentDirective
{
    private readonly string? _detail;

    public SentDirective(JsonElement result)
    {
        AgentId = Json.Text(result, "agent_id") ?? "";
        Code = Json.Text(result, "code");
        _detail = Json.Text(result, "detail");
        Id = Json.Text(result, "directive_id");
        Seq = result.TryGetProperty("seq", out var seq) ? seq.GetInt64() : 0;
        State = Json.Text(result, "state");
    }

    /// <summary>An agent that got none: of a dry run, or with the code that says why.</summary>
    public SentDirective(string agentId, string? code) => (AgentId, Code) = (agentId, code);

    public string AgentId { get; }

    public string? Code { get; }

    /// <summary>Null where there is no directive.</summary>
    public string? Id { get; }

    public long Seq { get; }

    /// <summary>Null where there is no directive.</summary>
    public string? State { get; private set; }

    /// <summary>What the agent said with its answer.</summary>
    public string? Note { get; private set; }

    /// <summary>Takes the state from the server's answer.</summary>
    public void Move(JsonElement directive) => (State, Note) = (Json.Text(directive, "state"), Json.Text(directive, "note"));

    /// <summary>Takes the state from an entry of the log.</summary>
    public void Move(string state, MeshEvent entry)
    {
        State = state;
        if (entry.Details?.TryGetValue("note", out var note) == true && note.ValueKind == JsonValueKind.String)
        {
            Note = note.GetString();
        }
    }

    /// <summary><c>{"agent_id", "directive_id", "seq", "state", "note"?}</c> or <c>{"agent_id", "code", "detail"?}</c>.</summary>
    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("agent_id"u8, AgentId);
        if (Id is not null)
        {
            json.WriteString("directive_id"u8, Id);
            json.WriteNumber("seq"u8, Seq);
            json.WriteString("state"u8, State);
        }

        if (Note is not null)
        {
            json.WriteString("note"u8, Note);
        }

        if (Code is not null)
        {
            json.WriteString("code"u8, Code);
        }

        if (_detail is not null)
        {
            json.WriteString("detail"u8, _detail);
        }

        json.WriteEndObject();
    }
}
