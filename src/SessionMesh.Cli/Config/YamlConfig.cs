using SessionMesh.Cli.Hosting;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace SessionMesh.Cli.Config;

/// <summary>
/// YAML by its events, without a deserializer: nothing in a file decides which type is made of it, and nothing multiplies.
/// </summary>
internal sealed class YamlConfig
{
    private readonly Parser _parser;
    private readonly string _path;
    private readonly ConfigReader.Count _count;

    private YamlConfig(string text, string path, ConfigReader.Count count)
    {
        _parser = new Parser(new StringReader(text));
        (_path, _count) = (path, count);
    }

    public static ConfigNode Parse(string text, string path, ConfigReader.Count count)
    {
        var config = new YamlConfig(text, path, count);
        try
        {
            return config.Document();
        }
        catch (YamlException e)
        {
            throw NotYaml(text, new Place(path, (int)e.Start.Line, (int)e.Start.Column), e.Message);
        }
        catch (InvalidOperationException)
        {
            throw NotYaml(text, config.Here(), "The text breaks off."); // what the library says of it names its own types
        }
    }

    /// <summary>
    /// In the parser's words, which every user of YAML knows. For a tab, the commonest reason, it names where the map began and not where
    /// the tab is.
    /// </summary>
    private static CommandException NotYaml(string text, Place at, string message)
    {
        var lines = text.Split('\n');
        for (var line = at.Line; line <= lines.Length && message.Contains("tab", StringComparison.Ordinal); line++)
        {
            var written = lines[line - 1];
            if (written.IndexOf('\t', StringComparison.Ordinal) is var tab and >= 0 && string.IsNullOrWhiteSpace(written[..tab]))
            {
                return CommandException.Usage(
                    $"{at with { Line = line, Column = tab + 1 }}: not YAML: a tab is no indentation; write spaces");
            }
        }

        return CommandException.Usage($"{at}: not YAML: {char.ToLowerInvariant(message[0])}{message.AsSpan(1).TrimEnd('.')}");
    }

    private ConfigNode Document()
    {
        _parser.Consume<StreamStart>();
        if (_parser.Accept<StreamEnd>(out _))
        {
            throw CommandException.Usage($"{_path} is empty");
        }

        _parser.Consume<DocumentStart>();
        var node = Node(depth: 1);
        _parser.Consume<DocumentEnd>();
        return _parser.Accept<StreamEnd>(out _) ? node : throw Refused("a second document begins here; only one is read");
    }

    private ConfigNode Node(int depth)
    {
        if (depth > ConfigReader.MaxDepth)
        {
            throw Refused($"nested deeper than {ConfigReader.MaxDepth} levels");
        }

        if (_parser.Accept<AnchorAlias>(out _))
        {
            throw Refused("aliases are not taken; write the value out");
        }

        if (_parser.Accept<NodeEvent>(out var node))
        {
            if (!node.Anchor.IsEmpty)
            {
                throw Refused("anchors are not taken; write the value out");
            }

            if (!node.Tag.IsEmpty)
            {
                throw Refused("tags are not taken; values are read as text");
            }
        }

        var at = Here();
        _count.Add(at);
        if (_parser.TryConsume<Scalar>(out var scalar))
        {
            return new ConfigScalar(at, TextOf(scalar));
        }

        if (_parser.TryConsume<SequenceStart>(out _))
        {
            return new ConfigList(at, Items(depth));
        }

        _parser.Consume<MappingStart>();
        return new ConfigMap(at, Members(depth));
    }

    private List<ConfigNode> Items(int depth)
    {
        var items = new List<ConfigNode>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(Node(depth + 1));
        }

        return items;
    }

    private Dictionary<string, ConfigNode> Members(int depth)
    {
        var members = new Dictionary<string, ConfigNode>();
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var name = Node(depth + 1);
            var text = (name as ConfigScalar)?.Text ?? throw name.Wrong("the name of a member is a text");
            if (!members.TryAdd(text, Node(depth + 1)))
            {
                throw name.Wrong($"'{text}' appears twice");
            }
        }

        return members;
    }

    /// <summary>Quoted, a text is a text; plain, the ways of saying nothing are null.</summary>
    private static string? TextOf(Scalar scalar) =>
        scalar is { Style: ScalarStyle.Plain, Value: "" or "~" or "null" or "Null" or "NULL" } ? null : scalar.Value;

    private Place Here() => new(_path, (int)(_parser.Current?.Start.Line ?? 1), (int)(_parser.Current?.Start.Column ?? 1));

    private CommandException Refused(string what) => CommandException.Usage($"{Here()}: {what}");
}
