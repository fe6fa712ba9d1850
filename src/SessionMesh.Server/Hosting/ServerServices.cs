using SessionMesh.Core.State;
using SessionMesh.Server.A2A;
using SessionMesh.Server.Admin;
using SessionMesh.Server.Agents;
using SessionMesh.Server.Audit;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Auth.Limiting;
using SessionMesh.Server.Discovery;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Events;
using SessionMesh.Server.Hooks;
using SessionMesh.Server.Http;
using SessionMesh.Server.Links;
using SessionMesh.Server.Keys;
using SessionMesh.Server.Nodes;
using SessionMesh.Server.Options;
using SessionMesh.Server.Push;
using SessionMesh.Server.Registry;
using SessionMesh.Server.Sessions;
using SessionMesh.Server.Steering;
using SessionMesh.Server.Store;
using SessionMesh.Server.Store.Postgres;
using SessionMesh.Server.Store.Sqlite;
using SessionMesh.Server.Streams;
using SessionMesh.Server.Telemetry;

namespace SessionMesh.Server.Hosting;

/// <summary>Registers every service.</summary>
public static class ServerServices
{
    public static IServiceCollection AddSessionMesh(this IServiceCollection services, ServerOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(_ => DataDirectory.Open(
            options.Data, options.RootKeyFile, options.Postgres is null ? null : options.NodeId));
        services.AddStore(options);
        services.AddSingleton(s => new MeshClock(s.GetService<TimeProvider>() ?? MachineTime.Instance));
        services.AddSingleton(s => new DiskReserve(s.GetRequiredService<DataDirectory>().Path, s.GetRequiredService<MeshClock>().Time));
        services.AddSingleton(LoadState);
        services.AddMetrics();
        services.AddSingleton<MeshMetrics>();
        services.AddSingleton(s => new LastHour(s.GetRequiredService<MeshClock>().Time, s.GetRequiredService<MeshState>()));
        services.AddSingleton<Subscriptions>();
        services.AddSingleton<ChangeFeed>();
        services.AddSingleton<Publisher>();
        services.AddSingleton<MeshEngine>();
        services.AddSingleton<LeaseKeeper>();
        services.AddSingleton<Shutdown>();

        services.AddSingleton(new AllowedHosts(options.Addresses, options.AllowedHosts));
        services.AddSingleton(new AllowedOrigins(options.AllowedOrigins));
        services.AddSingleton<Limiter>();
        services.AddSingleton<ProblemWriter>();
        services.AddSingleton<Mutations>();
        services.AddSingleton<LogTimes>();
        services.AddSingleton<LogStream>();

        services.AddDiscovery();
        services.AddAgents();
        services.AddRegistry();
        services.AddLinks();
        services.AddSteering();
        services.AddSessions();
        services.AddKeys();
        services.AddHooks();
        services.AddA2A();
        services.AddEvents();
        services.AddAudit();
        services.AddAdmin();
        services.AddNodes();
        return services.AddRunning(options);
    }

    private static void AddStore(this IServiceCollection services, ServerOptions options)
    {
        if (options.Postgres is { } postgres)
        {
            services.AddSingleton(_ => PostgresStore.Open(postgres, options.NodeId, options.IsAlone));
            services.AddSingleton<MeshStore>(s => s.GetRequiredService<PostgresStore>());
            services.AddSingleton<IMeshLog, PostgresLog>();
            services.AddSingleton(s => s.GetRequiredService<PostgresStore>().Nodes);
            return;
        }

        services.AddSingleton(s => SqliteStore.Open(s.GetRequiredService<DataDirectory>().Database));
        services.AddSingleton<MeshStore>(s => s.GetRequiredService<SqliteStore>());
        services.AddSingleton<IMeshLog, SqliteLog>();
    }

    /// <summary>
    /// The hosted services, in the order of their start. All of them start before the web host, which is added last, and stop after it, in
    /// reverse order: the engine stops last, when every queued command is answered.
    /// </summary>
    private static IServiceCollection AddRunning(this IServiceCollection services, ServerOptions options)
    {
        services.AddHostedService(s => s.GetRequiredService<MeshEngine>());
        if (options.Postgres is not null)
        {
            services.AddRunningNode();
        }

        services.AddHostedService<RootKeyStart>();
        services.AddHostedService<MeshGauges>();
        services.AddHostedService(s => s.GetRequiredService<LeaseKeeper>());
        services.AddHostedService(s => s.GetRequiredService<Compactor>());
        services.AddHostedService(s => s.GetRequiredService<Shutdown>());
        return services;
    }

    private static MeshState LoadState(IServiceProvider services)
    {
        var state = new MeshState();
        var clock = services.GetRequiredService<MeshClock>();
        var isRestored = services.GetRequiredService<DataDirectory>().SetAside is not null;
        var accept = services.GetRequiredService<ServerOptions>().AcceptClock;
        var store = services.GetRequiredService<MeshStore>();
        if (store is PostgresStore postgres)
        {
            var began = clock.Time.GetTimestamp();
            clock.Follow(postgres.ReadClock(), clock.Time.GetElapsedTime(began));
        }

        store.Load(state, newest =>
        {
            if (!accept)
            {
                StartClock.Check(clock.Wall, newest, isRestored);
            }

            return clock.NotBefore(newest);
        });
        return state;
    }
}
