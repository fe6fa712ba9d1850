using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Settings;

namespace SessionMesh.Cli.Contexts;

/// <summary><c>context select</c>.</summary>
internal sealed class SelectContextCommand : MeshCommand
{
    private readonly Argument<string> _name = ContextCommand.NameArgument();

    public SelectContextCommand(CliHost host) : base(host, "select", "Use a context from now on.")
    {
        Add(_name);
        Examples = ["session-mesh context select prod"];
    }

    protected override Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var name = context.Get(_name)!;
        context.Doing = $"select context {name}";
        var store = ContextStore.Of(context.Host);
        var file = store.Load();
        var found = file.Find(name) ?? throw ContextCommand.NotFound(name);
        var changed = file with { Selected = name };
        store.Save(changed);
        context.Output.Write(ContextCommand.ToJson(found, changed), ContextCommand.One);
        return Task.FromResult(ExitCodes.Done);
    }
}
