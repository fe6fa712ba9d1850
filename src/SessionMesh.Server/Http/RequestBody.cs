using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;

namespace SessionMesh.Server.Http;

/// <summary>A body that was read: a value or an error, and the hash an <c>Idempotency-Key</c> is held against.</summary>
internal readonly record struct Parsed<T>(T? Value, MeshError? Error, UInt128 Hash = default);

/// <summary>
/// Reads JSON bodies, whatever their declared type: the simplest curl line says form data. (Safe because authentication is by
/// header alone, so that no browser can be made to send it across sites.)
/// </summary>
internal static class RequestBody
{
    public static async ValueTask<Parsed<T>> ReadJsonAsync<T>(HttpContext http, JsonTypeInfo<T> type, bool optional, bool hash) where T : class
    {
        var reader = http.Request.BodyReader;
        ReadResult result;
        try
        {
            while (true)
            {
                result = await reader.ReadAsync();
                if (result.IsCompleted)
                {
                    break;
                }

                if (result.Buffer.Length > Limits.BodyBytes)
                {
                    reader.AdvanceTo(result.Buffer.End);
                    return new(null, TooLarge());
                }

                reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            }
        }
        catch (BadHttpRequestException e)
        {
            return new(null, e.StatusCode == StatusCodes.Status413PayloadTooLarge ? TooLarge() : new MeshError(400, ErrorCodes.InvalidJson, "The body could not be read to its end."));
        }

        try
        {
            return result.Buffer.Length > Limits.BodyBytes
                ? new(null, TooLarge())
                : Parse(result.Buffer, type, optional, hash ? HashOf(http, result.Buffer) : default);
        }
        finally
        {
            reader.AdvanceTo(result.Buffer.End);
        }
    }

    /// <summary>Hash of method, path, query, <c>If-Match</c> and body: 128 of SHA-256's bits.</summary>
    public static UInt128 HashOf(HttpContext http, in ReadOnlySequence<byte> body)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData(Encoding.UTF8.GetBytes($"{http.Request.Method} {http.Request.Path}{http.Request.QueryString}\n{http.Request.Headers.IfMatch}\n"));
        foreach (var segment in body)
        {
            sha.AppendData(segment.Span);
        }

        return BinaryPrimitives.ReadUInt128BigEndian(sha.GetHashAndReset());
    }

    private static Parsed<T> Parse<T>(in ReadOnlySequence<byte> body, JsonTypeInfo<T> type, bool optional, UInt128 hash) where T : class
    {
        if (body.IsEmpty)
        {
            return optional
                ? new(null, null, hash)
                : new(null, new MeshError(400, ErrorCodes.InvalidJson, $"The body is empty. Send a JSON object with: {string.Join(", ", type.Properties.Select(p => p.Name))}."));
        }

        if (body.IsSingleSegment)
        {
            return Parse(body.FirstSpan, type, hash);
        }

        // A large body comes in pieces; reading it across them costs more than one copy.
        var whole = ArrayPool<byte>.Shared.Rent((int)body.Length);
        body.CopyTo(whole);
        var parsed = Parse(whole.AsSpan(0, (int)body.Length), type, hash);
        ArrayPool<byte>.Shared.Return(whole);
        return parsed;
    }

    private static Parsed<T> Parse<T>(ReadOnlySpan<byte> body, JsonTypeInfo<T> type, UInt128 hash) where T : class
    {
        if (BodyText.CheckEncoding(body) is { } notUtf8)
        {
            return new(null, notUtf8);
        }

        try
        {
            var json = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = Limits.JsonDepth });
            var value = JsonSerializer.Deserialize(ref json, type);
            if (json.Read() || value is null)
            {
                throw new JsonException("expected one JSON object");
            }

            return BodyText.CheckSurrogates(body) is { } noText ? new(null, noText) : new(value, null, hash);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            // A reader that meets half of a surrogate pair where it compares names says so with others than its own.
            return new(null, BodyExplainer.Explain(body.ToArray(), type, e as JsonException ?? new JsonException(e.Message, e)));
        }
    }

    private static MeshError TooLarge() =>
        new(413, ErrorCodes.BodyTooLarge, $"A body has at most {Limits.BodyBytes / 1024} KiB. Send less in one call.");
}
