using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Client;

namespace SessionMesh.Cli.Sessions;

/// <summary><c>session stats</c>. There is no data file: that member gives the server's URL.</summary>
internal sealed class SessionStatsCommand : SessionToolCommand
{
    public SessionStatsCommand(CliHost host) : base(host, "stats", "Show summary statistics for all sessions.")
    {
        Prints(SessionShapes.Stats);
        Examples = ["session-mesh session stats"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "count the sessions";
        var stats = await context.Client.SendAsync(MeshCall.SessionStats(), cancellation);
        var shape = SessionShapes.Ok(json =>
        {
            json.WriteStartObject("stats"u8);
            foreach (var member in stats.EnumerateObject())
            {
                member.WriteTo(json);
            }

            json.WriteString("data_file"u8, context.Settings.Url.AbsoluteUri.TrimEnd('/'));
            json.WriteEndObject();
        });
        context.Output.Write(shape, SessionShapes.Stats);
        return ExitCodes.Done;
    }
}
