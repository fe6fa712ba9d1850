using System.Text.Json;
using SessionMesh.Cli.Output;
using SessionMesh.Contracts.Events;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Steering;

/// <summary>What became of one agent of many: a directive as last heard of, or the code that says why there is none.</summary>
internal sealed class SentDirective
{
    private readonly Dictionary<string, JsonElement> _later = [];
    private JsonElement? _directive;

    public SentDirective(JsonElement result)
    {
        AgentId = Json.Text(result, "agent_id") ?? "";
        Code = Json.Text(result, "code");
        if (result.TryGetProperty("directive", out var directive) && directive.ValueKind == JsonValueKind.Object) Directive = directive;
    }

    /// <summary>An agent that got none: of a dry run, or with the code that says why.</summary>
    public SentDirective(string agentId, string? code) => (AgentId, Code) = (agentId, code);

    public string AgentId { get; }

    public string? Code { get; }

    public string? Id => _directive is { } directive ? Json.Text(directive, "directive_id") : null;

    public long Seq => _directive is { } directive && directive.TryGetProperty("seq", out var seq) ? seq.GetInt64() : 0;

    /// <summary>Null where there is no directive.</summary>
    public string? State { get; private set; }

    public string? Note => _directive is { } directive ? Json.Text(Current(directive), "note") : null;

    /// <summary>The directive as the server told it whole.</summary>
    public JsonElement Directive
    {
        set
        {
            _later.Clear();
            _directive = value;
            State = Json.Text(value, "state");
        }
    }

    /// <summary>The log says that it moved on.</summary>
    public void Move(string state, MeshEvent entry)
    {
        State = state;
        _later["state"] = Json.Value(state);
        if (entry.Details?.TryGetValue("note", out var note) == true && note.ValueKind == JsonValueKind.String) _later["note"] = note;
        var at = Json.Value(entry.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", System.Globalization.CultureInfo.InvariantCulture));
        if (state is DirectiveState.Delivered or DirectiveState.Accepted) _later[state + "_at"] = at;
        else _later["ended_at"] = at;
        if (state is DirectiveState.Acknowledged) _later["acknowledged_at"] = at;
    }

    /// <summary><c>{"agent_id", "directive" | "code"}</c>.</summary>
    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("agent_id"u8, AgentId);
        if (_directive is { } directive)
        {
            json.WritePropertyName("directive"u8);
            Current(directive).WriteTo(json);
        }

        if (Code is not null) json.WriteString("code"u8, Code);
        json.WriteEndObject();
    }

    private JsonElement Current(JsonElement directive) => _later.Count == 0 ? directive : Json.Build(json =>
    {
        foreach (var member in directive.EnumerateObject())
        {
            json.WritePropertyName(member.Name);
            (_later.TryGetValue(member.Name, out var later) ? later : member.Value).WriteTo(json);
        }
    });
}
