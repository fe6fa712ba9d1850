using SessionMesh.Cli.Hooks.Editing;

namespace SessionMesh.Cli.Hooks.Kinds;

/// <summary>What is ours in an agent's settings, and where it stands.</summary>
internal abstract class SettingsShape
{
    /// <exception cref="SettingsFault">What is there is of another shape than the agent's program reads.</exception>
    public abstract void Check(SettingsText text);

    public abstract bool HasOurs(SettingsText text);

    /// <summary>Whether what is there of ours is what would be put in now, and all of it.</summary>
    public abstract bool IsUpToDate(SettingsText text);

    /// <param name="record">Learns what was empty before.</param>
    public abstract SettingsText Add(SettingsText text, SettingsRecord record);

    /// <summary>Why the agent's program would not take what is there of ours; null where it does, as far as its settings tell.</summary>
    public virtual string? Hindrance(SettingsText text) => null;

    public abstract SettingsText Remove(SettingsText text, SettingsRecord? record);

    /// <summary>A member of this kind; null where there is none.</summary>
    protected static SettingsNode? Member(SettingsText text, SettingsNode of, string name, NodeKind kind, string path)
    {
        var found = of.Items.Where(item => item.Name == name).ToList();
        return found switch
        {
            [] => null,
            [var one] when one.Kind == kind => one,
            [var one] => throw new SettingsFault(
                text.Text, one.Start, $"{path} is {Word(one)}, and not {(kind == NodeKind.Object ? "an object" : "a list")}"),
            [_, var second, ..] => throw new SettingsFault(text.Text, second.ItemStart, $"{path} is there twice"),
        };
    }

    protected static SettingsNode RootOf(SettingsText text) =>
        text.Root.Kind == NodeKind.Object
            ? text.Root
            : throw new SettingsFault(text.Text, text.Root.Start, $"the settings are {Word(text.Root)}, and not an object");

    /// <summary>Removes a member that was emptied, unless it was there before we came, or holds somebody's comment.</summary>
    protected static SettingsText Clear(SettingsText text, SettingsNode parent, SettingsNode child, SettingsRecord? record, string path)
    {
        var above = path.LastIndexOf('/') is var slash and >= 0 ? path[..slash] : "";
        return child.Items.Count > 0 || record?.Empty.ContainsKey(path) == true || text.Inner(child).Trim().Length > 0
            ? text
            : text.Remove(parent, parent.Items.IndexOf(child), record?.Empty.GetValueOrDefault(above));
    }

    /// <summary>Notes what is in an object or array that has nothing yet.</summary>
    protected static void Note(SettingsText text, SettingsNode container, SettingsRecord record, string path)
    {
        if (container.Items.Count == 0)
        {
            record.Empty.TryAdd(path, text.Inner(container));
        }
    }

    private static string Word(SettingsNode node) => node.Kind switch
    {
        NodeKind.Object => "an object",
        NodeKind.Array => "a list",
        NodeKind.Text => "a text",
        _ => node.Text,
    };
}
