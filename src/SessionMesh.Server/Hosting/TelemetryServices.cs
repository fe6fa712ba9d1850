using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Http;
using SessionMesh.Server.Options;
using SessionMesh.Server.Telemetry;

namespace SessionMesh.Server.Hosting;

/// <summary>Exports metrics at <c>/metrics</c>, and metrics, traces and logs by OTLP if an endpoint is set.</summary>
internal static class TelemetryServices
{
    public static void AddMeshTelemetry(this WebApplicationBuilder builder)
    {
        var telemetry = builder.Services.AddOpenTelemetry().ConfigureResource(Describe).WithMetrics(metrics => metrics
            .AddMeter(MeshMetrics.MeterName)
            .AddPrometheusExporter(prometheus =>
            {
                // Each scrape is current, and about this mesh alone.
                prometheus.ScrapeResponseCacheDurationMilliseconds = 0;
                prometheus.ScopeInfoEnabled = false;
                prometheus.TargetInfoEnabled = false;
            }));

        // Meters are found by name in the whole process: another server in the same process has one of the same name.
        builder.Services.ConfigureOpenTelemetryMeterProvider((services, metrics) =>
        {
            var own = services.GetRequiredService<MeshMetrics>().Meter;
            metrics.AddView(instrument => instrument.Meter == own ? null : MetricStreamConfiguration.Drop);
        });
        if (builder.Configuration[Otlp.Endpoint] is not null)
        {
            telemetry.WithMetrics(metrics => metrics.AddOtlpExporter())
                .WithTracing(traces => traces.AddSource(MeshTraces.SourceName, MeshTraces.RequestSource).AddOtlpExporter())
                .WithLogging(logs => logs.AddOtlpExporter(), log => log.IncludeFormattedMessage = true);
        }
    }

    /// <summary>Names the spans of requests. Comes before all other middleware, and only if there is tracing.</summary>
    public static void UseMeshTraces(this WebApplication app)
    {
        if (app.Services.GetService<TracerProvider>() is not null)
        {
            app.Use(MeshTraces.NameRequest);
        }
    }

    /// <summary>
    /// <c>GET /metrics</c>. Its numbers cover the whole mesh, so a key that is limited to some agents may not read it.
    /// </summary>
    public static void MapMetrics(this WebApplication app)
    {
        var problems = app.Services.GetRequiredService<ProblemWriter>();
        var scrape = ((IEndpointRouteBuilder)app).CreateApplicationBuilder()
            .UseOpenTelemetryPrometheusScrapingEndpoint(
                app.Services.GetRequiredService<MeterProvider>(), _ => true, path: null, configureBranchedPipeline: null, optionsName: null)
            .Build();
        Task Get(HttpContext http) =>
            http.Features.Get<Key>()?.Reach is { } reach ? problems.WriteAsync(http, Outside(reach)) : scrape(http);

        object access = app.Services.GetRequiredService<ServerOptions>().MetricsAnonymous
            ? Anonymous.Instance
            : new RequiredScope(ScopeSet.MeshRead);
        app.MapGet(Routes.Metrics, Get).ExcludeFromDescription().WithMetadata(access);
    }

    private static MeshError Outside(Reach reach) =>
        new(ErrorKind.Forbidden, ErrorCodes.OutsideReach,
            $"The metrics are about the whole mesh, and this key is for those within {reach}. "
            + "Use a key with mesh:read that is not limited.");

    /// <summary>The resource of the telemetry. OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES override it.</summary>
    private static void Describe(ResourceBuilder resource) =>
        resource.Clear().AddService("session-mesh", serviceVersion: typeof(MeshServer).Assembly.GetName().Version?.ToString(3))
            .AddTelemetrySdk().AddEnvironmentVariableDetector();
}
