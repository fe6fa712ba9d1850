using System.Text.Json;
using SessionMesh.Cli.Hooks.Editing;
using SessionMesh.Cli.Hooks.Kinds;
using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Hooks.Known;

/// <summary>
/// <c>plugins.entries.session-mesh</c>: that the plugin may do all it can, and that the gateway waits for it while a pause holds a tool.
/// </summary>
internal sealed class PluginEntry : SettingsShape
{
    private const int HeldMilliseconds = 600_000;

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

    public override void Check(SettingsText text) => Find(text);

    public override bool HasOurs(SettingsText text) => Find(text) is not null;

    /// <summary>More may stand in it than we wrote.</summary>
    public override bool IsUpToDate(SettingsText text) =>
        Find(text) is { } entry
        && entry.Find("enabled")?.Text == "true"
        && entry.Find("hooks")?.Find("timeouts")?.Find("before_tool_call")?.Text == "600000";

    public override SettingsText Add(SettingsText text, SettingsRecord record)
    {
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
        var entries = text.Root.Find(s_path[0])!.Find(s_path[1])!;
        var index = entries.Items.FindIndex(item => item.Name == PluginFiles.Name);
        var less = text.Remove(entries, index, record?.Empty.GetValueOrDefault(string.Join('/', s_path)));
        var plugins = less.Root.Find(s_path[0])!;
        less = Clear(less, plugins, plugins.Find(s_path[1])!, record, string.Join('/', s_path));
        return Clear(less, less.Root, less.Root.Find(s_path[0])!, record, s_path[0]);
    }

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
