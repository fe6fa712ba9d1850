using System.Text.Json;
using SessionMesh.Core.Json;

namespace SessionMesh.Core.State;

/// <summary>
/// An agent's labels, name to value, in ordinal order of the names. Compared by content. Immutable and thread-safe.
/// </summary>
public sealed class LabelSet : IEquatable<LabelSet>
{
    public static readonly LabelSet Empty = new(new SortedDictionary<string, string>(StringComparer.Ordinal));

    private LabelSet(SortedDictionary<string, string> labels)
    {
        Labels = labels;
        Json = JsonSerializer.Serialize(labels, TextJson.Default.SortedDictionaryStringString);
    }

    public IReadOnlyDictionary<string, string> Labels { get; }

    /// <summary>The labels as a JSON object: what the tables hold and rows show.</summary>
    public string Json { get; }

    /// <param name="labels">Null is none.</param>
    public static LabelSet Of(IEnumerable<KeyValuePair<string, string>>? labels)
    {
        var sorted = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in labels ?? [])
        {
            sorted[name] = value;
        }

        return sorted.Count == 0 ? Empty : new LabelSet(sorted);
    }

    public static LabelSet FromJson(string json) =>
        json == Empty.Json ? Empty : Of(JsonSerializer.Deserialize(json, TextJson.Default.SortedDictionaryStringString) ?? []);

    public bool Equals(LabelSet? other) => other is not null && Json == other.Json;
    public override bool Equals(object? obj) => Equals(obj as LabelSet);
    public override int GetHashCode() => Json.GetHashCode(StringComparison.Ordinal);
    public override string ToString() => Json;
}
