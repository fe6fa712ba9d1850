using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Json;

namespace SessionMesh.Server.Http;

/// <summary>Writes whole answers, with their <c>Content-Length</c>.</summary>
internal static class Answers
{
    private const string Json = "application/json";

    public static Answer Of<T>(int status, T value, JsonTypeInfo<T> type, string? secretOf = null) =>
        new(status, JsonSerializer.SerializeToUtf8Bytes(value, type), secretOf);

    public static Answer Of(int status, Action<Utf8Buffer> write)
    {
        using var buffer = new Utf8Buffer();
        write(buffer);
        return new Answer(status, buffer.Written.ToArray());
    }

    public static Task WriteAsync(HttpContext http, Answer answer)
    {
        if (answer.Status == StatusCodes.Status401Unauthorized)
        {
            http.Response.Headers.WWWAuthenticate = ProblemWriter.Challenge;
            http.Response.Headers.CacheControl = "no-store";
            http.Response.Headers[ProblemWriter.RequestIdHeader] = http.TraceIdentifier;
        }

        if (answer.Version is { } version)
        {
            SetETag(http, version);
        }

        if (answer.KeyId is not null)
        {
            http.Response.Headers.CacheControl = "no-store";
        }

        return WriteAsync(http, answer.Status, answer.Json);
    }

    public static void SetETag(HttpContext http, long version) =>
        http.Response.Headers.ETag = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"\"{version}\"");

    public static async Task WriteAsync(HttpContext http, int status, ReadOnlyMemory<byte> json)
    {
        var response = http.Response;
        response.StatusCode = status;
        response.ContentType = AnswerForm.Of(http)?.ContentType ?? (status < 400 ? Json : Contracts.Errors.Problem.ContentType);
        response.ContentLength = json.Length;
        await response.BodyWriter.WriteAsync(json);
    }

    public static async Task WriteAsync<T>(HttpContext http, T value, JsonTypeInfo<T> type) =>
        await WriteAsync(http, StatusCodes.Status200OK, JsonSerializer.SerializeToUtf8Bytes(value, type));
}
