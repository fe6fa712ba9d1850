using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace SessionMesh.Core.Sessions;

/// <summary>
/// A session's metadata: text by name, in the order in which names were first set. Held as JSON in UTF-8, since a million of these are kept
/// and few are read. Immutable and thread-safe; equal by content and order.
/// </summary>
public sealed class Meta : IEquatable<Meta>
{
    public static readonly Meta Empty = new("{}"u8.ToArray());

    private static readonly JsonWriterOptions s_options = new()
    {
        Encoder = JavaScriptEncoder.Create(UnicodeRanges.All),
        SkipValidation = true,
    };

    private readonly byte[] _json;

    private Meta(byte[] json) => _json = json;

    public bool IsEmpty => _json.Length == 2;

    /// <summary>A JSON object of strings, in UTF-8.</summary>
    public ReadOnlySpan<byte> Utf8() => _json;

    /// <summary>The same as text.</summary>
    public string Json => Encoding.UTF8.GetString(_json);

    public static Meta Of(IEnumerable<KeyValuePair<string, string>> entries)
    {
        var buffer = new ArrayBufferWriter<byte>(64);
        using (var writer = new Utf8JsonWriter(buffer, s_options))
        {
            writer.WriteStartObject();
            foreach (var (name, value) in entries)
            {
                writer.WriteString(name, value);
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenCount == 2 ? Empty : new Meta(buffer.WrittenSpan.ToArray());
    }

    /// <param name="json">A JSON object of strings, as <see cref="Json"/> gives it.</param>
    public static Meta FromJson(string? json) => json is null or "{}" ? Empty : new Meta(Encoding.UTF8.GetBytes(json));

    public List<KeyValuePair<string, string>> Read()
    {
        var entries = new List<KeyValuePair<string, string>>();
        var reader = new Utf8JsonReader(_json);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString()!;
                reader.Read();
                entries.Add(new(name, reader.GetString()!));
            }
        }

        return entries;
    }

    /// <summary>A copy with entries set, or removed where the value is null. A name that exists keeps its place.</summary>
    public Meta With(IReadOnlyDictionary<string, string?> changes)
    {
        var before = Read();
        var known = before.Select(entry => entry.Key).ToHashSet(StringComparer.Ordinal);
        return Of(before
            .Select(entry => KeyValuePair.Create(entry.Key, changes.TryGetValue(entry.Key, out var value) ? value : entry.Value))
            .Concat(changes.Where(change => !known.Contains(change.Key)))
            .Where(entry => entry.Value is not null)
            .Select(entry => new KeyValuePair<string, string>(entry.Key, entry.Value!)));
    }

    public bool Equals(Meta? other) => other is not null && _json.AsSpan().SequenceEqual(other._json);

    public override bool Equals(object? obj) => Equals(obj as Meta);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(_json);
        return hash.ToHashCode();
    }

    public override string ToString() => Json;
}
