using SessionMesh.Server.Engine;

namespace SessionMesh.Server.Http;

/// <summary>
/// On one of several nodes, nobody is told that a thing is unknown, or over, because this node has not heard of it yet: before such an
/// answer goes out, the node looks once at the log, and if there was more, the request is run again. What one node has answered is so on
/// all of them. Free on a server that is alone.
/// </summary>
public sealed class Confirming(RequestDelegate next, MeshEngine engine, ProblemWriter problems)
{
    public Task InvokeAsync(HttpContext http) =>
        engine.IsShared && http.GetEndpoint() is RouteEndpoint ? ConfirmAsync(http) : next(http);

    private async Task ConfirmAsync(HttpContext http)
    {
        var answer = new UnconfirmedAnswer();
        http.Features.Set(answer);
        var revision = engine.State.Revision;
        await next(http);
        var held = answer.Held;
        answer.Confirm();
        if (held is null)
        {
            return;
        }

        var error = await engine.CatchUpAsync() ?? (engine.State.Revision == revision ? held : null);
        await (error is null ? next(http) : problems.WriteAsync(http, error));
    }
}
