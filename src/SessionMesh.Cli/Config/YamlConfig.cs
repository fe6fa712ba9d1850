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

    private YamlConfig(string text, string path)
    {
        _parser = new Parser(new StringReader(text));
        _path = path;
    }

    public static ConfigNode Parse(string text, string path)
    {
        var config = new YamlConfig(text, path);
        try
        {
            return config.Document();
        }
        catch (YamlException e)
        {
            throw config.NotYaml(e.Start);
        }
        catch (InvalidOperationException)
        {
            throw config.NotYaml(config._parser.Current?.Start ?? Mark.Empty); // so the library says it of a text that breaks off
        }
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

        var where = Where();
        if (_parser.TryConsume<Scalar>(out var scalar))
        {
            return new ConfigScalar(where, TextOf(scalar));
        }

        if (_parser.TryConsume<SequenceStart>(out _))
        {
            return new ConfigList(where, Items(depth));
        }

        _parser.Consume<MappingStart>();
        return new ConfigMap(where, Members(depth));
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
            var name = (Node(depth + 1) as ConfigScalar)?.Text ?? throw Refused("the name of a member should be text");
            var value = Node(depth + 1);
            if (!members.TryAdd(name, value))
            {
                throw value.Wrong($"'{name}' appears twice");
            }
        }

        return members;
    }

    /// <summary>Quoted, a text is a text; plain, the ways of saying nothing are null.</summary>
    private static string? TextOf(Scalar scalar) =>
        scalar is { Style: ScalarStyle.Plain, Value: "" or "~" or "null" or "Null" or "NULL" } ? null : scalar.Value;

    private CommandException NotYaml(Mark at) => CommandException.Usage(
        $"{_path} is not YAML: see line {at.Line}, character {at.Column}", "check quotes, brackets and indentation there");

    private string Where() => $"{_path}, line {_parser.Current?.Start.Line ?? 1}";

    private CommandException Refused(string what) => CommandException.Usage($"{Where()}: {what}");
}
