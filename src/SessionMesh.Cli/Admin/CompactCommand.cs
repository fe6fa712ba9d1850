using System.CommandLine;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Storage;

namespace SessionMesh.Cli.Admin;

/// <summary>
/// <c>admin compact</c>: removes now what is older than is kept; on a stopped mesh it also gives the free room back to the disk.
/// </summary>
internal sealed class CompactCommand : MeshCommand
{
    private const string Default = "30d";
    private static readonly View s_view = View.Single("oldest_revision", ["removed", "oldest_revision", "bytes", "free_bytes"]);
    private static readonly TimeSpan s_pace = TimeSpan.FromSeconds(1);

    private readonly Option<string?> _data = StoppedMesh.Option();
    private readonly Option<string?> _log = Retain("--retain-log", "entries of the log");
    private readonly Option<string?> _directives = Retain("--retain-directives", "directives that are over");
    private readonly Option<string?> _keys = Retain("--retain-keys", "keys that are over");

    public CompactCommand(CliHost host) : base(host, "compact", "Remove now what is older than the mesh keeps.")
    {
        Add(_data);
        Add(_log);
        Add(_directives);
        Add(_keys);
        Prints(s_view, json => json.CompactionReport);
        Examples = ["session-mesh admin compact", "session-mesh admin compact --data ~/.local/share/session-mesh --retain-log 7d"];
        ExitNotes = ["5  a server holds the directory that --data names"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "compact the mesh";
        if (context.Get(_data) is { } data)
        {
            var limits = new TrimLimits(Before(context, _log), Before(context, _directives), Before(context, _keys));
            context.Output.Write(await Task.Run(() => CompactStopped(context, data, limits, cancellation), CancellationToken.None), s_view);
            return ExitCodes.Done;
        }

        if ((context.Get(_log) ?? context.Get(_directives) ?? context.Get(_keys)) is not null)
        {
            throw CommandException.Usage(
                "a mesh that runs keeps what its own options say", "start the server with them, or add --data DIR for one that is stopped");
        }

        context.Output.Write(await AskAsync(context, cancellation), s_view);
        return ExitCodes.Done;
    }

    /// <summary>Starts the compaction and, on a terminal, polls its progress.</summary>
    private static async Task<JsonElement> AskAsync(CommandContext context, CancellationToken cancellation)
    {
        var status = "compacting";
        using var progress = context.ShowProgress(() => Volatile.Read(ref status));
        var compacting = context.Client.SendAsync(MeshCall.Compact(), cancellation);
        while (context.Host.ErrorIsTerminal
            && await Task.WhenAny(compacting, Task.Delay(s_pace, context.Host.Time, cancellation)) != compacting)
        {
            try
            {
                Volatile.Write(
                    ref status, Words((await context.Client.SendAsync(MeshCall.Compaction(), cancellation)).GetProperty("removed")));
            }
            catch (MeshException)
            {
                // The call itself will say what is wrong.
            }
        }

        return await compacting;
    }

    private static string Words(JsonElement removed) =>
        string.Join(", ", removed.EnumerateObject().Select(table => $"{table.Value} {table.Name}")) + " removed";

    private static JsonElement CompactStopped(CommandContext context, string data, TrimLimits limits, CancellationToken cancellation)
    {
        using var mesh = StoppedMesh.Open(data);
        var status = "compacting";
        using var progress = context.ShowProgress(() => Volatile.Read(ref status));
        try
        {
            using var db = StoreFile.OpenAlone(mesh.Database);
            var newest = TrimPass.NewestDirectives(db);
            var pass = new TrimPass(limits, agent => newest.GetValueOrDefault(agent));
            while (pass.Step(db))
            {
                Volatile.Write(ref status, $"{pass.Removed.Total} rows removed");
                cancellation.ThrowIfCancellationRequested(); // what is removed is removed
            }

            Volatile.Write(ref status, $"{pass.Removed.Total} rows removed; giving the room back");
            StoreFile.Shrink(db, cancellation);
            var size = StoreFile.SizeOf(db);
            return Json.Build(json =>
            {
                json.WriteStartObject("removed"u8);
                json.WriteNumber("changes"u8, pass.Removed.Changes);
                json.WriteNumber("directives"u8, pass.Removed.Directives);
                json.WriteNumber("keys"u8, pass.Removed.Keys);
                json.WriteEndObject();
                json.WriteNumber("oldest_revision"u8, pass.OldestRevision);
                json.WriteNumber("bytes"u8, size.Bytes);
                json.WriteNumber("free_bytes"u8, size.FreeBytes);
            });
        }
        catch (SqliteException e)
        {
            throw StoreViews.Refused(e, mesh.Database);
        }
    }

    private static Option<string?> Retain(string name, string what) => new(name)
    {
        Description = $"With --data: how long to keep {what} ({Default} by default; none for ever)",
        HelpName = "TIME",
        CustomParser = result =>
            result.Tokens[0].Value is var text && (text == "none" || (Durations.TryParse(text, out var seconds) && seconds >= 3600))
            ? text
            : Opt.Wrong<string?>(
                result, $"{name} takes a time of at least an hour, such as 30d or 12h, or none to keep everything, not '{text}'"),
    };

    private static long? Before(CommandContext context, Option<string?> option) =>
        Durations.TryParse(context.Get(option) ?? Default, out var seconds)
            ? context.Host.Time.GetUtcNow().ToUnixTimeMilliseconds() - (seconds * 1000L)
            : null;
}
