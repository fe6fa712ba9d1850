using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using SessionMesh.Core.Audit;
using SessionMesh.Core.State;

namespace SessionMesh.Core;

/// <summary>
/// An entry of the log, which has everything durable that ever happened. The log names things by id, never by the numbers that a process
/// uses internally, so that it can be replayed anywhere. The envelope is stamped when the change is emitted.
/// </summary>
public abstract record Change
{
    /// <summary>Position in the log: 1, 2, 3… without a gap.</summary>
    [JsonIgnore]
    public long Revision { get; internal set; }

    /// <summary>Wall milliseconds; never earlier than the entry before.</summary>
    [JsonIgnore]
    public long At { get; internal set; }

    /// <summary>Key id, or <see cref="Actors.Mesh"/>.</summary>
    [JsonIgnore]
    public string Actor { get; internal set; } = "";

    /// <summary>Where the call that asked for it came from.</summary>
    [JsonIgnore]
    public Origin Origin { get; internal set; } = Origin.Mesh;

    /// <summary>The id of what changed. Never empty in the log (the serializer does not allow <c>required</c> here).</summary>
    [JsonIgnore]
    public string Subject { get; init; } = "";

    [JsonIgnore]
    public abstract string Kind { get; }

    /// <summary>How its members are written to the log, without the envelope and without what <see cref="Kind"/> says already.</summary>
    internal abstract JsonTypeInfo PayloadType { get; }

    /// <summary>
    /// Roughly how many bytes it takes in the log and in memory: <see cref="BaseWeight"/>, plus the characters of the texts that can be
    /// long. It bounds batches and the feed.
    /// </summary>
    [JsonIgnore]
    public virtual long Weight => BaseWeight;

    /// <summary>
    /// Applies the change, with its envelope stamped, to a draft. This is the only way from a change to state: deciding, loading a log and
    /// following another node all go through it. Total and deterministic: it refuses nothing, reads no clock and decides nothing.
    /// </summary>
    /// <exception cref="InvalidDataException">It does not fit the state: the log is damaged.</exception>
    internal abstract void Apply(MeshDraft draft);

    /// <summary>The weight of an entry with only short texts: its envelope, its row and its record.</summary>
    protected const long BaseWeight = 512;

    /// <summary>What the specializations and labels of an agent weigh.</summary>
    protected static long WeightOf(
        IReadOnlyList<string> names, IReadOnlyList<Skill>? skills, IReadOnlyDictionary<string, string>? labels) =>
        names.Sum(name => name.Length)
        + (skills?.Sum(skill => skill.Name.Length + (skill.Version?.Length ?? 0)) ?? 0)
        + (labels?.Sum(label => label.Key.Length + label.Value.Length) ?? 0);
}
