using System.Text.Json;
using SessionMesh.Core.Json;

namespace SessionMesh.Core.State;

/// <summary>
/// A sorted set of names. Interned: a fleet has few distinct sets, so a million agents
/// share a handful of instances and equality is by reference. One that nobody holds any more is forgotten. Immutable and thread-safe.
/// </summary>
public sealed class NameSet
{
    private static readonly WeakTable<NameSet> s_interned = new(set => set.Json);

    public static readonly NameSet Empty = Intern([]);

    private SkillSet? _plain;

    private NameSet(string[] names, string json) => (Names, Json) = (names, json);

    /// <summary>Ordinal order, no duplicates.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The set as a JSON array: what the tables hold and rows show.</summary>
    public string Json { get; }

    /// <summary>These specializations with nothing known of them but their names; null while nobody has asked for it.</summary>
    internal SkillSet? Plain => Volatile.Read(ref _plain);

    /// <summary>Entries of the table of interned sets, those included that nobody holds any more and that it has yet to notice.</summary>
    internal static int Interned => s_interned.Count;

    public static NameSet Of(IEnumerable<string> names) => Intern([.. names.Distinct().Order(StringComparer.Ordinal)]);

    public static NameSet FromJson(string json) =>
        s_interned.Find(json) ?? Of(JsonSerializer.Deserialize(json, TextJson.Default.StringArray) ?? []);

    /// <summary>The set with that JSON, if somebody holds it.</summary>
    public static NameSet? Find(string json) => s_interned.Find(json);

    public bool Contains(string name) => Array.BinarySearch((string[])Names, name, StringComparer.Ordinal) >= 0;

    public NameSet With(IEnumerable<string> names) => Of(Names.Concat(names));
    public NameSet Without(string name) => Of(Names.Where(n => n != name));

    public override string ToString() => Json;

    /// <summary>Sets <see cref="Plain"/>, unless another thread was first; returns the one that stays.</summary>
    internal SkillSet SetPlain(SkillSet plain) => Interlocked.CompareExchange(ref _plain, plain, null) ?? plain;

    private static NameSet Intern(string[] names)
    {
        var json = JsonSerializer.Serialize(names, TextJson.Default.StringArray);
        return s_interned.Find(json) ?? s_interned.Add(new NameSet(names, json));
    }
}
