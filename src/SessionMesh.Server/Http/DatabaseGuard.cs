using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Http;

/// <summary>
/// A node that has been without its database for some seconds answers only for its own state, <c>/livez</c>, <c>/readyz</c> and
/// <c>/metrics</c>: it would not know of a key that was revoked at another node. Never so on SQLite.
/// </summary>
public sealed class DatabaseGuard(RequestDelegate next, MeshStore store, ProblemWriter problems)
{
    public Task InvokeAsync(HttpContext http) =>
        store.IsReachable || IsOfTheProcess(http.Request.Path) ? next(http) : problems.WriteAsync(http, WithoutDatabase());

    private static bool IsOfTheProcess(PathString path) => path == Routes.Livez || path == Routes.Readyz || path == Routes.Metrics;

    private static MeshError WithoutDatabase() => new(ErrorKind.Unavailable, ErrorCodes.Busy,
        "This node has lost its database, or is behind it, and answers nothing until it is level again. Ask another node, or try again.")
    {
        RetryAfter = 1,
    };
}
