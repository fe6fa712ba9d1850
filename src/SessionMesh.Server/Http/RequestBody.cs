using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Features;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Server.Json;

namespace SessionMesh.Server.Http;

/// <summary>A body after reading: a value or an error, and the hash for the <c>Idempotency-Key</c>.</summary>
internal readonly record struct Parsed<T>(T? Value, MeshError? Error, UInt128 Hash = default);

/// <summary>
/// Reads JSON bodies whatever their declared type, because curl's <c>-d</c> declares form data. This is safe because authentication is by
/// header alone: no browser can be made to send it across sites.
/// </summary>
internal static class RequestBody
{
    /// <param name="most">Most bytes in the body. A route may allow more than <see cref="Limits.BodyBytes"/>.</param>
    public static ValueTask<Parsed<T>> ReadJsonAsync<T>(
        HttpContext http, JsonTypeInfo<T> type, bool optional, bool hash, int most = Limits.BodyBytes) where T : class
    {
        return http.Features.Get<UnconfirmedAnswer>() is { } answer ? ReadAndKeepAsync(answer)
            : most <= Limits.BodyBytes ? ReadSmallAsync(http, type, optional, hash)
            : ReadLargeAsync(http, type, optional, hash, most);

        async ValueTask<Parsed<T>> ReadAndKeepAsync(UnconfirmedAnswer answer)
        {
            if (answer.Body is Parsed<T> read)
            {
                return read;
            }

            var parsed = most <= Limits.BodyBytes
                ? await ReadSmallAsync(http, type, optional, hash)
                : await ReadLargeAsync(http, type, optional, hash, most);
            answer.Body = parsed;
            return parsed;
        }
    }

    private static async ValueTask<Parsed<T>> ReadSmallAsync<T>(
        HttpContext http, JsonTypeInfo<T> type, bool optional, bool hash) where T : class
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
                    return new(null, TooLarge(Limits.BodyBytes));
                }

                reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            }
        }
        catch (BadHttpRequestException e)
        {
            return new(null, Unread(e, Limits.BodyBytes));
        }

        try
        {
            return result.Buffer.Length > Limits.BodyBytes
                ? new(null, TooLarge(Limits.BodyBytes))
                : Parse(result.Buffer, type, optional, hash ? HashOf(http, result.Buffer) : default);
        }
        finally
        {
            reader.AdvanceTo(result.Buffer.End);
        }
    }

    /// <summary>
    /// Copies the body out of the connection's buffer as it comes in, because that buffer holds no more than two small bodies.
    /// </summary>
    private static async ValueTask<Parsed<T>> ReadLargeAsync<T>(
        HttpContext http, JsonTypeInfo<T> type, bool optional, bool hash, int most) where T : class
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = most * 2L; // includes the framing of chunks
        }

        using var body = new Utf8Buffer(Limits.BodyBytes);
        try
        {
            int read;
            while ((read = await http.Request.Body.ReadAsync(body.GetMemory(16 * 1024))) > 0)
            {
                body.Advance(read);
                if (body.Length > most)
                {
                    return new(null, TooLarge(most));
                }
            }
        }
        catch (BadHttpRequestException e)
        {
            return new(null, Unread(e, most));
        }

        var whole = new ReadOnlySequence<byte>(body.Written);
        return Parse(whole, type, optional, hash ? HashOf(http, whole) : default);
    }

    /// <summary>The first 128 bits of the SHA-256 of method, path, query, <c>If-Match</c> and body.</summary>
    public static UInt128 HashOf(HttpContext http, in ReadOnlySequence<byte> body)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData(Encoding.UTF8.GetBytes(
            $"{http.Request.Method} {http.Request.Path}{http.Request.QueryString}\n{http.Request.Headers.IfMatch}\n"));
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
                : new(null, new MeshError(ErrorKind.Invalid, ErrorCodes.InvalidJson,
                    $"The body is empty. Send a JSON object with: {string.Join(", ", type.Properties.Select(p => p.Name))}."));
        }

        if (body.IsSingleSegment)
        {
            return Parse(body.FirstSpan, type, hash);
        }

        // A large body comes in several segments; one copy is cheaper than parsing across them.
        var whole = ArrayPool<byte>.Shared.Rent((int)body.Length);
        body.CopyTo(whole);
        var parsed = Parse(whole.AsSpan(0, (int)body.Length), type, hash);
        ArrayPool<byte>.Shared.Return(whole);
        return parsed;
    }

    /// <summary>Parses the whole of a document.</summary>
    public static Parsed<T> Parse<T>(ReadOnlySpan<byte> body, JsonTypeInfo<T> type, UInt128 hash = default) where T : class
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
            // On a lone surrogate in a member's name the reader throws other exceptions than its own.
            return new(null, BodyExplainer.Explain(body.ToArray(), type, e as JsonException ?? new JsonException(e.Message, e)));
        }
    }

    private static MeshError Unread(BadHttpRequestException e, int most) =>
        e.StatusCode == StatusCodes.Status413PayloadTooLarge
            ? TooLarge(most)
            : new MeshError(ErrorKind.Invalid, ErrorCodes.InvalidJson, "The body could not be read to its end.");

    private static MeshError TooLarge(int most) =>
        new(ErrorKind.TooLarge, ErrorCodes.BodyTooLarge, $"A body has at most {most / 1024} KiB. Send less in one call.");
}
