using Microsoft.AspNetCore.Diagnostics;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Server.A2A;
using SessionMesh.Server.Admin;
using SessionMesh.Server.Agents;
using SessionMesh.Server.Audit;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Auth.Limiting;
using SessionMesh.Server.Dashboard;
using SessionMesh.Server.Discovery;
using SessionMesh.Server.Events;
using SessionMesh.Server.Hooks;
using SessionMesh.Server.Http;
using SessionMesh.Server.Links;
using SessionMesh.Server.Keys;
using SessionMesh.Server.Mcp;
using SessionMesh.Server.Nodes;
using SessionMesh.Server.OpenApi;
using SessionMesh.Server.Options;
using SessionMesh.Server.Registry;
using SessionMesh.Server.Sandbox;
using SessionMesh.Server.Sessions;
using SessionMesh.Server.Steering;
using SessionMesh.Server.Store.Postgres;

namespace SessionMesh.Server.Hosting;

/// <summary>Builds the server; tests and benchmarks build the same one.</summary>
public static class MeshServer
{
    /// <param name="configure">Changes services before the application is built, for tests.</param>
    /// <param name="before">The server before a restart in the same process: this one listens where it did, on the same directory.</param>
    /// <exception cref="StartupException">It cannot start; the message is for the person who started it.</exception>
    public static WebApplication Build(
        string[] args, Action<WebApplicationBuilder>? configure = null, ServerOptions? before = null)
    {
        var options = ServerOptions.Parse(args, Environment.GetEnvironmentVariable, TimeProvider.System);
        options = before is null ? options : options.After(before);

        // An empty builder: the others read settings files, ASPNETCORE_URLS, Kestrel__Endpoints__… and more, any of which could open
        // another address or turn off a check that the options promise.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { EnvironmentName = Environments.Production });
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => Listening.Configure(kestrel, options));
        builder.Services.AddRoutingCore();
        builder.Logging.AddSimpleConsole();
        // The filter holds even if the level is lowered: the host would log every URL as it came, with any key in it.
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning);
        // A start that fails throws, and Program says why in a line: what the host logs of it is the same with its stack.
        var hasStarted = false;
        builder.Logging.AddFilter(
            "Microsoft.Extensions.Hosting.Internal.Host",
            level => level >= (Volatile.Read(ref hasStarted) ? LogLevel.Warning : LogLevel.Critical));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        builder.Services.AddSessionMesh(options);
        if (options.HasDashboard)
        {
            builder.AddDashboard(options);
        }

        builder.Services.AddMeshOpenApi().AddMcp();
        if (options.Sandbox is not null)
        {
            builder.Services.AddSandbox(options);
        }

        Otlp.Read(builder.Configuration, Environment.GetEnvironmentVariable);
        configure?.Invoke(builder);
        builder.AddMeshTelemetry();

        var app = builder.Build();
        app.Lifetime.ApplicationStarted.Register(() => Volatile.Write(ref hasStarted, true));
        try
        {
            app.UseMeshTraces();
            app.UseSessionMesh();
            app.MapSessionMesh();
            return app;
        }
        catch
        {
            ((IDisposable)app).Dispose(); // unlocks the data directory
            throw;
        }
    }

    /// <summary>Maps every route; each feature maps its own.</summary>
    private static void MapSessionMesh(this WebApplication app)
    {
        app.MapFrontPage(app.HasDashboard() ? DashboardHosting.WritePageAsync : null);
        app.MapHealth();
        app.MapDiscovery();
        app.MapAgents();
        app.MapRegistry();
        app.MapLinks();
        app.MapSteering();
        app.MapSessions();
        app.MapKeys();
        app.MapHooks();
        app.MapA2A();
        app.MapEvents();
        app.MapAudit();
        app.MapAdmin();
        app.MapNodes();
        app.MapMeshOpenApi();
        if (app.HasDashboard())
        {
            app.MapDashboard();
        }

        app.MapMetrics();
        app.MapMcp(calls =>
        {
            if (app.IsSandbox())
            {
                calls.UseSandbox();
            }
        });
        if (app.IsSandbox())
        {
            app.MapSandbox();
        }
    }

    private static bool HasDashboard(this WebApplication app) => app.Services.GetRequiredService<ServerOptions>().HasDashboard;

    private static bool IsSandbox(this WebApplication app) => app.Services.GetRequiredService<ServerOptions>().Sandbox is not null;

    private static void UseSessionMesh(this WebApplication app)
    {
        var problems = app.Services.GetRequiredService<ProblemWriter>();
        var refusals = app.Services.GetRequiredService<RefusalLog>();
        problems.OnForbidden = (http, error) => refusals.Record(http, error);
        if (app.HasDashboard())
        {
            app.Use(app.Services.GetRequiredService<OwnPipeline>().Take);
        }

        app.Use((http, next) =>
        {
            ProtectiveHeaders.Set(http);
            return next(http);
        });
        app.UseExceptionHandler(handler => handler.Run(http =>
        {
            ProtectiveHeaders.Set(http); // the exception handler cleared the headers
            return problems.WriteAsync(http, Unexpected(http));
        }));
        app.UseMiddleware<HostGuard>();
        app.UseMiddleware<OriginGuard>();
        app.UseStatusCodePages(context => problems.WriteAsync(context.HttpContext, NoSuchRoute(context.HttpContext)));
        app.UseRouting();
        app.UseMiddleware<DatabaseGuard>();
        app.UseMiddleware<Confirming>();
        app.UseMiddleware<KeyAuthentication>();
        app.UseMiddleware<HeldAnswers>();
        app.UseMiddleware<MinRevision>();
        if (app.IsSandbox())
        {
            app.UseSandbox();
        }
    }

    private static MeshError Unexpected(HttpContext http) =>
        http.Features.Get<IExceptionHandlerFeature>()?.Error is BadHttpRequestException bad
            ? new HttpError(bad.StatusCode, ErrorCodes.InvalidRequest, "The request could not be read.")
            : PostgresWords.IsAway(http.Features.Get<IExceptionHandlerFeature>()?.Error)
            ? new MeshError(ErrorKind.Unavailable, ErrorCodes.Busy, "The database does not answer. Try again.") { RetryAfter = 1 }
            : new MeshError(ErrorKind.Internal, ErrorCodes.Internal, "The server failed on this request. Its log has the request id.");

    private static MeshError NoSuchRoute(HttpContext http) => http.Response.StatusCode switch
    {
        404 => new MeshError(ErrorKind.NotFound, ErrorCodes.NotFound,
            $"There is nothing at this path. The API is under {Routes.Prefix}; {Routes.Swagger} shows all of it."),
        405 => new HttpError(405, ErrorCodes.MethodNotAllowed,
            $"{http.Request.Method} is not possible here. Possible: {http.Response.Headers.Allow}."),
        var status => new HttpError(status, ErrorCodes.InvalidRequest, "The request was refused."),
    };
}
