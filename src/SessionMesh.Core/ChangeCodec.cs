using System.Buffers;
using System.Collections.Frozen;
using System.Text.Json;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Claims;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Links;
using SessionMesh.Core.Sessions;
using SessionMesh.Core.Steering;

namespace SessionMesh.Core;

/// <summary>Payloads of the log, to JSON and back. Thread-safe.</summary>
public static class ChangeCodec
{
    /// <summary>Every kind of change, by its name. The kinds of a noun are listed in the file of its changes.</summary>
    internal static FrozenDictionary<string, ChangeKind> Kinds { get; } = new[]
    {
        AgentChanges.Kinds,
        DirectiveChanges.Kinds,
        SessionChanges.Kinds,
        KeyChanges.Kinds,
        ClaimChanges.Kinds,
        LinkChanges.Kinds,
        ReceiptChanges.Kinds,
        AuditChanges.Kinds,
    }.SelectMany(kinds => kinds).ToFrozenDictionary(kind => kind.Name, StringComparer.Ordinal);

    /// <summary>The highest level of the log that this version can read; see <see cref="ChangeKind.Level"/>.</summary>
    public static int Level { get; } = Kinds.Values.Max(kind => kind.Level);

    /// <summary>The level of the log from which on a change can be read.</summary>
    public static int LevelOf(Change change) => Kinds.TryGetValue(change.Kind, out var kind) ? kind.Level : 1;

    /// <summary>Whether this version can read a kind of change.</summary>
    public static bool Knows(string kind) => Kinds.ContainsKey(kind);

    /// <summary>Writes the members of <paramref name="change"/>, without its envelope, as one JSON object in UTF-8.</summary>
    public static void WritePayload(IBufferWriter<byte> output, Utf8JsonWriter writer, Change change)
    {
        writer.Reset(output);
        JsonSerializer.Serialize(writer, change, change.PayloadType);
        writer.Flush();
    }

    /// <summary>Reads an entry back.</summary>
    /// <exception cref="InvalidDataException">The kind is unknown: a newer version wrote this log.</exception>
    public static Change Read(long revision, long at, string actor, Origin origin, string kind, string subject, string payload) =>
        Kinds.TryGetValue(kind, out var known)
            ? known.Read(payload) with { Subject = subject, Revision = revision, At = at, Actor = actor, Origin = origin }
            : throw new InvalidDataException($"the log holds a change of kind '{kind}', which this version does not know");
}
