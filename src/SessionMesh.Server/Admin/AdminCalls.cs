using Microsoft.Data.Sqlite;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Core.Audit;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Store;
using SessionMesh.Storage;
using SQLitePCL;

namespace SessionMesh.Server.Admin;

/// <summary>
/// The steps that the calls under <c>/admin</c> share: each call is in the log before it begins, and takes no query and no body but those
/// it names.
/// </summary>
public sealed class AdminCalls(MeshEngine engine, ProblemWriter problems)
{
    /// <summary>Logs the call; if the engine refuses that, writes the error and returns false.</summary>
    public async Task<bool> NoteAsync(HttpContext http, string operation)
    {
        var noted = await engine.ExecuteAsync(new NoteAdmin { Actor = http.GetKey().Id, Operation = operation }, http.StampOrigin());
        if (!noted.Succeeded)
        {
            await problems.WriteAsync(http, noted.Error);
        }

        return noted.Succeeded;
    }

    /// <summary>Checks the query and the headers; on an error, writes it and returns false.</summary>
    public async Task<bool> CheckAsync(HttpContext http)
    {
        var check = new Check();
        Query.Read(http, ref check);
        if ((check.Error ?? IdempotencyHeader.Check(http)) is not { } error)
        {
            return true;
        }

        await problems.WriteAsync(http, error);
        return false;
    }

    /// <summary>
    /// Does the work of a call. An error of the store or the disk becomes a problem document; a caller that went away is no error.
    /// </summary>
    public async Task AnswerAsync(HttpContext http, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // Nobody reads the answer.
        }
        catch (SqliteException e) when (!http.Response.HasStarted)
        {
            await problems.WriteAsync(http, e.SqliteErrorCode switch
            {
                raw.SQLITE_FULL => DiskFull(),
                raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => new MeshError(ErrorKind.Internal, ErrorCodes.StoreDamaged,
                    $"The store {StoreWords.Of(e)}. Look with POST /api/session-mesh/admin/check, and restore a backup."),
                _ => new MeshError(ErrorKind.Unavailable, ErrorCodes.CommitFailed,
                    "The server could not do this to its store. Try again.") { RetryAfter = 1 },
            });
        }
        catch (IOException e) when (!http.Response.HasStarted && e is not BadHttpRequestException && IsFull(e))
        {
            await problems.WriteAsync(http, DiskFull());
        }
    }

    /// <summary>The error of a call that takes the store as a file, where it is none; else null.</summary>
    internal static MeshError? CheckIsFile(MeshStore store) => store.IsFile
        ? null
        : new MeshError(ErrorKind.Conflict, ErrorCodes.NotInThisStore,
            "This mesh is in PostgreSQL, which backs up and restores itself: with pg_dump and pg_restore, or with a standby. "
            + "docs/postgres.md says how.");

    private static MeshError DiskFull() =>
        new(ErrorKind.DiskFull, ErrorCodes.DiskFull,
            "The server's disk has no room for this: it takes as much again as the store. Nothing was changed; free some and try again.");

    /// <summary>ENOSPC, EDQUOT.</summary>
    private static bool IsFull(IOException e) => (e.HResult & 0xffff) is 28 or 122;
}
