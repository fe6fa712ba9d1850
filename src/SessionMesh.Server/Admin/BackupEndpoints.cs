using System.Globalization;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Admin;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Server.Http;
using SessionMesh.Server.Store;
using SessionMesh.Storage;

namespace SessionMesh.Server.Admin;

/// <summary>
/// <c>POST /admin/backup</c>: the store at one revision, as a file. <c>POST /admin/check</c>: whether the store is sound.
/// </summary>
public sealed class BackupEndpoints(
    AdminCalls calls, StoreWork work, MeshStore store, DataDirectory directory, ProblemWriter problems)
{
    public const string RevisionHeader = "X-Mesh-Revision";
    public const string ContentType = "application/vnd.sqlite3";

    public Task Backup(HttpContext http) => AdminCalls.CheckIsFile(store) is { } elsewhere
        ? problems.WriteAsync(http, elsewhere)
        : WithTurnAsync(http, "backup", turn => CopyAsync(http, turn));

    private async Task CopyAsync(HttpContext http, StoreWork.Turn turn)
    {
        if (work.CheckRoom(directory.DatabaseBytes) is { } full)
        {
            await problems.WriteAsync(http, full);
            return;
        }

        var facts = await Task.Run(() =>
        {
            using var source = StoreFile.OpenReadOnly(directory.Database);
            return StoreCopy.Make(source, turn.File, http.RequestAborted);
        });
        if (facts.Findings.Count > 0)
        {
            var findings = string.Join("; ", facts.Findings);
            await problems.WriteAsync(http, new MeshError(ErrorKind.Internal, ErrorCodes.StoreDamaged,
                $"The copy is not whole, and was not sent: {findings}. Look with POST /api/session-mesh/admin/check."));
            return;
        }

        var response = http.Response;
        response.ContentType = ContentType;
        response.ContentLength = new FileInfo(turn.File).Length;
        response.Headers.CacheControl = "no-store";
        response.Headers.ContentDisposition = $"attachment; filename=\"session-mesh-{facts.Revision}.db\"";
        response.Headers[RevisionHeader] = facts.Revision.ToString(CultureInfo.InvariantCulture);
        await response.SendFileAsync(turn.File, http.RequestAborted);
    }

    public Task Check(HttpContext http) => WithTurnAsync(http, "check", async _ =>
    {
        var facts = await Task.Run(() => store.Check(http.RequestAborted));
        await Answers.WriteAsync(http, new CheckReport
        {
            Ok = facts.Findings.Count == 0,
            Findings = facts.Findings,
            Revision = facts.Revision,
            OldestRevision = facts.OldestRevision,
            Counts = CountsOf(facts),
            Bytes = facts.Bytes,
        }, MeshJson.Default.CheckReport);
    });

    internal static StoreCounts CountsOf(StoreFacts facts) => new()
    {
        Changes = facts.Changes,
        Agents = facts.Agents,
        Directives = facts.Directives,
        Keys = facts.Keys,
        Sessions = facts.Sessions,
        Receipts = facts.Receipts,
    };

    private async Task WithTurnAsync(HttpContext http, string operation, Func<StoreWork.Turn, Task> run)
    {
        if (!await calls.CheckAsync(http))
        {
            return;
        }

        using var turn = work.TryBegin();
        if (turn is null)
        {
            await problems.WriteAsync(http, StoreWork.InUse());
        }
        else if (await calls.NoteAsync(http, operation))
        {
            await calls.AnswerAsync(http, () => run(turn));
        }
    }
}
