using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Sandbox;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Engine;
using SessionMesh.Server.OpenApi;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Sandbox;

/// <summary>What <c>--sandbox</c> adds. Without it none of this is there.</summary>
internal static class SandboxRoutes
{
    private const string Tag = "Sandbox";

    private static readonly RequiredScope s_admin = new(ScopeSet.Admin);

    /// <summary>Call it after the server's own services: it puts another clock and another directory in their place.</summary>
    public static IServiceCollection AddSandbox(this IServiceCollection services, ServerOptions options) => services
        .AddSingleton(_ => DataDirectory.OpenThrowaway(options.Data, options.Sandbox!))
        .AddSingleton(s => new SandboxTime(s.GetService<TimeProvider>() ?? MachineTime.Instance))
        .AddSingleton(s => new MeshClock(s.GetRequiredService<SandboxTime>()))
        .AddSingleton<SandboxClock>()
        .AddSingleton<FaultTargets>()
        .AddSingleton<Faults>()
        .AddSingleton<SandboxEndpoints>()
        // A write is over when the socket has the bytes: a connection that is cut after an event has sent it.
        .Configure<SocketTransportOptions>(socket => socket.MaxWriteBufferSize = 1);

    /// <summary>Call it last in the pipeline.</summary>
    public static void UseSandbox(this IApplicationBuilder app) => app.UseMiddleware<FaultMiddleware>();

    /// <summary>Call it when all else is mapped.</summary>
    /// <exception cref="StartupException">The file of faults is not understood.</exception>
    public static void MapSandbox(this WebApplication app)
    {
        var sandbox = app.Services.GetRequiredService<SandboxEndpoints>();
        app.MapPost(Routes.SandboxFaults, sandbox.SetFault)
            .Describe(sandbox.SetFault, "setFault", Tag, s_admin, "Make requests to an endpoint fail",
                "One effect: `status`, `cut`, `drop_after` or `malformed`; a `delay` before it, or alone. Of several faults that meet a "
                + "request, the first that strikes acts.")
            .Takes<FaultRequest>().Answers<Fault>(201, 409).Mutates();
        app.MapGet(Routes.SandboxFaults, sandbox.ListFaults)
            .Describe(sandbox.ListFaults, "listFaults", Tag, s_admin, "Which faults are set, and how often each struck")
            .Answers<FaultList>();
        app.MapDelete(Routes.SandboxFaults, sandbox.ClearFaults)
            .Describe(sandbox.ClearFaults, "clearFaults", Tag, s_admin, "Let everything work again")
            .Answers<ClearedFaults>().Mutates();
        app.MapPost(Routes.SandboxAdvance, sandbox.Advance)
            .Describe(sandbox.Advance, "advance", Tag, s_admin, "Move the clock",
                "Answers when all that became due is done: leases that lapsed, periods of grace that ran out, keys and sessions that "
                + "expired.")
            .Takes<AdvanceRequest>().Answers<Advanced>().Mutates();

        app.Services.GetRequiredService<FaultTargets>().Learn(((IEndpointRouteBuilder)app).DataSources);
        if (app.Services.GetRequiredService<ServerOptions>().Sandbox!.FaultFile is { } file)
        {
            FaultFileReader.Set(file, app.Services.GetRequiredService<Faults>());
        }
    }
}
