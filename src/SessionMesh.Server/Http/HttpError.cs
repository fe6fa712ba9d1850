using SessionMesh.Core;

namespace SessionMesh.Server.Http;

/// <summary>An error that exists only in HTTP: a wrong method or host, a request that cannot be read.</summary>
/// <param name="Status">HTTP status of the answer.</param>
/// <param name="Code">See <see cref="MeshError"/>.</param>
/// <param name="Detail">See <see cref="MeshError"/>.</param>
internal sealed record HttpError(int Status, string Code, string Detail) : MeshError(ErrorKind.Invalid, Code, Detail);

/// <summary>The HTTP status of each kind of error.</summary>
internal static class HttpStatuses
{
    public static int HttpStatus(this MeshError error) => error is HttpError http ? http.Status : error.Kind switch
    {
        ErrorKind.Invalid => StatusCodes.Status400BadRequest,
        ErrorKind.Unauthenticated => StatusCodes.Status401Unauthorized,
        ErrorKind.Forbidden => StatusCodes.Status403Forbidden,
        ErrorKind.NotFound => StatusCodes.Status404NotFound,
        ErrorKind.Conflict => StatusCodes.Status409Conflict,
        ErrorKind.Stale => StatusCodes.Status412PreconditionFailed,
        ErrorKind.TooLarge => StatusCodes.Status413PayloadTooLarge,
        ErrorKind.Reused => StatusCodes.Status422UnprocessableEntity,
        ErrorKind.Exhausted => StatusCodes.Status429TooManyRequests,
        ErrorKind.Internal => StatusCodes.Status500InternalServerError,
        ErrorKind.Unavailable => StatusCodes.Status503ServiceUnavailable,
        ErrorKind.DiskFull => StatusCodes.Status507InsufficientStorage,
        _ => throw new InvalidOperationException($"{error.Kind} has no status"),
    };
}
