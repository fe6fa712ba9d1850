using System.Runtime.InteropServices;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;

namespace SessionMesh.Cli;

/// <summary><c>version</c>: what this tool is. Asks nobody, so it works without a server.</summary>
internal sealed class VersionCommand : MeshCommand
{
    private static readonly View s_view = View.Single("version", ["version", "runtime", "platform"]);

    public VersionCommand(CliHost host) : base(host, "version", "Show the version of this tool.")
    {
        Prints(s_view);
        Examples = ["session-mesh version", "session-mesh version -o json"];
    }

    protected override Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        if (context.Output.Format is OutputFormat.Table or OutputFormat.Name)
        {
            context.Output.WriteLine(
                context.Output.Format is OutputFormat.Name ? ToolVersion.Current : "session-mesh " + ToolVersion.Current);
            return Task.FromResult(ExitCodes.Done);
        }

        context.Output.Write(Json.Build(json =>
        {
            json.WriteString("version"u8, ToolVersion.Current);
            json.WriteString("runtime"u8, RuntimeInformation.FrameworkDescription);
            json.WriteString("platform"u8, RuntimeInformation.RuntimeIdentifier);
        }), s_view);
        return Task.FromResult(ExitCodes.Done);
    }
}
