using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Settings;

namespace SessionMesh.Cli.Contexts;

/// <summary><c>context show</c>: the settings that a command would use now, and where its key comes from.</summary>
internal sealed class ShowContextCommand : MeshCommand
{
    private static readonly View s_view = View.Single("name", ["name", "url", "key_source", "cluster"]);

    public ShowContextCommand(CliHost host) : base(host, "show", "Show which server and key a command would use now.")
    {
        Prints(s_view);
        Examples = ["session-mesh context show"];
    }

    protected override Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "show the context";
        var settings = context.Settings;
        var selected = ContextStore.Of(context.Host).Load().Current;
        context.Output.Write(
            Json.Build(json =>
            {
                json.WriteString("name"u8, selected?.Name);
                json.WriteString("url"u8, settings.Url.AbsoluteUri.TrimEnd('/'));
                json.WriteString("key_source"u8, settings.KeySource);
                json.WriteString("cluster"u8, settings.Cluster);
            }),
            s_view);
        return Task.FromResult(ExitCodes.Done);
    }
}
