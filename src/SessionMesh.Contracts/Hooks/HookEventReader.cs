using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace SessionMesh.Contracts.Hooks;

/// <summary>
/// Reads a hook's event piece by piece as it comes in. It keeps the few short texts that <see cref="HookEvent"/> has, and of the rest,
/// which may be megabytes of a file or a command's output, only how deep it is nested. It is no validator: an object whose
/// brackets and strings are closed is an event. Not thread-safe; one per event.
/// </summary>
public sealed class HookEventReader
{
    internal const string NameMember = "hook_event_name";

    /// <summary>Bytes of a text that is kept; a longer one counts as absent. A path has at most 4,096.</summary>
    private const int MostKept = 4096;

    /// <summary>How deep an event is nested at most. What the programs send is below 20.</summary>
    private const int MostDeep = 512;

    private static readonly string[] s_members =
    [
        NameMember, "session_id", "agent_id", "agent_type", "parent_agent_id", "tool_name", "source", "prompt_id", "transcript_path", "cwd",
        "receipt", "detail", "tool_response",
    ];

    private static readonly string[] s_results = ["agentId", "agent_id"];
    private static readonly string[] s_arguments = ["task_id", "target"];

    private readonly bool _withDetail;
    private readonly Dictionary<string, string> _found = [];
    private readonly Stack<bool> _isObject = [];
    private readonly List<byte> _text = [];
    private readonly List<byte> _arguments = [];
    private readonly string?[] _path = new string?[3];
    private bool _isKey;
    private bool _inText;
    private bool _afterBackslash;
    private bool _keeps;
    private bool _isOver;
    private bool _isBroken;

    /// <param name="withDetail">Whether to keep the beginning of a tool's arguments.</param>
    public HookEventReader(bool withDetail = false) => _withDetail = withDetail;

    /// <summary>Takes the next piece.</summary>
    public void Read(ReadOnlySpan<byte> piece)
    {
        for (var at = 0; at < piece.Length && !_isBroken; at++)
        {
            if (_inText && !_keeps && !_afterBackslash && !IsInArguments)
            {
                // Most of an event is inside long texts that nobody wants.
                var next = piece[at..].IndexOfAny((byte)'"', (byte)'\\');
                if (next < 0)
                {
                    return;
                }

                at += next;
            }

            Take(piece[at]);
        }
    }

    /// <summary>The event, when all of it has come in; null where it was no JSON object.</summary>
    public HookEvent? Finish()
    {
        if (_isBroken || !_isOver)
        {
            return null;
        }

        return new HookEvent
        {
            Name = Get(NameMember),
            SessionId = Get("session_id"),
            SubAgentId = Get("agent_id"),
            SubAgentType = Get("agent_type"),
            SubAgentParentId = Get("parent_agent_id"),
            Tool = Get("tool_name"),
            Source = Get("source"),
            PromptId = Get("prompt_id"),
            Transcript = Get("transcript_path"),
            Directory = Get("cwd"),
            Receipt = Get("receipt"),
            Detail = _withDetail ? Get("detail") ?? Arguments() : null,
            StartedId = Get("tool_response.agentId") ?? Get("tool_response.agent_id") ?? WithinText(Get("tool_response")),
            EndedId = Get("tool_input.task_id") ?? Get("tool_input.target"),
        };
    }

    private bool IsInArguments => _withDetail && _isObject.Count >= 1 && _path[1] == "tool_input";

    private void Take(byte one)
    {
        if (IsInArguments && _arguments.Count < HookEvent.DetailLength * 4
            && (_isObject.Count > 1 || (!_isKey && (_inText || one is not ((byte)',' or (byte)'}' or (byte)':')))))
        {
            _arguments.Add(one);
        }

        if (_inText)
        {
            TakeText(one);
            return;
        }

        switch (one)
        {
            case (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n':
                break;
            case (byte)'"' when !_isOver && _isObject.Count > 0:
                (_inText, _keeps) = (true, _isKey ? _isObject.Count <= 2 : IsWanted());
                _text.Clear();
                break;
            case (byte)'{' or (byte)'[' when !_isOver && (_isObject.Count > 0 || one == '{') && _isObject.Count < MostDeep:
                _isObject.Push(one == '{');
                _isKey = one == '{';
                if (_isObject.Count < _path.Length)
                {
                    _path[_isObject.Count] = null; // a list has no names, and those of an object before are not its own
                }

                break;
            case (byte)'}' or (byte)']' when _isObject.TryPop(out var isObject) && isObject == (one == '}'):
                _isKey = false;
                _isOver = _isObject.Count == 0;
                break;
            case (byte)',' when _isObject.Count > 0:
                _isKey = _isObject.Peek();
                break;
            case (byte)':' when _isObject.Count > 0:
                _isKey = false;
                break;
            case (>= (byte)'0' and <= (byte)'9') or (>= (byte)'a' and <= (byte)'z') or (byte)'-' or (byte)'+' or (byte)'.' or (byte)'E'
                when _isObject.Count > 0:
                break;
            default:
                _isBroken = true;
                break;
        }
    }

    private void TakeText(byte one)
    {
        if (!_afterBackslash && one == '"')
        {
            _inText = false;
            if (_keeps)
            {
                Keep();
            }

            return;
        }

        _afterBackslash = !_afterBackslash && one == '\\';
        if (_keeps)
        {
            _text.Add(one);
            _keeps = _text.Count <= MostKept;
            if (!_keeps && _isKey)
            {
                _path[_isObject.Count] = null;
            }
        }
    }

    private bool IsWanted() => _isObject.Count switch
    {
        1 => s_members.Contains(_path[1]),
        2 => (_path[1] == "tool_response" && s_results.Contains(_path[2])) || (_path[1] == "tool_input" && s_arguments.Contains(_path[2])),
        _ => false,
    };

    private void Keep()
    {
        if (Unescape(_text) is not { } text)
        {
            _isBroken = true;
        }
        else if (_isKey)
        {
            _path[_isObject.Count] = text;
        }
        else
        {
            _found[_isObject.Count == 1 ? _path[1]! : $"{_path[1]}.{_path[2]}"] = text;
        }
    }

    private string? Get(string path) => _found.TryGetValue(path, out var text) && text.Length > 0 ? text : null;

    private string? Arguments()
    {
        if (_arguments.Count == 0)
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(CollectionsMarshal.AsSpan(_arguments));
        return text.Length <= HookEvent.DetailLength ? text : string.Concat(text.AsSpan(0, HookEvent.DetailLength), "…");
    }

    /// <summary>Codex puts the result of a tool into a text, which is JSON once more.</summary>
    private static string? WithinText(string? result)
    {
        if (result is not ['{', ..])
        {
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(result);
            return json.RootElement.TryGetProperty("agent_id", out var id) && id.ValueKind == JsonValueKind.String ? id.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null; // no JSON, or an escape in it that is no character
        }
    }

    private static string? Unescape(List<byte> raw)
    {
        var bytes = CollectionsMarshal.AsSpan(raw);
        if (bytes.IndexOf((byte)'\\') < 0)
        {
            return Encoding.UTF8.GetString(bytes);
        }

        try
        {
            var reader = new Utf8JsonReader((ReadOnlySpan<byte>)(byte[])[(byte)'"', .. bytes, (byte)'"']);
            reader.Read();
            return reader.GetString();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
