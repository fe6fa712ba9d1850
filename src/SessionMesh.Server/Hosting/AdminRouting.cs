using SessionMesh.Contracts;
using SessionMesh.Contracts.Admin;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Keys;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Admin;
using SessionMesh.Server.Auth;
using SessionMesh.Server.OpenApi;

namespace SessionMesh.Server.Hosting;

/// <summary>
/// The routes that touch the store as a whole. All need <c>admin</c>. Each may be called again as it is, so that an <c>Idempotency-Key</c> is taken and
/// adds nothing: the call is done anew. All but <c>new-root</c>, which shows a secret.
/// </summary>
internal static class AdminRouting
{
    private const string Tag = "Admin";

    private static readonly RequiredScope s_admin = new(ScopeSet.Admin);

    public static void MapAdmin(this WebApplication app)
    {
        var compact = app.Services.GetRequiredService<CompactEndpoints>();
        var backup = app.Services.GetRequiredService<BackupEndpoints>();
        var newRoot = app.Services.GetRequiredService<NewRootEndpoint>();
        var restore = app.Services.GetRequiredService<RestoreEndpoints>();

        app.MapPost(Routes.AdminCompact, compact.Run).Describe(compact.Run, "compact", Tag, s_admin, "Remove now what is older than is kept",
            "In small steps between other calls, to the end; or waits for the pass that runs already. Answers what was removed. A call that is given up does not stop it.")
            .Produces<CompactionReport>().Mutates();
        app.MapGet(Routes.AdminCompact, compact.Get).Describe(compact.Get, "getCompaction", Tag, s_admin, "How far the compaction is", "The pass that runs, or the last one since the server started.")
            .Produces<CompactionReport>();
        app.MapPost(Routes.AdminBackup, backup.Backup).Describe(backup.Backup, "backup", Tag, s_admin, "The whole store as a file",
            $"As it is at one revision (`{BackupEndpoints.RevisionHeader}`), while writing goes on; checked before it is sent. It holds the hashes of keys, and no key. One at a time.")
            .Produces(200).Refuses(409, 500).Mutates().WithMetadata(new FileBody(BackupEndpoints.ContentType, IsAnswer: true));
        app.MapPost(Routes.AdminRestore, restore.Restore).Describe(restore.Restore, "restore", Tag, s_admin, "Restart with a backup in the place of the store",
            $"The body is the file that a backup made, {Limits.RestoreBytes >> 30} GiB at most. It is checked, staged, and the server restarts with it; the present store is kept. Afterwards revisions may be lower, and only keys that were valid in the backup are.")
            .WithQuery("dry_run", "Only look whether it can be restored.").Produces<RestoreReport>().Produces<RestoreReport>(202).Refuses(409).Mutates().WithMetadata(new FileBody(BackupEndpoints.ContentType, IsAnswer: false));
        app.MapPost(Routes.AdminCheck, backup.Check).Describe(backup.Check, "checkStore", Tag, s_admin, "Look whether the store is whole",
            "The file, the log, and the tables against each other, as they are at one revision. It takes about as long as reading the file.")
            .Produces<CheckReport>().Refuses(409).Mutates();
        app.MapPost(Routes.AdminNewRoot, newRoot.Replace).Describe(newRoot.Replace, "newRoot", Tag, s_admin, "Replace the root key",
            "Revokes the root key and every key below it, that of the caller included, or with `keep_children` the root key alone, whose successor "
            + "the others are below then. The new secret is in `root.key` of the data directory, and shown here this once.")
            .Takes<NewRootRequest>(optional: true).Produces<NewRootKey>(201).Refuses(409).Mutates();
    }

    private static RouteHandlerBuilder Refuses(this RouteHandlerBuilder route, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
        {
            route.Produces<Problem>(status, Problem.ContentType);
        }

        return route;
    }
}
