using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Settings;

namespace SessionMesh.Cli.Sessions.Defaults;

/// <summary>
/// The members of a configuration file in their order, those that are nobody's here as well: whatever somebody keeps there is kept.
/// </summary>
internal sealed class ConfigFile
{
    private readonly OrderedDictionary<string, JsonElement> _members;

    private ConfigFile(OrderedDictionary<string, JsonElement> members) => _members = members;

    public IEnumerable<KeyValuePair<string, JsonElement>> Members => _members;

    /// <summary>The tool's own; one that cannot be read is a usage error.</summary>
    public static ConfigFile ReadOwn(CliHost host)
    {
        var path = OwnPath(host);
        try
        {
            return Read(path) ?? throw CommandException.Usage($"{path} is not a JSON object", $"repair it, or remove it: rm '{path}'");
        }
        catch (JsonException e)
        {
            throw CommandException.Usage($"{path} is damaged at line {e.LineNumber + 1}", $"repair it, or remove it: rm '{path}'");
        }
    }

    /// <summary>
    /// That of the tool whose place this one takes. It must not keep this one from working: what cannot be read there is reported and
    /// ignored.
    /// </summary>
    public static ConfigFile ReadOld(CommandContext context)
    {
        try
        {
            if (Read(OldPath(context.Host)) is { } file)
            {
                return file;
            }
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            // Said below.
        }

        context.Note($"{OldPath(context.Host)} cannot be read as a JSON object, and is left out");
        return new ConfigFile([]);
    }

    public static string OldPath(CliHost host) => Path.Combine(host.Home, ".session", "config.json");

    public JsonElement? Find(string name) => _members.TryGetValue(name, out var value) ? value : null;

    public void Set(string name, JsonElement value) => _members[name] = value;

    public void Remove(string name) => _members.Remove(name);

    /// <summary>Writes the tool's own file.</summary>
    public void Save(CliHost host) => PrivateFiles.Write(OwnPath(host), JsonBytes());

    private byte[] JsonBytes() => System.Text.Encoding.UTF8.GetBytes(Json.Indented(Json.Build(json =>
    {
        foreach (var (name, value) in _members)
        {
            json.WritePropertyName(name);
            value.WriteTo(json);
        }
    })) + "\n");

    private static string OwnPath(CliHost host) => Path.Combine(
        host.Env("XDG_CONFIG_HOME") ?? Path.Combine(host.Home, ".config"), "session-mesh", "session.json");

    /// <summary>Empty where there is no file; null where it holds something else than an object.</summary>
    private static ConfigFile? Read(string path)
    {
        if (!File.Exists(path))
        {
            return new ConfigFile([]);
        }

        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var members = new OrderedDictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var member in document.RootElement.EnumerateObject())
        {
            members[member.Name] = member.Value.Clone();
        }

        return new ConfigFile(members);
    }
}
