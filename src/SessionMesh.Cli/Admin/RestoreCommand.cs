using System.CommandLine;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Client.Admin;
using SessionMesh.Contracts.Admin;
using SessionMesh.Storage;

namespace SessionMesh.Cli.Admin;

/// <summary><c>admin restore</c>: replaces the store with a backup. The previous store is kept in the data directory.</summary>
internal sealed class RestoreCommand : MeshCommand
{
    private static readonly View s_view =
        View.Single("revision", ["revision", "current_revision", "restarting", "root_key_valid", "detail"]);

    private readonly Argument<string?> _file = new("file") { Description = "What admin backup wrote", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<bool> _yes = new("--yes", "-y") { Description = "Do not ask" };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Only look whether it can be restored" };
    private readonly Option<string?> _data = StoppedMesh.Option();

    public RestoreCommand(CliHost host) : base(host, "restore", "Replace the store with a backup; the server restarts with it.")
    {
        Add(_file);
        Add(_yes);
        Add(_dryRun);
        Add(_data);
        Prints(s_view, json => json.RestoreReport);
        Examples = ["session-mesh admin restore mesh-monday.db --yes", "session-mesh admin restore mesh-monday.db --dry-run"];
        ExitNotes =
        [
            "2  the file is not a backup; or no terminal to ask on, and no --yes",
            "5  a server holds the directory that --data names",
        ];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "restore the mesh";
        var file = Path.GetFullPath(
            context.Get(_file) ?? throw CommandException.Usage("no file is named", "session-mesh admin restore FILE"));
        if (!File.Exists(file))
        {
            throw CommandException.Usage(
                $"{file} is {(Directory.Exists(file) ? "a directory" : "not there")}", "the file that session-mesh admin backup wrote");
        }

        var (data, dryRun) = (context.Get(_data), context.Get(_dryRun));
        var target = data is null ? $"the mesh at {context.Settings.Url}" : $"the mesh in {data}";
        if (!dryRun && !context.Get(_yes) && !context.Confirm(Question(file, target)))
        {
            context.Note("nothing was restored");
            return ExitCodes.Failed;
        }

        var answer = data is null
            ? await SendAsync(context, file, dryRun, cancellation)
            : await PutInPlaceAsync(context, data, file, dryRun, cancellation);
        context.Output.Write(answer, s_view);
        if (!dryRun && data is null)
        {
            context.Note("the server restarts; session-mesh admin check says how it is then");
        }

        return ExitCodes.Done;
    }

    private static string Question(string file, string target) =>
        $"Replace {target} with {file}? Everything done since that backup is gone from it; "
        + "the present store is kept in the data directory.";

    private static async Task<JsonElement> SendAsync(CommandContext context, string file, bool dryRun, CancellationToken cancellation)
    {
        var status = "sending";
        using var progress = context.ShowProgress(() => Volatile.Read(ref status));
        await using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read);
        var transfer = new StoreTransfer(context.Client, (done, of) =>
            Volatile.Write(ref status, done == of ? "the server looks at what was sent" : StoreViews.Progress(done, of)));
        return await transfer.RestoreAsync(source, dryRun, cancellation);
    }

    private static async Task<JsonElement> PutInPlaceAsync(
        CommandContext context, string data, string file, bool dryRun, CancellationToken cancellation)
    {
        var status = "copying the backup";
        using var progress = context.ShowProgress(() => Volatile.Read(ref status));
        return await Task.Run(
            () => PutInPlace(data, file, dryRun, copied: () => Volatile.Write(ref status, "looking at the copy"), cancellation),
            CancellationToken.None);
    }

    private static JsonElement PutInPlace(string data, string file, bool dryRun, Action copied, CancellationToken cancellation)
    {
        using var mesh = StoppedMesh.Open(data, needsStore: false);
        var draft = mesh.Scratch("restore.db");
        try
        {
            using (var target = StoreFile.CreatePrivate(draft))
            using (var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read))
            {
                source.CopyTo(target);
                target.Flush(flushToDisk: true);
            }

            copied();
            cancellation.ThrowIfCancellationRequested();
            var (current, known) = Present(mesh);
            var (facts, rootKeyValid) = StoreSwap.Inspect(draft, known, mesh.RootKey);
            if (facts.Findings.Count > 0)
            {
                throw CommandException.Usage(
                    $"this cannot be restored: {string.Join("; ", facts.Findings)}", "the whole of a file that admin backup wrote");
            }

            var detail = "It can be restored. Nothing was changed.";
            if (!dryRun)
            {
                StoreSwap.Stage(draft, mesh.Directory);
                var kept = StoreSwap.Apply(mesh.Directory);
                detail = "The next start of the server opens it."
                    + (kept is { Length: > 0 } ? $" The store before is kept as {Path.Combine(mesh.Directory, kept)}." : "");
            }

            return JsonSerializer.SerializeToElement(new RestoreReport
            {
                Restarting = false,
                Revision = facts.Revision,
                CurrentRevision = current,
                Counts = StoreViews.CountsOf(facts),
                RootKeyValid = rootKeyValid,
                Detail = rootKeyValid
                    ? detail
                    : detail + " The key in root.key is not valid there: only keys from the time of the backup open it.",
            }, ClientJson.Context.RestoreReport);
        }
        finally
        {
            StoreFile.Delete(draft);
        }
    }

    /// <summary>
    /// The present store's revision, and the migrations that the server which wrote it knew; 0 and unknown where there is none to read.
    /// </summary>
    private static (long Revision, IReadOnlyCollection<string>? Known) Present(StoppedMesh mesh)
    {
        if (!mesh.HasStore)
        {
            return (0, null);
        }

        try
        {
            using var db = StoreFile.OpenAlone(mesh.Database);
            return (StoreCheck.Look(db, quick: true).Revision, StoreCheck.Migrations(db));
        }
        catch (SqliteException)
        {
            return (0, null);
        }
    }
}
