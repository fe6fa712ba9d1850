using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using SessionMesh.Contracts;
using SessionMesh.Core;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.Keys;

namespace SessionMesh.Server.Http;

/// <summary>The <c>Idempotency-Key</c> of a request. Its namespace is the lineage of the caller's key.</summary>
internal static class IdempotencyHeader
{
    private const string Name = "Idempotency-Key";

    /// <summary>Whether the header is present; only then must the request be hashed.</summary>
    public static bool IsGiven(HttpContext http) => http.Request.Headers.ContainsKey(Name);

    /// <summary>Null if the header is absent or well-formed. Enough by itself for calls that are idempotent without it.</summary>
    public static MeshError? Check(HttpContext http) =>
        !http.Request.Headers.TryGetValue(Name, out var header) || header is [{ Length: > 0 and <= Limits.IdempotencyKeyLength }]
            ? null
            : MeshError.Invalid("/Idempotency-Key", $"the header has 1 to {Limits.IdempotencyKeyLength} characters and is sent once");

    /// <summary>The token that finds the receipt of the call; null without the header. Call <see cref="Check"/> first.</summary>
    /// <param name="request">Hash of the request: a different request under the same idempotency key is refused.</param>
    public static IdempotencyToken? Token(HttpContext http, Key key, UInt128 request) =>
        http.Request.Headers.TryGetValue(Name, out var header) ? Token(key, header[0]!, request) : null;

    /// <param name="name">What a call of that key is known by.</param>
    /// <param name="request">Hash of the request.</param>
    public static IdempotencyToken Token(Key key, string name, UInt128 request) => new(
        BinaryPrimitives.ReadUInt128BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{key.Lineage}\n{name}"))), request);
}
