using Microsoft.AspNetCore.Http.Features;
using SessionMesh.Contracts.Errors;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Sandbox;

/// <summary>
/// Does what a fault says to the request that it strikes, on the real connection. Runs after authentication: a request that is refused for
/// its key uses no fault up.
/// </summary>
public sealed class FaultMiddleware(
    RequestDelegate next, Faults faults, SandboxTime time, ProblemWriter problems, IHostApplicationLifetime lifetime)
{
    public Task InvokeAsync(HttpContext http) => faults.Strike(http) is { } fault ? ActAsync(http, fault) : next(http);

    private async Task ActAsync(HttpContext http, SetFault fault)
    {
        if (fault.Delay > TimeSpan.Zero && !await WaitAsync(http, fault.Delay))
        {
            return;
        }

        switch (fault.Effect)
        {
            case FaultEffect.None:
                await next(http);
                break;
            case FaultEffect.Status:
                await RefuseAsync(http, fault);
                break;
            case FaultEffect.CutBefore:
                http.Abort();
                break;
            case FaultEffect.CutAfter:
                await ThroughAsync(http, answer => new LostAnswerStream(answer));
                http.Abort();
                break;
            case FaultEffect.Drop:
                await ThroughAsync(http, answer => new DroppedStream(answer, fault.DropAfter));
                break;
            case FaultEffect.Malform:
                await ThroughAsync(http, answer => new BrokenAnswerStream(answer));
                break;
        }
    }

    /// <summary>False if the caller has gone away, or the server does.</summary>
    private async Task<bool> WaitAsync(HttpContext http, TimeSpan delay)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            await Task.Delay(delay, time, over.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            http.Abort();
            return false;
        }
    }

    private Task RefuseAsync(HttpContext http, SetFault fault)
    {
        if (fault.Status == StatusCodes.Status401Unauthorized)
        {
            http.Response.Headers.WWWAuthenticate = ProblemWriter.Challenge;
        }

        return problems.WriteAsync(http, new HttpError(fault.Status, ErrorCodes.SandboxFault,
            $"The sandbox was told to fail here, by its fault {fault.Id}. Nothing was done."));
    }

    /// <summary>Handles the request with another body in the place of the connection's.</summary>
    private async Task ThroughAsync(HttpContext http, Func<HttpContext, AnswerStream> filter)
    {
        var real = http.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        await using var body = filter(http);
        var feature = new StreamResponseBodyFeature(body, real);
        http.Features.Set<IHttpResponseBodyFeature>(feature);
        try
        {
            await next(http);
            await feature.CompleteAsync();
            await body.EndAsync();
        }
        finally
        {
            http.Features.Set(real);
        }
    }
}
