using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace SessionMesh.Core;

/// <summary>A kind of change: how an entry of the log that names it is read.</summary>
/// <param name="Name">What the log calls it. Never renamed: there are logs that have it.</param>
/// <param name="Type">The change it is read as; one may have several kinds.</param>
/// <param name="Read">From the payload to a change without an envelope.</param>
internal sealed record ChangeKind(string Name, Type Type, Func<string, Change> Read)
{
    /// <param name="complete">Sets the members that the name tells, and that the payload therefore does not have.</param>
    public static ChangeKind Of<T>(string name, JsonTypeInfo<T> payload, Func<T, T>? complete = null) where T : Change =>
        new(name, typeof(T), text =>
        {
            var change = JsonSerializer.Deserialize(text, payload)!;
            return complete is null ? change : complete(change);
        });
}
