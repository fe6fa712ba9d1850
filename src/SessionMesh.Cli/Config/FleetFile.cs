using System.Text;
using System.Text.Json;
using SessionMesh.Cli.Output;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Config;

/// <summary>
/// A config file that is being written, within what one may have. A parent, or an end of a link, that is in no entry of its own gets a bare
/// one at the end, so that the file loads by itself, and before or after any other.
/// </summary>
/// <param name="most">Entries that it may have.</param>
/// <param name="mostBytes">Bytes that it may have.</param>
internal sealed class FleetFile(bool isJson, int most = FleetConfig.MaxEntries, int mostBytes = ConfigReader.MaxBytes)
{
    private readonly StringBuilder _agents = new();
    private readonly StringBuilder _links = new();
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);

    /// <summary>Agents that are named, and have no entry.</summary>
    private readonly SortedSet<string> _others = new(StringComparer.Ordinal);
    private int _linkCount;

    /// <summary>Bytes of all that is in it, and of what is around the lists.</summary>
    private int _bytes = 64;

    /// <summary>Adds an agent. False where the file would be too large with it.</summary>
    public bool TryAdd(AgentRow row)
    {
        var id = row.AgentId!;
        var saved = _others.Contains(id) ? SizeOf(Bare(id)) : 0;
        if (!TryAdd(_agents, Entry(row), saved, row.ParentId == id ? [] : [row.ParentId], except: id))
        {
            return false;
        }

        _ids.Add(id);
        _others.Remove(id);
        return true;
    }

    /// <summary>Adds a link. False where the file would be too large with it.</summary>
    public bool TryAdd(LinkRow link)
    {
        if (!TryAdd(_links, Entry(link), 0, [link.From, link.To], except: null))
        {
            return false;
        }

        _linkCount++;
        return true;
    }

    public string Text()
    {
        var text = new StringBuilder(_bytes);
        text.Append(isJson ? "{\"agents\": [\n" : _ids.Count + _others.Count == 0 ? "agents: []\n" : "agents:\n").Append(_agents);
        foreach (var other in _others)
        {
            text.Append(Bare(other));
        }

        if (isJson)
        {
            text.Length -= _ids.Count + _others.Count == 0 ? 0 : 2; // the comma behind the last
            text.Append(_linkCount == 0 ? "\n]" : "\n], \"links\": [\n").Append(_links);
            text.Length -= _linkCount == 0 ? 0 : 2;
            text.Append(_linkCount == 0 ? "}\n" : "\n]}\n");
        }
        else if (_linkCount > 0)
        {
            text.Append("links:\n").Append(_links);
        }

        return text.ToString();
    }

    /// <param name="saved">Bytes that are not needed any more.</param>
    /// <param name="named">Agents that the entry names.</param>
    /// <param name="except">Who has this very entry.</param>
    private bool TryAdd(StringBuilder list, string entry, int saved, IEnumerable<string?> named, string? except)
    {
        var others = named.OfType<string>().Where(id => id != except && !_ids.Contains(id) && !_others.Contains(id)).Distinct().ToList();
        var bytes = _bytes - saved + SizeOf(entry) + others.Sum(id => SizeOf(Bare(id)));
        var entries = _ids.Count + _others.Count + _linkCount + 1 - (saved > 0 ? 1 : 0) + others.Count;
        if (_ids.Count + _linkCount > 0 && (entries > most || bytes > mostBytes))
        {
            return false;
        }

        list.Append(entry);
        _others.UnionWith(others);
        _bytes = bytes;
        return true;
    }

    private static int SizeOf(string text) => Encoding.UTF8.GetByteCount(text);

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

    private string Entry(LinkRow link) => Entry(json =>
    {
        json.WriteString("from"u8, link.From);
        json.WriteString("to"u8, link.To);
        json.WriteString("kind"u8, link.Kind);
        json.WriteNumber("weight"u8, link.Weight);
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
