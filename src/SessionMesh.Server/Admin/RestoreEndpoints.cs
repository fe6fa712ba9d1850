using Microsoft.AspNetCore.Http.Features;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Admin;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Store;
using SessionMesh.Server.Store.Sqlite;
using SessionMesh.Storage;

namespace SessionMesh.Server.Admin;

/// <summary>
/// <c>POST /admin/restore</c>: receives a backup, checks it, and restarts the server with it. The answer is sent once the file is staged
/// and synced: from then on the next start uses it, even after a crash.
/// </summary>
public sealed class RestoreEndpoints(
    AdminCalls calls, StoreWork work, MeshEngine engine, MeshStore store, DataDirectory directory, Restart restart,
    ProblemWriter problems)
{
    /// <summary>Bytes received between two looks at the room on the disk: an eighth of what is to spare.</summary>
    private const long BetweenLooks = 8 << 20;

    public async Task Restore(HttpContext http)
    {
        var check = new Check();
        var dryRun = Query.Read(http, ref check, "dry_run").Flag("dry_run", ref check);
        var refused = check.Error ?? IdempotencyHeader.Check(http) ?? CheckSize(http) ?? AdminCalls.CheckIsFile(store) ?? CheckPending();
        if ((refused ?? work.CheckRoom(http.Request.ContentLength ?? 0)) is { } error)
        {
            await problems.WriteAsync(http, error);
            return;
        }

        using var turn = work.TryBegin();
        if (turn is null)
        {
            await problems.WriteAsync(http, StoreWork.InUse());
        }
        else
        {
            await calls.AnswerAsync(http, () => RestoreAsync(http, turn.File, dryRun));
        }
    }

    private async Task RestoreAsync(HttpContext http, string file, bool dryRun)
    {
        if (await ReceiveAsync(http, file) is { } error)
        {
            await problems.WriteAsync(http, error);
            return;
        }

        var (facts, rootKeyValid) = await Task.Run(() => StoreSwap.Inspect(file, ((SqliteStore)store).KnownMigrations, RootKey()));
        if (facts.Findings.Count > 0)
        {
            var findings = string.Join("; ", facts.Findings);
            await problems.WriteAsync(http, new MeshError(ErrorKind.Invalid, ErrorCodes.NotABackup,
                $"This cannot be restored: {findings}. Send the whole of a file that a backup made. Nothing was changed."));
            return;
        }

        if (CheckPending() is { } pending)
        {
            await problems.WriteAsync(http, pending);
            return;
        }

        if (!await calls.NoteAsync(http, "restore"))
        {
            return;
        }

        if (!dryRun)
        {
            StoreSwap.Stage(file, directory.Path);
            http.Response.Headers.Connection = "close";
            http.Response.OnCompleted(() =>
            {
                restart.Ask();
                return Task.CompletedTask;
            });
        }

        var report = ReportOf(facts, rootKeyValid, dryRun);
        var status = dryRun ? StatusCodes.Status200OK : StatusCodes.Status202Accepted;
        await Answers.WriteAsync(http, Answers.Of(status, report, MeshJson.Default.RestoreReport));
    }

    private RestoreReport ReportOf(StoreFacts facts, bool rootKeyValid, bool dryRun) => new()
    {
        Restarting = !dryRun,
        Revision = facts.Revision,
        CurrentRevision = engine.State.Revision,
        Counts = BackupEndpoints.CountsOf(facts),
        RootKeyValid = rootKeyValid,
        Detail = (dryRun
            ? "It can be restored. Nothing was changed."
            : "The server restarts with it now. The present store is kept in the data directory as "
                + $"{StoreFile.Name}.before-restore-REVISION, with all that is written until it stops.")
            + (rootKeyValid ? "" : " The key in root.key is not valid there: only keys from the time of the backup open it."),
    };

    /// <summary>Writes the body to the file and syncs it. The disk may fill up meanwhile, or the body be of no stated length.</summary>
    private async Task<MeshError?> ReceiveAsync(HttpContext http, string file)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = Limits.RestoreBytes;
        }

        try
        {
            await using var stream = StoreFile.CreatePrivate(file);
            for (long next = 0; ;)
            {
                var read = await http.Request.BodyReader.ReadAsync(http.RequestAborted);
                foreach (var piece in read.Buffer)
                {
                    await stream.WriteAsync(piece, http.RequestAborted);
                }

                http.Request.BodyReader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }

                if (stream.Length >= next)
                {
                    next = stream.Length + BetweenLooks;
                    if (work.CheckRoom(0) is { } full)
                    {
                        return full;
                    }
                }
            }

            stream.Flush(flushToDisk: true);
            return stream.Length > 0 ? null : new MeshError(ErrorKind.Invalid, ErrorCodes.NotABackup,
                "The body is empty. Send the file that a backup made.");
        }
        catch (BadHttpRequestException e)
        {
            return e.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? TooLarge()
                : new MeshError(ErrorKind.Invalid, ErrorCodes.NotABackup,
                    "The body could not be read to its end. Nothing was changed; send it again.");
        }
    }

    private string? RootKey() => File.Exists(directory.RootKeyFile) ? File.ReadAllText(directory.RootKeyFile).Trim() : null;

    private MeshError? CheckPending() => StoreSwap.IsStaged(directory.Path)
        ? new MeshError(ErrorKind.Conflict, ErrorCodes.RestorePending,
            "Another store is staged already, and the next start takes it. Restart the server first.")
        : null;

    private static MeshError? CheckSize(HttpContext http) => http.Request.ContentLength > Limits.RestoreBytes ? TooLarge() : null;

    private static MeshError TooLarge() =>
        new(ErrorKind.TooLarge, ErrorCodes.BodyTooLarge,
            $"A store has at most {Limits.RestoreBytes >> 30} GiB here. Stop the server and restore "
            + "with session-mesh admin restore --data DIR.");
}
