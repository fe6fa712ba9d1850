using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Settings;

namespace SessionMesh.Cli.Contexts;

/// <summary><c>context list</c>.</summary>
internal sealed class ListContextsCommand : MeshCommand
{
    public ListContextsCommand(CliHost host) : base(host, "list", "List the contexts.")
    {
        Prints(ContextCommand.One);
        Examples = ["session-mesh context list"];
    }

    protected override Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "list the contexts";
        var file = ContextStore.Of(context.Host).Load();
        context.Output.Write(
            Json.Build(json =>
            {
                json.WriteStartArray("contexts"u8);
                foreach (var one in file.Contexts)
                {
                    json.WriteStartObject();
                    ContextCommand.Write(json, one, file);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteString("selected"u8, file.Selected);
            }),
            ContextCommand.Many);
        return Task.FromResult(ExitCodes.Done);
    }
}
