using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SessionMesh.Contracts;

namespace SessionMesh.Client;

/// <summary>
/// One unary call, not yet sent: what <see cref="MeshClient"/>'s typed methods send, and what a caller sends itself when
/// it wants the answer as JSON, with members this library does not know. Ids are checked here, since they become part
/// of a path: an invalid one throws <see cref="ArgumentException"/>.
/// </summary>
public sealed partial record MeshCall
{
    private MeshCall(HttpMethod method, string path) => (Method, Path) = (method, path);

    public HttpMethod Method { get; }

    /// <summary>Path and query, relative to the server.</summary>
    public string Path { get; }

    /// <summary>In UTF-8: JSON, or nothing; for an import lines of it.</summary>
    public ReadOnlyMemory<byte> Body { get; private init; }

    /// <summary>How long the server may hold the answer back on purpose; added to the timeout of each attempt.</summary>
    public TimeSpan Hold { get; private init; }

    /// <summary>
    /// True for a write that may act twice: it carries an <c>Idempotency-Key</c>, one for all its attempts. Reads,
    /// heartbeats and acks are idempotent by nature and carry none.
    /// </summary>
    public bool NeedsIdempotencyKey { get; private init; }

    /// <summary>
    /// The key to carry, chosen by the caller (<see cref="NewIdempotencyKey"/>) for a call that it may send again: sent again
    /// as it was, it does not act again, and one that asks to wait waits once more. Null takes a new one for each send.
    /// </summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>The media type of <see cref="Body"/>.</summary>
    internal string ContentType { get; private init; } = "application/json";

    /// <summary>An entity tag, in quotes: the call is for that version alone.</summary>
    internal string? IfMatch { get; private init; }

    /// <summary>What authenticates this call in place of the client's token; then a refusal is final.</summary>
    internal string? Bearer { get; private init; }

    public static MeshCall Livez() => Get(Routes.Livez);

    /// <summary>
    /// A value for <see cref="IdempotencyKey"/>: 122 bits of the system's own generator. That of the cryptography library would load the
    /// library, 4 MB, into every process that writes.
    /// </summary>
#pragma warning disable RS0030 // it is no id of the mesh, and that of the cryptography library costs what the comment says
    public static string NewIdempotencyKey() => Guid.NewGuid().ToString("N");
#pragma warning restore RS0030

    /// <summary>Method and path; never the body, which may hold what is not for a log.</summary>
    public override string ToString() => $"{Method} {Path}";

    internal static string CheckedId(string id) =>
        MeshId.IsValid(id) ? id : throw new ArgumentException(MeshId.Rule, nameof(id));

    /// <summary>A list as one parameter of a query.</summary>
    internal static string? Words(IReadOnlyList<string>? words) => words is null ? null : string.Join(',', words);

    private static MeshCall Get(string path) => new(HttpMethod.Get, path);

    private static MeshCall Write(HttpMethod method, string path) => new(method, path) { NeedsIdempotencyKey = true };

    private static MeshCall Write<T>(HttpMethod method, string path, T body, JsonTypeInfo<T> type) =>
        Write(method, path) with { Body = JsonSerializer.SerializeToUtf8Bytes(body, type) };

    private static MeshCall Idempotent<T>(string path, T body, JsonTypeInfo<T> type) =>
        new(HttpMethod.Post, path) { Body = JsonSerializer.SerializeToUtf8Bytes(body, type) };
}
