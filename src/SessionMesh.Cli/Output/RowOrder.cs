using System.Text.Json;

namespace SessionMesh.Cli.Output;

/// <summary>
/// The order of rows by their members, the first that differs deciding; <c>-</c> before a member reverses it. Numbers go by value, texts by
/// code unit, which is the order of times, too; what is null or absent comes last either way.
/// </summary>
internal sealed class RowOrder(IReadOnlyList<string> members) : IComparer<JsonElement>
{
    /// <summary>The members that it looks at.</summary>
    public IEnumerable<string> Members => members.Select(member => member.TrimStart('-'));

    public int Compare(JsonElement x, JsonElement y)
    {
        foreach (var member in members)
        {
            var isReversed = member.StartsWith('-');
            var name = isReversed ? member[1..] : member;
            var (a, b) = (ValueOf(x, name), ValueOf(y, name));
            var order = (a is null, b is null) switch
            {
                (true, true) => 0,
                (true, false) => 1,
                (false, true) => -1,
                _ => (isReversed ? -1 : 1) * Compare(a!.Value, b!.Value),
            };
            if (order != 0)
            {
                return order;
            }
        }

        return 0;

        static int Compare(JsonElement a, JsonElement b) =>
            a.ValueKind == JsonValueKind.Number && b.ValueKind == JsonValueKind.Number
                ? a.GetDouble().CompareTo(b.GetDouble())
                : string.CompareOrdinal(Column.Plain(a), Column.Plain(b));
    }

    private static JsonElement? ValueOf(JsonElement row, string member) =>
        row.ValueKind == JsonValueKind.Object && row.TryGetProperty(member, out var value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;
}
