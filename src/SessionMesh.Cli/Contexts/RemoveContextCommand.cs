using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Settings;

namespace SessionMesh.Cli.Contexts;

/// <summary><c>context remove</c>: forgets where a server is; the key file stays.</summary>
internal sealed class RemoveContextCommand : MeshCommand
{
    private readonly Argument<string> _name = ContextCommand.NameArgument();

    public RemoveContextCommand(CliHost host) : base(host, "remove", "Forget a context.")
    {
        Add(_name);
        Prints(ContextCommand.One);
        Examples = ["session-mesh context remove prod"];
    }

    protected override Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var name = context.Get(_name)!;
        context.Doing = $"remove context {name}";
        var store = ContextStore.Of(context.Host);
        var file = store.Load();
        var found = file.Find(name) ?? throw ContextCommand.NotFound(name);
        var changed = file with
        {
            Contexts = [.. file.Contexts.Where(one => one.Name != name)],
            Selected = file.Selected == name ? null : file.Selected,
        };
        store.Save(changed);
        context.Output.Write(ContextCommand.ToJson(found, changed), ContextCommand.One);
        return Task.FromResult(ExitCodes.Done);
    }
}
