using System.CommandLine;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Storage;

namespace SessionMesh.Cli.Admin;

/// <summary><c>admin check</c>: whether the store is whole. It changes nothing.</summary>
internal sealed class CheckCommand : MeshCommand
{
    private static readonly View s_view = View.Single("revision", ["ok", "findings", "revision", "oldest_revision", "counts", "bytes"]);

    private readonly Option<string?> _data = StoppedMesh.Option();

    public CheckCommand(CliHost host)
        : base(host, "check", "Look whether the store is whole: the file, the log, and the tables against it.")
    {
        Add(_data);
        Prints(s_view, json => json.CheckReport);
        Examples = ["session-mesh admin check", "session-mesh admin check --data ~/.local/share/session-mesh"];
        ExitNotes = ["1  it is not whole; the findings say why", "5  a server holds the directory that --data names"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "check the mesh";
        JsonElement report;
        using (context.ShowProgress(() => "reading the store"))
        {
            report = context.Get(_data) is { } data
                ? await Task.Run(() => LookAtStopped(data, cancellation), CancellationToken.None)
                : await context.Client.SendAsync(MeshCall.CheckStore(), cancellation);
        }

        context.Output.Write(report, s_view);
        return Json.IsTrue(report, "ok") ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static JsonElement LookAtStopped(string data, CancellationToken cancellation)
    {
        using var mesh = StoppedMesh.Open(data);
        try
        {
            using var db = StoreFile.OpenAlone(mesh.Database);
            return JsonSerializer.SerializeToElement(
                StoreViews.ReportOf(StoreCheck.Look(db, cancellation: cancellation)), ClientJson.Context.CheckReport);
        }
        catch (SqliteException e)
        {
            throw StoreViews.Refused(e, mesh.Database);
        }
    }
}
