using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Settings;

namespace SessionMesh.Cli.Contexts;

/// <summary><c>context use</c>.</summary>
internal sealed class UseContextCommand : MeshCommand
{
    private readonly Argument<string> _name = ContextCommand.NameArgument();

    public UseContextCommand(CliHost host) : base(host, "use", "Use a context from now on.")
    {
        Aliases.Add("select");
        Add(_name);
        Prints(ContextCommand.One);
        Examples = ["session-mesh context use prod"];
    }

    protected override Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var name = context.Get(_name)!;
        context.Doing = $"use context {name}";
        var store = ContextStore.Of(context.Host);
        var file = store.Load();
        var found = file.Find(name) ?? throw ContextCommand.NotFound(name);
        var changed = file with { Selected = name };
        store.Save(changed);
        context.Output.Write(ContextCommand.ToJson(found, changed), ContextCommand.One);
        return Task.FromResult(ExitCodes.Done);
    }
}
