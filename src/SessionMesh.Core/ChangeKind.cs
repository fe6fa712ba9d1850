using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace SessionMesh.Core;

/// <summary>A kind of change, and how entries of that kind are read from the log.</summary>
/// <param name="Name">Its name in the log. Never renamed, because existing logs have it.</param>
/// <param name="Type">The type it is read as; one type may have several kinds.</param>
/// <param name="Read">From the payload to a change without an envelope.</param>
internal sealed record ChangeKind(string Name, Type Type, Func<string, Change> Read)
{
    /// <summary>
    /// Since which level of the log it is known. A kind that a later version adds has the next level: servers of the version before live
    /// beside it, until the last of them is upgraded, and do not know it. See <see cref="State.MeshDraft.Level"/>.
    /// </summary>
    public int Level { get; init; } = 1;

    /// <param name="complete">Sets the members that follow from the name, which the payload therefore does not have.</param>
    public static ChangeKind Of<T>(string name, JsonTypeInfo<T> payload, Func<T, T>? complete = null) where T : Change =>
        new(name, typeof(T), text =>
        {
            var change = JsonSerializer.Deserialize(text, payload)!;
            return complete is null ? change : complete(change);
        });
}
