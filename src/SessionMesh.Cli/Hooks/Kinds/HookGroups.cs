using System.Text.Json;
using SessionMesh.Cli.Hooks.Editing;
using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Hooks.Kinds;

/// <summary>
/// The shape that Claude Code began and others took over: <c>hooks</c> has a list for each event, of groups with a list <c>hooks</c> each.
/// Ours are a group of their own for each event, behind those of others.
/// </summary>
/// <param name="agent">As it is named after <c>hook</c>.</param>
/// <param name="wanted">Our group for each event; empty where there is nothing but to remove.</param>
internal sealed class HookGroups(string agent, IReadOnlyList<(string Event, JsonElement Group)> wanted) : SettingsShape
{
    private const string Hooks = "hooks";

    /// <summary>Where the mesh takes events by HTTP; the agent's name follows.</summary>
    public const string Route = "/api/session-mesh/hooks/";

    public override void Check(SettingsText text)
    {
        foreach (var list in Events(text))
        {
            foreach (var group in list.Items)
            {
                var path = $"{Hooks}/{list.Name}";
                if (group.Kind != NodeKind.Object)
                {
                    throw new SettingsFault(text.Text, group.Start, $"{path} has an entry that is not an object");
                }

                if (Member(text, group, Hooks, NodeKind.Array, $"{path}/{Hooks}") is null)
                {
                    throw new SettingsFault(text.Text, group.Start, $"{path} has an entry without a list named {Hooks}");
                }
            }
        }
    }

    public override bool HasOurs(SettingsText text) => Events(text).Any(list => list.Items.Exists(HoldsOurs));

    public override bool IsUpToDate(SettingsText text)
    {
        var lists = Events(text).ToDictionary(list => list.Name!);
        var names = lists.Keys.Concat(wanted.Select(one => one.Event)).Distinct();
        return names.All(name =>
        {
            var there = lists.TryGetValue(name, out var list) ? list.Items.Where(HoldsOurs).Select(group => group.Canonical()) : [];
            var due = wanted.Where(one => one.Event == name).Select(one => Canonical(one.Group));
            return there.SequenceEqual(due);
        });
    }

    public override SettingsText Add(SettingsText text, SettingsRecord record)
    {
        Note(text, text.Root, record, "");
        if (Member(text, RootOf(text), Hooks, NodeKind.Object, Hooks) is not { } all)
        {
            return text.Add(text.Root, Hooks, Json.Build(json =>
            {
                foreach (var (name, group) in wanted)
                {
                    json.WritePropertyName(name);
                    ListOf(group).WriteTo(json);
                }
            }));
        }

        Note(text, all, record, Hooks);
        foreach (var (name, group) in wanted)
        {
            all = text.Root.Find(Hooks)!;
            var path = $"{Hooks}/{name}";
            if (Member(text, all, name, NodeKind.Array, path) is { } list)
            {
                Note(text, list, record, path);
                text = text.Add(list, null, group);
            }
            else
            {
                text = text.Add(all, name, ListOf(group));
            }
        }

        return text;
    }

    public override SettingsText Remove(SettingsText text, SettingsRecord? record)
    {
        while (RemoveOne(text, record) is { } less)
        {
            text = less;
        }

        return text;
    }

    private SettingsText? RemoveOne(SettingsText text, SettingsRecord? record)
    {
        foreach (var list in Events(text))
        {
            if (list.Items.FindIndex(HoldsOurs) is not (>= 0 and var index))
            {
                continue;
            }

            var path = $"{Hooks}/{list.Name}";
            var group = list.Items[index];
            var handlers = group.Find(Hooks)!;
            if (!handlers.Items.TrueForAll(IsOurs))
            {
                // Somebody put theirs beside it.
                return text.Remove(handlers, handlers.Items.FindIndex(IsOurs), null);
            }

            var less = text.Remove(list, index, record?.Empty.GetValueOrDefault(path));
            var all = less.Root.Find(Hooks)!;
            less = Clear(less, all, all.Find(list.Name!)!, record, path);
            return Clear(less, less.Root, less.Root.Find(Hooks)!, record, Hooks);
        }

        return null;
    }

    private static IEnumerable<SettingsNode> Events(SettingsText text)
    {
        if (Member(text, RootOf(text), Hooks, NodeKind.Object, Hooks) is not { } all)
        {
            return [];
        }

        // Other members may be anything: some versions have a list of names here.
        return all.Items.Where(item => char.IsAsciiLetterUpper(item.Name!.FirstOrDefault()))
            .Select(item => Member(text, all, item.Name!, NodeKind.Array, $"{Hooks}/{item.Name}")!);
    }

    private bool HoldsOurs(SettingsNode group) => group.Find(Hooks)?.Items.Exists(IsOurs) == true;

    private bool IsOurs(SettingsNode handler) => handler.TextOf("type") switch
    {
        "command" => handler.TextOf("command") is { } command && HookProgram.IsOurs(command, agent),
        "http" => Uri.TryCreate(handler.TextOf("url"), UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            && url.AbsolutePath.EndsWith(Route + agent, StringComparison.Ordinal),
        _ => false,
    };

    private static string Canonical(JsonElement value) =>
        SettingsText.Parse(Json.Compact(value), SettingsDialect.Json).Root.Canonical();

    private static JsonElement ListOf(JsonElement item) => Json.Build(json =>
    {
        json.WriteStartArray("list"u8);
        item.WriteTo(json);
        json.WriteEndArray();
    }).GetProperty("list");
}
