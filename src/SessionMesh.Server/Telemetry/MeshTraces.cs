using System.Diagnostics;
using Microsoft.AspNetCore.Http.Features;

namespace SessionMesh.Server.Telemetry;

/// <summary>
/// The spans: one per command, below that of its request, from when it is queued until it is durable or refused; and one per batch that
/// contains such a command, to which the commands link. Without a listener no span is made, and the check costs one field read.
/// </summary>
internal static class MeshTraces
{
    public const string SourceName = "SessionMesh";

    /// <summary>The web server's own source, which makes the spans of requests.</summary>
    public const string RequestSource = "Microsoft.AspNetCore";

    private static readonly ActivitySource s_source = new(SourceName);

    /// <summary>Starts the span of a queued command; null if nobody listens.</summary>
    public static Activity? Queue(object command) =>
        s_source.HasListeners() ? Start("command " + CommandName.Of(command), Activity.Current) : null;

    /// <summary>Starts the span of a batch. It is a root, because the requests in the batch have different roots.</summary>
    public static Activity? BeginBatch() => s_source.HasListeners() ? Start("batch", null) : null;

    /// <summary>Ends a span, on any thread.</summary>
    public static void End(Activity activity)
    {
        var current = Activity.Current;
        activity.Dispose();
        Activity.Current = current;
    }

    /// <summary>
    /// Names a request by its route and records nothing else of its address: paths contain ids, and secrets that people paste there.
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

    /// <summary>Starts a span without making it the thread's current one, because it ends on another thread.</summary>
    private static Activity? Start(string name, Activity? parent)
    {
        var current = Activity.Current;
        Activity.Current = parent;
        var started = s_source.StartActivity(name);
        Activity.Current = current;
        return started;
    }
}
