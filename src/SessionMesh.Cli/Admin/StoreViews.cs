using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Contracts.Admin;
using SessionMesh.Storage;

namespace SessionMesh.Cli.Admin;

/// <summary>What the admin commands share in what they show.</summary>
internal static class StoreViews
{
    public static string Progress(long done, long? of) =>
        of is { } whole ? $"{ByteSize.Of(done)} of {ByteSize.Of(whole)}" : ByteSize.Of(done);

    /// <summary>A check of a stopped mesh as a server's answer has it.</summary>
    public static CheckReport ReportOf(StoreFacts facts) => new()
    {
        Ok = facts.Findings.Count == 0,
        Findings = facts.Findings,
        Revision = facts.Revision,
        OldestRevision = facts.OldestRevision,
        Counts = CountsOf(facts),
        Bytes = facts.Bytes,
    };

    public static StoreCounts CountsOf(StoreFacts facts) => new()
    {
        Changes = facts.Changes,
        Agents = facts.Agents,
        Directives = facts.Directives,
        Keys = facts.Keys,
        Sessions = facts.Sessions,
        Receipts = facts.Receipts,
    };

    /// <summary>A store that cannot be worked on.</summary>
    public static CommandException Refused(Microsoft.Data.Sqlite.SqliteException e, string file) => e.SqliteErrorCode switch
    {
        13 => new(ExitCodes.Failed, $"{file} {StoreWords.Of(e)}", "free some room: it takes as much again as the store"),
        26 => new(
            ExitCodes.Failed,
            $"{file} {StoreWords.Of(e)}",
            "session-mesh admin restore FILE --data DIR, to put a backup in its place"),
        11 => new(
            ExitCodes.Failed,
            $"{file} {StoreWords.Of(e)}",
            "session-mesh admin check --data DIR, to see what is; session-mesh admin restore, to put a backup in its place"),
        _ => new(ExitCodes.Failed, $"{file} {StoreWords.Of(e)}"),
    };
}
