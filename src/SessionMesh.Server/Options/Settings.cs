using System.Globalization;

namespace SessionMesh.Server.Options;

/// <summary>
/// What was typed: <c>--name value</c>, <c>--name=value</c> or a bare <c>--flag</c>, and <c>SESSION_MESH_NAME</c> for what the command
/// line leaves open. Nothing else is read: no settings file, no variable of the web framework. Whatever is not understood
/// ends the start, because the server must not run with less protection than somebody meant to type.
/// </summary>
internal sealed class Settings
{
    private const string Prefix = "SESSION_MESH_";
    private static readonly string[] s_true = ["true", "1", "yes"];
    private static readonly string[] s_false = ["false", "0", "no"];

    private readonly Dictionary<string, (string Value, string Source)> _values = new(StringComparer.Ordinal);

    /// <exception cref="StartupException">An option that does not exist, has no value, or is given twice.</exception>
    public static Settings Read(IReadOnlyList<string> args, Func<string, string?> environment)
    {
        var settings = new Settings();
        for (var i = 0; i < args.Count; i++)
        {
            var (name, value) = args[i].Split('=', 2) is [var before, var after] ? (before, after) : (args[i], null);
            var option = OptionTable.All.FirstOrDefault(o => name == "--" + o.Name) ?? throw Unknown(args[i]);
            if (value is null && !option.IsFlag)
            {
                value = ++i < args.Count ? args[i] : null;
            }

            settings.Add(option, name, value);
        }

        foreach (var option in OptionTable.All)
        {
            // An empty variable is one that is not set: that is how a shell or a unit file takes one back.
            if (!settings._values.ContainsKey(option.Name) && environment(option.Variable) is { Length: > 0 } value)
            {
                settings._values[option.Name] = (value, option.Variable);
            }
        }

        return settings;
    }

    public string? this[string name] => _values.TryGetValue(name, out var found) ? found.Value : null;

    /// <summary>Where it was typed, for a message.</summary>
    public string SourceOf(string name) => _values.TryGetValue(name, out var found) ? found.Source : "--" + name;

    public bool Flag(string name) => this[name] switch
    {
        null => false,
        var value when s_true.Contains(value) => true,
        var value when s_false.Contains(value) => false,
        var value => throw new StartupException($"{SourceOf(name)} is '{value}', and is either on or off. Say --{name}, or leave it out."),
    };

    public int Number(string name, int otherwise, int least, int most) => this[name] switch
    {
        null => otherwise,
        var value when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most => number,
        var value => throw new StartupException($"{SourceOf(name)} is '{value}', and is a whole number from {least} to {most}. Say for example --{name} {otherwise}."),
    };

    /// <summary>Separated by commas; an empty place between two is not one to pass over.</summary>
    public string[] List(string name) => this[name]?.Split(',', StringSplitOptions.TrimEntries) ?? [];

    private void Add(OptionTable.Option option, string name, string? value)
    {
        if (value is null or "" || (!option.IsFlag && value.StartsWith("--", StringComparison.Ordinal)))
        {
            value = option.IsFlag && value is null ? "true" : throw new StartupException($"{name} has no value. Say {name} {option.Value}.");
        }

        if (!_values.TryAdd(option.Name, (value, name)))
        {
            throw new StartupException($"{name} is given twice. Say it once{(option.Value.Contains(',', StringComparison.Ordinal) ? ", with commas between several" : "")}.");
        }
    }

    private static StartupException Unknown(string typed) =>
        new($"'{typed}' is no option of the server. There are: {string.Join(", ", OptionTable.All.Select(o => "--" + o.Name))}. Say --help for what they mean.");
}
