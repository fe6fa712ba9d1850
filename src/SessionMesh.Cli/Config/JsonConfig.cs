using System.Text;
using System.Text.Json;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Config;

/// <summary>JSON token by token, because a document has lost the places of its values.</summary>
internal ref struct JsonConfig
{
    /// <summary>Never reached: deeper values are refused before.</summary>
    private const int ReaderDepth = ConfigReader.MaxDepth + 2;

    private readonly ReadOnlySpan<byte> _text;
    private readonly string _path;
    private readonly ConfigReader.Count _count;
    private Utf8JsonReader _reader;
    private int _line = 1;
    private int _lineStart;
    private int _seen;

    private JsonConfig(ReadOnlySpan<byte> text, string path, ConfigReader.Count count)
    {
        _text = text;
        _path = path;
        _count = count;
        _reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = ReaderDepth });
    }

    public static ConfigNode Parse(ReadOnlySpan<byte> text, string path, ConfigReader.Count count)
    {
        var config = new JsonConfig(text, path, count);
        try
        {
            config._reader.Read();
            var node = config.Node(depth: 1);
            config._reader.Read(); // refuses what follows
            return node;
        }
        catch (JsonException e)
        {
            throw config.NotJson(e);
        }
    }

    private ConfigNode Node(int depth)
    {
        var at = Here();
        _count.Add(at);
        if (_reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray && depth > ConfigReader.MaxDepth)
        {
            throw CommandException.Usage($"{at}: nested deeper than {ConfigReader.MaxDepth} levels");
        }

        return _reader.TokenType switch
        {
            JsonTokenType.StartObject => new ConfigMap(at, Members(depth)),
            JsonTokenType.StartArray => new ConfigList(at, Items(depth)),
            JsonTokenType.Null => new ConfigScalar(at, null),
            JsonTokenType.String => new ConfigScalar(at, Text(at)),
            _ => new ConfigScalar(at, Encoding.UTF8.GetString(_reader.ValueSpan)),
        };
    }

    private List<ConfigNode> Items(int depth)
    {
        var items = new List<ConfigNode>();
        while (_reader.Read() && _reader.TokenType is not JsonTokenType.EndArray)
        {
            items.Add(Node(depth + 1));
        }

        return items;
    }

    private Dictionary<string, ConfigNode> Members(int depth)
    {
        var members = new Dictionary<string, ConfigNode>();
        while (_reader.Read() && _reader.TokenType is not JsonTokenType.EndObject)
        {
            var at = Here();
            var name = Text(at);
            _reader.Read();
            if (!members.TryAdd(name, Node(depth + 1)))
            {
                throw CommandException.Usage($"{at}: '{name}' appears twice");
            }
        }

        return members;
    }

    private readonly string Text(Place at)
    {
        try
        {
            return _reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw CommandException.Usage($"{at}: a text with half of a surrogate pair");
        }
    }

    /// <summary>Where the token begins. Tokens come in order, so that no line is counted twice.</summary>
    private Place Here() => At((int)_reader.TokenStartIndex);

    private Place At(int index)
    {
        for (; _seen < index; _seen++)
        {
            if (_text[_seen] == '\n')
            {
                _line++;
                _lineStart = _seen + 1;
            }
        }

        return new Place(_path, _line, Encoding.UTF8.GetCharCount(_text[_lineStart..index]) + 1);
    }

    /// <summary>In our words: those of the library name its own settings.</summary>
    private CommandException NotJson(JsonException error)
    {
        var line = 0;
        var index = 0;
        for (; line < error.LineNumber; line++)
        {
            index += _text[index..].IndexOf((byte)'\n') + 1;
        }

        index = Math.Min(index + (int)(error.BytePositionInLine ?? 0), _text.Length);
        (_line, _lineStart, _seen) = (1, 0, 0);
        var at = At(index);
        var found = index < _text.Length && Rune.DecodeFromUtf8(_text[index..], out var rune, out _) is System.Buffers.OperationStatus.Done
            ? $"'{rune}' is not expected here"
            : "the text ends too early";
        return CommandException.Usage($"{at}: not JSON: {found}");
    }
}
