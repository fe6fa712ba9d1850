using System.Text.Json;
using SessionMesh.Core.Json;

namespace SessionMesh.Core.Registry;

/// <summary>
/// A sorted set of names (an agent's specializations). Interned: a fleet has few distinct sets, so a million agents
/// share a handful of instances and equality is by reference. One that nobody holds any more is forgotten. Immutable and thread-safe.
/// </summary>
public sealed class NameSet
{
    private static readonly NameSetTable s_interned = new();

    public static readonly NameSet Empty = Intern([]);

    private NameSet(string[] names, string json) => (Names, Json) = (names, json);

    /// <summary>Ordinal order, no duplicates.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The set as a JSON array: what the tables hold and rows show.</summary>
    public string Json { get; }

    /// <summary>Entries of the table of interned sets, those included that nobody holds any more and that it has yet to notice.</summary>
    internal static int Interned => s_interned.Count;

    public static NameSet Of(IEnumerable<string> names) => Intern([.. names.Distinct().Order(StringComparer.Ordinal)]);

    public static NameSet FromJson(string json) =>
        s_interned.Find(json) ?? Of(JsonSerializer.Deserialize(json, TextJson.Default.StringArray) ?? []);

    public bool Contains(string name) => Array.BinarySearch((string[])Names, name, StringComparer.Ordinal) >= 0;

    public NameSet With(IEnumerable<string> names) => Of(Names.Concat(names));
    public NameSet Without(string name) => Of(Names.Where(n => n != name));

    public override string ToString() => Json;

    private static NameSet Intern(string[] names)
    {
        var json = JsonSerializer.Serialize(names, TextJson.Default.StringArray);
        return s_interned.Find(json) ?? s_interned.Add(new NameSet(names, json));
    }
}
