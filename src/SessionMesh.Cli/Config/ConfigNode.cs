using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Contracts;

namespace SessionMesh.Cli.Config;

/// <summary>
/// A value of a config file and its place in it, whether it was YAML or JSON. Scalars are kept as the text that was written:
/// <c>id: 0123</c> stays <c>0123</c>.
/// </summary>
internal abstract record ConfigNode(Place At)
{
    /// <summary>What to call this node in a message: "a list".</summary>
    public abstract string Kind { get; }

    /// <summary>The text of a scalar; null for an empty one. Anything else is a usage error that says where.</summary>
    public string? AsText(string name) => this switch
    {
        ConfigScalar scalar => scalar.Text,
        _ => throw Wrong($"'{name}' is {Kind}, and should be one value"),
    };

    /// <summary>An id; a number is its text.</summary>
    public string? AsId(string name) => AsText(name) switch
    {
        null => null,
        var id when MeshId.IsValid(id) => id,
        var id => throw Wrong($"'{id}' is not an id; {MeshId.Rule}"),
    };

    /// <summary>A list of texts; one text alone is a list of one.</summary>
    public IReadOnlyList<string> AsTexts(string name) => this switch
    {
        ConfigList list => [.. list.Items.Select(item => item.AsText(name) ?? throw item.Wrong($"'{name}' has an empty entry"))],
        ConfigScalar { Text: { } text } => [text],
        ConfigScalar => [],
        _ => throw Wrong($"'{name}' is {Kind}, and should be a list"),
    };

    /// <summary>A map of texts.</summary>
    public IReadOnlyDictionary<string, string> AsTextMap(string name) => this is ConfigMap map
        ? map.Members.ToDictionary(member => member.Key, member => member.Value.AsText(member.Key) ?? "")
        : throw Wrong($"'{name}' is {Kind}, and should be a map");

    /// <summary>Whole seconds, or a time such as <c>1h30m</c>.</summary>
    public int? AsSeconds(string name) => AsText(name) switch
    {
        null => null,
        var text when Durations.TryParse(text, out var seconds) => seconds,
        var text => throw Wrong($"'{name}' is '{text}', and should be a time such as 90, 90s or 1h30m"),
    };

    public CommandException Wrong(string what) => CommandException.Usage($"{At}: {what}");
}

internal sealed record ConfigScalar(Place At, string? Text) : ConfigNode(At)
{
    public override string Kind => "one value";
}

internal sealed record ConfigList(Place At, IReadOnlyList<ConfigNode> Items) : ConfigNode(At)
{
    public override string Kind => "a list";
}

internal sealed record ConfigMap(Place At, IReadOnlyDictionary<string, ConfigNode> Members) : ConfigNode(At)
{
    public override string Kind => "a map";

    /// <summary>The first of these members that is there.</summary>
    public ConfigNode? Find(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (Members.TryGetValue(name, out var node))
            {
                return node;
            }
        }

        return null;
    }

    /// <summary>Refuses unknown members: a misspelt one would otherwise be ignored silently.</summary>
    public ConfigMap Only(params ReadOnlySpan<string> allowed)
    {
        foreach (var (name, node) in Members)
        {
            if (!allowed.Contains(name))
            {
                throw node.Wrong(Unknown(name, allowed));
            }
        }

        return this;
    }

    /// <summary>The same, for a file of which every fault is named.</summary>
    public void Only(ConfigFaults faults, params ReadOnlySpan<string> allowed)
    {
        foreach (var (name, node) in Members)
        {
            if (!allowed.Contains(name))
            {
                faults.Add(node, Unknown(name, allowed));
            }
        }
    }

    private static string Unknown(string name, ReadOnlySpan<string> allowed) =>
        $"'{name}' is not a known member; allowed: {string.Join(", ", allowed.ToArray())}";
}
