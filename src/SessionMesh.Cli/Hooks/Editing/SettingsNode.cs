using System.Text;
using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Hooks.Editing;

internal enum NodeKind
{
    Object,
    Array,
    Text,

    /// <summary>A number, <c>true</c>, <c>false</c> or <c>null</c>.</summary>
    Other,
}

/// <summary>A value of a settings file, and where it stands in the text.</summary>
internal sealed class SettingsNode
{
    public required NodeKind Kind { get; init; }

    /// <summary>Where the value begins.</summary>
    public required int Start { get; init; }

    /// <summary>Where it has ended.</summary>
    public int End { get; set; }

    /// <summary>Where its key begins, in an object; else the same as <see cref="Start"/>.</summary>
    public int ItemStart { get; set; }

    /// <summary>Its key in an object; null elsewhere.</summary>
    public string? Name { get; set; }

    /// <summary>Where the comma after it stands; -1 without one.</summary>
    public int Comma { get; set; } = -1;

    /// <summary>A text without its quotes and escapes; another value as it is written; empty for an object or array.</summary>
    public string Text { get; init; } = "";

    /// <summary>The members of an object, or the items of an array, in the order of the text.</summary>
    public List<SettingsNode> Items { get; } = [];

    public SettingsNode? Find(string name) => Items.FindLast(item => item.Name == name);

    /// <summary>The text of a member; null where it is absent or something else.</summary>
    public string? TextOf(string name) => Find(name) is { Kind: NodeKind.Text } found ? found.Text : null;

    /// <summary>The same value always gives the same text, however it is written.</summary>
    public string Canonical() => Append(new StringBuilder()).ToString();

    private StringBuilder Append(StringBuilder to)
    {
        if (Kind is NodeKind.Text or NodeKind.Other)
        {
            return to.Append(Kind == NodeKind.Text ? Json.Compact(Json.Value(Text)) : Text);
        }

        to.Append(Kind == NodeKind.Object ? '{' : '[');
        foreach (var item in Items)
        {
            if (item.Name is not null)
            {
                to.Append(Json.Compact(Json.Value(item.Name))).Append(':');
            }

            item.Append(to).Append(',');
        }

        return to.Append(Kind == NodeKind.Object ? '}' : ']');
    }
}
