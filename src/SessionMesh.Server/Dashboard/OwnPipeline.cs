namespace SessionMesh.Server.Dashboard;

/// <summary>
/// This server's own pipeline, from its first check to its endpoints. Set once, when the pipeline is built; read from any thread after.
/// </summary>
internal sealed class OwnPipeline(IHttpContextFactory contexts)
{
    private RequestDelegate? _first;

    public IHttpContextFactory Contexts => contexts;

    /// <summary>The step that everything follows: used as the first middleware.</summary>
    public RequestDelegate Take(RequestDelegate next) => _first = next;

    /// <exception cref="InvalidOperationException">The pipeline is not built yet.</exception>
    public Task RunAsync(HttpContext http) =>
        (_first ?? throw new InvalidOperationException("the pipeline is not built yet"))(http);
}
