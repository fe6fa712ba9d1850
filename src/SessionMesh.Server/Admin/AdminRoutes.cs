using SessionMesh.Contracts;
using SessionMesh.Contracts.Admin;
using SessionMesh.Contracts.Keys;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.OpenApi;

namespace SessionMesh.Server.Admin;

/// <summary>
/// Health, the status, and the routes for the store as a whole, which need <c>admin</c>. Each of these may be repeated: an
/// <c>Idempotency-Key</c> is accepted but makes no difference, and the call runs again. The exception is <c>new-root</c>, which returns a
/// secret.
/// </summary>
internal static class AdminRoutes
{
    private const string Tag = "Admin";

    private static readonly RequiredScope s_admin = new(ScopeSet.Admin);

    public static IServiceCollection AddAdmin(this IServiceCollection services) => services
        .AddSingleton<Compactor>()
        .AddSingleton<HealthEndpoints>()
        .AddSingleton<StatusEndpoint>()
        .AddSingleton<StoreWork>()
        .AddSingleton<Restart>()
        .AddSingleton<AdminCalls>()
        .AddSingleton<CompactEndpoints>()
        .AddSingleton<BackupEndpoints>()
        .AddSingleton<RestoreEndpoints>()
        .AddSingleton<NewRootEndpoint>();

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes.ServiceProvider.GetRequiredService<HealthEndpoints>();
        routes.MapGet(Routes.Livez, HealthEndpoints.Live).WithMetadata(Anonymous.Instance).ExcludeFromDescription();
        routes.MapGet(Routes.Readyz, health.Ready).WithMetadata(Anonymous.Instance).ExcludeFromDescription();
    }

    public static void MapAdmin(this IEndpointRouteBuilder routes)
    {
        var compact = routes.ServiceProvider.GetRequiredService<CompactEndpoints>();
        var backup = routes.ServiceProvider.GetRequiredService<BackupEndpoints>();
        var newRoot = routes.ServiceProvider.GetRequiredService<NewRootEndpoint>();
        var restore = routes.ServiceProvider.GetRequiredService<RestoreEndpoints>();
        var status = routes.ServiceProvider.GetRequiredService<StatusEndpoint>();

        routes.MapGet(Routes.Status, status.Get)
            .Describe(status.Get, "getStatus", Tag, RequiredScope.AnyKey, "Which server this is, and how it stands",
                "How many agents there are is for a key with `mesh:read` that is not limited to some; else `agents` is null.")
            .WithFlag("hour", "Adds `hour`: what happened in each of the last sixty minutes.")
            .Answers<ServerStatus>();
        routes.MapPost(Routes.AdminCompact, compact.Run)
            .Describe(compact.Run, "compact", Tag, s_admin, "Remove now what is older than is kept",
                "In small steps between other calls, to the end; or waits for the pass that runs already. Answers what was removed. "
                + "A call that is given up does not stop it.")
            .Produces<CompactionReport>().Mutates();
        routes.MapGet(Routes.AdminCompact, compact.Get)
            .Describe(compact.Get, "getCompaction", Tag, s_admin, "How far the compaction is",
                "The pass that runs, or the last one since the server started.")
            .Produces<CompactionReport>();
        routes.MapPost(Routes.AdminBackup, backup.Backup)
            .Describe(backup.Backup, "backup", Tag, s_admin, "The whole store as a file",
                $"As it is at one revision (`{BackupEndpoints.RevisionHeader}`), while writing goes on; checked before it is sent. "
                + "It holds the hashes of keys, and no key. One at a time.")
            .Produces(200).Refuses(409, 500).Mutates().WithMetadata(new FileBody(BackupEndpoints.ContentType, IsAnswer: true));
        routes.MapPost(Routes.AdminRestore, restore.Restore)
            .Describe(restore.Restore, "restore", Tag, s_admin, "Restart with a backup in the place of the store",
                $"The body is the file that a backup made, {Limits.RestoreBytes >> 30} GiB at most. It is checked, staged, and the server "
                + "restarts with it; the present store is kept. Afterwards revisions may be lower, and only keys that were valid in the "
                + "backup are.")
            .WithFlag("dry_run", "Only look whether it can be restored.")
            .Produces<RestoreReport>().Produces<RestoreReport>(202).Refuses(409).Mutates()
            .WithMetadata(new FileBody(BackupEndpoints.ContentType, IsAnswer: false));
        routes.MapPost(Routes.AdminCheck, backup.Check)
            .Describe(backup.Check, "checkStore", Tag, s_admin, "Look whether the store is whole",
                "The file, the log, and the tables against each other, as they are at one revision. It takes about as long as reading the "
                + "file.")
            .Produces<CheckReport>().Refuses(409).Mutates();
        routes.MapPost(Routes.AdminNewRoot, newRoot.Replace)
            .Describe(newRoot.Replace, "newRoot", Tag, s_admin, "Replace the root key",
                "Revokes the root key and every key below it, that of the caller included, or with `keep_children` the root key alone, "
                + "whose successor the others are below then. The new secret is in `root.key` of the data directory, "
                + "and shown here this once.")
            .Takes<NewRootRequest>(optional: true).Produces<NewRootKey>(201).Refuses(409).Mutates();
    }
}
