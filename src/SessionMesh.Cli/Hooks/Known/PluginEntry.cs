using System.Text.Json;
using SessionMesh.Cli.Hooks.Editing;
using SessionMesh.Cli.Hooks.Kinds;
using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Hooks.Known;

/// <summary>
/// <c>plugins.entries.session-mesh</c>: that the plugin may do all it can, and that the gateway waits for it while a pause holds a tool.
/// Where <c>plugins.allow</c> names the only plugins that are loaded, it names ours, too.
/// </summary>
internal sealed class PluginEntry : SettingsShape
{
    private const int HeldMilliseconds = 600_000;

    private const string AllowPath = "plugins/allow";

    private static readonly string[] s_path = ["plugins", "entries"];

    private static JsonElement Entry => Json.Build(json =>
    {
        json.WriteBoolean("enabled"u8, true);
        json.WriteStartObject("hooks"u8);
        json.WriteStartObject("timeouts"u8);
        json.WriteNumber("before_tool_call"u8, HeldMilliseconds);
        json.WriteEndObject();
        json.WriteEndObject();
    });

    public override void Check(SettingsText text)
    {
        Find(text);
        AllowOf(text);
    }

    public override bool HasOurs(SettingsText text) => Find(text) is not null;

    /// <summary>More may stand in it than we wrote.</summary>
    public override bool IsUpToDate(SettingsText text) =>
        Find(text) is { } entry
        && Hindrance(text) is null
        && entry.Find("enabled")?.Text == "true"
        && entry.Find("hooks")?.Find("timeouts")?.Find("before_tool_call")?.Text == "600000";

    public override string? Hindrance(SettingsText text) => HasOurs(text) && IsLeftOut(AllowOf(text))
        ? $"OpenClaw loads only what plugins.allow names, and {PluginFiles.Name} is not among it"
        : null;

    public override SettingsText Add(SettingsText text, SettingsRecord record)
    {
        if (AllowOf(text) is { } allow && IsLeftOut(allow))
        {
            text = text.Add(allow, null, Json.Value(PluginFiles.Name));
            record.Joined.Add(AllowPath);
        }

        var (at, path) = (text.Root, "");
        Note(text, at, record, path);
        for (var level = 0; level < s_path.Length; level++)
        {
            path = path.Length == 0 ? s_path[level] : $"{path}/{s_path[level]}";
            if (Member(text, at, s_path[level], NodeKind.Object, path) is not { } next)
            {
                return text.Add(at, s_path[level], Wrapped([.. s_path[(level + 1)..], PluginFiles.Name]));
            }

            at = next;
            Note(text, at, record, path);
        }

        return text.Add(at, PluginFiles.Name, Entry);
    }

    public override SettingsText Remove(SettingsText text, SettingsRecord? record)
    {
        text = Leave(text, record);
        var entries = text.Root.Find(s_path[0])!.Find(s_path[1])!;
        var index = entries.Items.FindIndex(item => item.Name == PluginFiles.Name);
        var less = text.Remove(entries, index, record?.Empty.GetValueOrDefault(string.Join('/', s_path)));
        var plugins = less.Root.Find(s_path[0])!;
        less = Clear(less, plugins, plugins.Find(s_path[1])!, record, string.Join('/', s_path));
        return Clear(less, less.Root, less.Root.Find(s_path[0])!, record, s_path[0]);
    }

    /// <summary>
    /// Takes our name out of the list, unless somebody else put it there. The last name stays: an empty list allows every plugin.
    /// </summary>
    private static SettingsText Leave(SettingsText text, SettingsRecord? record)
    {
        var index = AllowOf(text)?.Items.FindIndex(IsOurs) ?? -1;
        return index >= 0 && AllowOf(text) is { Items.Count: > 1 } allow && record?.Joined.Contains(AllowPath) != false
            ? text.Remove(allow, index, null)
            : text;
    }

    private static SettingsNode? AllowOf(SettingsText text) =>
        Member(text, RootOf(text), s_path[0], NodeKind.Object, s_path[0]) is { } plugins
            ? Member(text, plugins, "allow", NodeKind.Array, AllowPath)
            : null;

    private static bool IsLeftOut(SettingsNode? allow) => allow is { Items.Count: > 0 } && !allow.Items.Exists(IsOurs);

    private static bool IsOurs(SettingsNode name) => name is { Kind: NodeKind.Text, Text: PluginFiles.Name };

    private static SettingsNode? Find(SettingsText text) =>
        Member(text, RootOf(text), s_path[0], NodeKind.Object, s_path[0]) is { } plugins
        && Member(text, plugins, s_path[1], NodeKind.Object, string.Join('/', s_path)) is { } entries
            ? Member(text, entries, PluginFiles.Name, NodeKind.Object, $"{string.Join('/', s_path)}/{PluginFiles.Name}")
            : null;

    private static JsonElement Wrapped(ReadOnlySpan<string> names)
    {
        var value = Entry;
        for (var i = names.Length - 1; i >= 0; i--)
        {
            var (name, inner) = (names[i], value);
            value = Json.Build(json =>
            {
                json.WritePropertyName(name);
                inner.WriteTo(json);
            });
        }

        return value;
    }
}
