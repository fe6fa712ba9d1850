using System.Text.Json;
using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Lineage;

/// <summary>Rows of the topology as a tree: each after its parent, with the lines that lead to it.</summary>
internal static class TreeRows
{
    /// <summary>The member that holds an id with the lines before it.</summary>
    public const string Branch = "branch";

    /// <summary>
    /// Parents before their children, siblings in order. A row whose parent is not among them is a root: the parent is in another cluster,
    /// or was forgotten.
    /// </summary>
    public static List<JsonElement> Arrange(List<JsonElement> rows, IComparer<JsonElement> order)
    {
        var known = rows.Select(IdOf).ToHashSet(StringComparer.Ordinal);
        var children = rows.ToLookup(row => Json.Text(row, "parent_id") is { } parent && known.Contains(parent) ? parent : "");
        var arranged = new List<JsonElement>(rows.Count);
        var open = new Stack<(JsonElement Row, string Lead, string Below)>();
        Push("", "", isTop: true);
        while (open.TryPop(out var next))
        {
            arranged.Add(Json.Build(json =>
            {
                json.WriteString(Branch, next.Lead + IdOf(next.Row));
                foreach (var member in next.Row.EnumerateObject())
                {
                    member.WriteTo(json);
                }
            }));
            Push(IdOf(next.Row), next.Below, isTop: false);
        }

        return arranged;

        void Push(string parent, string below, bool isTop)
        {
            // Onto a stack, so the last child goes first.
            var siblings = children[parent].Order(order).ToList();
            for (var i = siblings.Count - 1; i >= 0; i--)
            {
                var isLast = i == siblings.Count - 1;
                open.Push(isTop
                    ? (siblings[i], "", "")
                    : (siblings[i], below + (isLast ? "└─ " : "├─ "), below + (isLast ? "   " : "│  ")));
            }
        }
    }

    private static string IdOf(JsonElement row) => Json.Text(row, "agent_id")!;
}
