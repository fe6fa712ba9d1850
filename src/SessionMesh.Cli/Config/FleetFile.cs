using System.Text;
using System.Text.Json;
using SessionMesh.Cli.Output;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Config;

/// <summary>
/// A config file that is being written, within what one may have. A parent that is in no entry of its own gets a bare one at the end, so
/// that the file loads by itself, and before or after any other.
/// </summary>
/// <param name="most">Entries that it may have.</param>
/// <param name="mostBytes">Bytes that it may have.</param>
internal sealed class FleetFile(bool isJson, int most = FleetConfig.MaxEntries, int mostBytes = ConfigReader.MaxBytes)
{
    private readonly StringBuilder _text = new();
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _parents = new(StringComparer.Ordinal);

    /// <summary>Bytes of the bare entries and of what is around the list.</summary>
    private int _extra = 64;

    /// <summary>Bytes of <see cref="_text"/>.</summary>
    private int _bytes;

    /// <summary>Adds an agent. False where the file would be too large with it.</summary>
    public bool TryAdd(AgentRow row)
    {
        var entry = Entry(row);
        var bytes = Encoding.UTF8.GetByteCount(entry);
        var parent = row.ParentId is { } id && !_ids.Contains(id) && !_parents.Contains(id) ? id : null;
        var bare = parent is null ? 0 : Encoding.UTF8.GetByteCount(Bare(parent));
        if (_ids.Count > 0 && (_ids.Count + _parents.Count + (parent is null ? 1 : 2) > most
            || _bytes + bytes + _extra + bare > mostBytes))
        {
            return false;
        }

        _text.Append(entry);
        _bytes += bytes;
        _ids.Add(row.AgentId!);
        if (_parents.Remove(row.AgentId!))
        {
            _extra -= Encoding.UTF8.GetByteCount(Bare(row.AgentId!));
        }

        if (parent is not null && parent != row.AgentId)
        {
            _parents.Add(parent);
            _extra += bare;
        }

        return true;
    }

    public string Text()
    {
        var text = new StringBuilder(_bytes + _extra);
        text.Append(isJson ? "{\"agents\": [\n" : _ids.Count == 0 ? "agents: []\n" : "agents:\n").Append(_text);
        foreach (var parent in _parents)
        {
            text.Append(Bare(parent));
        }

        if (isJson)
        {
            text.Length -= _ids.Count == 0 ? 0 : 2; // the comma behind the last
            text.Append("\n]}\n");
        }

        return text.ToString();
    }

    private string Bare(string id) => Entry(json => json.WriteString("id"u8, id));

    private string Entry(AgentRow row) => Entry(json =>
    {
        json.WriteString("id"u8, row.AgentId);
        json.WriteString("cluster"u8, row.Cluster);
        json.WriteString("parent"u8, row.ParentId); // null says that it has none

        if (row.User is not null)
        {
            json.WriteString("user"u8, row.User);
        }

        json.WriteStartArray("specializations"u8);
        foreach (var skill in row.Skills)
        {
            Write(json, skill);
        }

        json.WriteEndArray();
        json.WriteStartObject("labels"u8);
        foreach (var (name, value) in row.Labels)
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
    });

    private static void Write(Utf8JsonWriter json, AgentSkill skill)
    {
        if (skill is { Version: null, Level: Limits.DefaultSkillLevel, Capacity: 1 })
        {
            json.WriteStringValue(skill.Name);
            return;
        }

        json.WriteStartObject();
        json.WriteString("name"u8, skill.Name);
        if (skill.Version is not null)
        {
            json.WriteString("version"u8, skill.Version);
        }

        json.WriteNumber("level"u8, skill.Level);
        json.WriteNumber("capacity"u8, skill.Capacity);
        json.WriteEndObject();
    }

    private string Entry(Action<Utf8JsonWriter> members)
    {
        if (isJson)
        {
            return TerminalText.EscapeJson(Json.Compact(Json.Build(members))) + ",\n";
        }

        var list = Json.Build(json =>
        {
            json.WriteStartArray("entries"u8);
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
            json.WriteEndArray();
        });
        return YamlText.Of(list.GetProperty("entries"));
    }
}
