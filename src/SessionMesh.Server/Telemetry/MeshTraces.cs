using System.Diagnostics;
using Microsoft.AspNetCore.Http.Features;

namespace SessionMesh.Server.Telemetry;

/// <summary>
/// The spans: one for each command, from when it is queued until it is durable or refused, below that of its request; and one for each
/// batch in which there is such a command, to which the command's links. Without a listener none is made, and asking costs a look at a
/// field.
/// </summary>
internal static class MeshTraces
{
    public const string SourceName = "SessionMesh";

    /// <summary>The web server's own, which makes the span of a request.</summary>
    public const string RequestSource = "Microsoft.AspNetCore";

    private static readonly ActivitySource s_source = new(SourceName);

    /// <summary>A command is queued; null while nobody listens.</summary>
    public static Activity? Queue(object command) =>
        s_source.HasListeners() ? Start("command " + CommandName.Of(command), Activity.Current) : null;

    /// <summary>A batch begins: a root of its own, since the requests in it have different ones.</summary>
    public static Activity? BeginBatch() => s_source.HasListeners() ? Start("batch", null) : null;

    /// <summary>Ends a span on whatever thread.</summary>
    public static void End(Activity activity)
    {
        var current = Activity.Current;
        activity.Dispose();
        Activity.Current = current;
    }

    /// <summary>
    /// Names a request by its route, and says no more of its address: paths have ids in them, and what people paste where it does not
    /// belong.
    /// </summary>
    public static async Task NameRequest(HttpContext http, RequestDelegate next)
    {
        var activity = http.Features.Get<IHttpActivityFeature>()?.Activity;
        try
        {
            await next(http);
        }
        finally
        {
            if (activity is { IsAllDataRequested: true })
            {
                Describe(activity, http);
            }
        }
    }

    private static void Describe(Activity activity, HttpContext http)
    {
        var route = (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
        var method = http.Request.Method is "GET" or "HEAD" or "POST" or "PATCH" or "PUT" or "DELETE" or "OPTIONS"
            ? http.Request.Method
            : "_OTHER";
        activity.DisplayName = route is null ? method : $"{method} {route}";
        activity.SetTag("http.request.method", method);
        activity.SetTag("http.route", route);
        activity.SetTag("http.response.status_code", http.Response.StatusCode);
        if (http.Response.StatusCode >= 500)
        {
            activity.SetStatus(ActivityStatusCode.Error);
        }
    }

    /// <summary>Starts a span that does not become the thread's current one: it ends on another thread.</summary>
    private static Activity? Start(string name, Activity? parent)
    {
        var current = Activity.Current;
        Activity.Current = parent;
        var started = s_source.StartActivity(name);
        Activity.Current = current;
        return started;
    }
}
