using Microsoft.Data.Sqlite;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Core.Audit;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SQLitePCL;

namespace SessionMesh.Server.Admin;

/// <summary>
/// What the calls under <c>/admin</c> share: each is in the log before it begins, and takes no query and no body but those it names.
/// </summary>
public sealed class AdminCalls(MeshEngine engine, ProblemWriter problems)
{
    /// <summary>Writes into the log that this call was made; false if the caller has been refused, and told so.</summary>
    public async Task<bool> NoteAsync(HttpContext http, string operation)
    {
        var noted = await engine.ExecuteAsync(new NoteAdmin { Actor = http.GetKey().Id, Operation = operation }, http.StampOrigin());
        if (!noted.Succeeded)
        {
            await problems.WriteAsync(http, noted.Error);
        }

        return noted.Succeeded;
    }

    /// <summary>Whether the call has the right form; if not, the caller has been told.</summary>
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
    /// Does the work of a call; a store or a disk that refuses is a problem document, and a caller who left is nobody's problem.
    /// </summary>
    public async Task AnswerAsync(HttpContext http, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // Nobody reads an answer.
        }
        catch (SqliteException e) when (!http.Response.HasStarted)
        {
            await problems.WriteAsync(http, e.SqliteErrorCode switch
            {
                raw.SQLITE_FULL => DiskFull(),
                raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => new MeshError(ErrorKind.Internal, ErrorCodes.StoreDamaged,
                    $"The store is damaged: {e.Message} Look with POST /api/session-mesh/admin/check, and restore a backup."),
                _ => new MeshError(ErrorKind.Unavailable, ErrorCodes.CommitFailed,
                    "The server could not do this to its store. Try again.") { RetryAfter = 1 },
            });
        }
        catch (IOException e) when (!http.Response.HasStarted && e is not BadHttpRequestException && IsFull(e))
        {
            await problems.WriteAsync(http, DiskFull());
        }
    }

    private static MeshError DiskFull() =>
        new(ErrorKind.DiskFull, ErrorCodes.DiskFull,
            "The server's disk has no room for this: it takes as much again as the store. Nothing was changed; free some and try again.");

    /// <summary>ENOSPC, EDQUOT.</summary>
    private static bool IsFull(IOException e) => (e.HResult & 0xffff) is 28 or 122;
}
