using System.CommandLine;
using Microsoft.Data.Sqlite;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Client.Admin;
using SessionMesh.Storage;

namespace SessionMesh.Cli.Admin;

/// <summary>
/// <c>admin backup</c>: the whole store into a file, which appears when all of it is on the disk and looked at, and not before.
/// </summary>
internal sealed class BackupCommand : MeshCommand
{
    private static readonly View s_view = View.Single("file", ["file", "revision", "bytes"]);

    private readonly Argument<string?> _file = new("file") { Description = "The file to write", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string?> _out = new("--out") { Description = "The same as FILE", HelpName = "FILE" };
    private readonly Option<bool> _force = new("--force") { Description = "Replace the file if it is there" };
    private readonly Option<string?> _data = StoppedMesh.Option();

    public BackupCommand(CliHost host) : base(host, "backup", "Write the whole store into a file, while the mesh runs.")
    {
        Add(_file);
        Add(_out);
        Add(_force);
        Add(_data);
        Prints(s_view);
        Examples =
        [
            "session-mesh admin backup mesh-monday.db",
            "session-mesh admin backup mesh.db --data ~/.local/share/session-mesh",
        ];
        ExitNotes = ["2  the file is there, and no --force", "5  a server holds the directory that --data names"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "back up the mesh";
        var file = FileOf(context);
        var draft = $"{file}.{Environment.ProcessId}.new";
        try
        {
            var facts = context.Get(_data) is { } data
                ? await CopyStoppedAsync(context, data, draft, cancellation)
                : await ReceiveAsync(context, draft, cancellation);
            if (facts.Findings.Count > 0)
            {
                throw new CommandException(
                    ExitCodes.Failed, $"the store is not whole, and no backup was written: {string.Join("; ", facts.Findings)}");
            }

            var bytes = new FileInfo(draft).Length;
            File.Move(draft, file, context.Get(_force));
            StoreFile.SyncDirectory(Path.GetDirectoryName(file)!);
            context.Output.Write(Json.Build(json =>
            {
                json.WriteString("file"u8, file);
                json.WriteNumber("revision"u8, facts.Revision);
                json.WriteNumber("bytes"u8, bytes);
            }), s_view);
            return ExitCodes.Done;
        }
        catch (SqliteException e)
        {
            throw StoreViews.Refused(e, context.Get(_data) ?? file);
        }
        finally
        {
            StoreFile.Delete(draft);
        }
    }

    /// <summary>Where the backup goes; looked at before the server makes one.</summary>
    private string FileOf(CommandContext context)
    {
        if (context.Get(_file) is not null && context.Get(_out) is not null)
        {
            throw CommandException.Usage("the file is named twice", "session-mesh admin backup FILE");
        }

        var file = Path.GetFullPath(
            context.Get(_file) ?? context.Get(_out) ?? throw CommandException.Usage("no file is named", "session-mesh admin backup FILE"));
        if (Directory.Exists(file))
        {
            throw CommandException.Usage($"{file} is a directory", "name a file in it");
        }

        if (File.Exists(file) && !context.Get(_force))
        {
            throw CommandException.Usage($"{file} already exists", "another name, or --force to replace it");
        }

        return Path.GetDirectoryName(file) is { } above && !Directory.Exists(above)
            ? throw CommandException.Usage($"there is no directory {above}", $"mkdir -p {above}, or another FILE")
            : file;
    }

    private static async Task<StoreFacts> CopyStoppedAsync(
        CommandContext context, string data, string draft, CancellationToken cancellation)
    {
        using var progress = context.ShowProgress(() => "copying the store");
        return await Task.Run(() => CopyStopped(data, draft, cancellation), CancellationToken.None);
    }

    private static StoreFacts CopyStopped(string data, string draft, CancellationToken cancellation)
    {
        using var mesh = StoppedMesh.Open(data);
        using var db = StoreFile.OpenAlone(mesh.Database);
        return StoreCopy.Make(db, draft, cancellation);
    }

    /// <summary>Receives it, and looks at what arrived: the server looked at what it sent.</summary>
    private static async Task<StoreFacts> ReceiveAsync(CommandContext context, string draft, CancellationToken cancellation)
    {
        var status = "the server makes the copy";
        using var progress = context.ShowProgress(() => Volatile.Read(ref status));
        await using (var file = StoreFile.CreatePrivate(draft))
        {
            await new StoreTransfer(
                context.Client, (done, of) => Volatile.Write(ref status, StoreViews.Progress(done, of))).BackupAsync(file, cancellation);
            file.Flush(flushToDisk: true);
        }

        using var db = StoreFile.OpenReadOnly(draft);
        return StoreCheck.Look(db, quick: true, cancellation);
    }
}
