using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Settings;

namespace SessionMesh.Cli.Contexts;

/// <summary><c>context add</c>: the first one added is selected.</summary>
internal sealed class AddContextCommand : MeshCommand
{
    private readonly Argument<string> _name = ContextCommand.NameArgument();

    private readonly Option<string?> _cluster = new("--cluster")
    {
        Description = "The cluster for commands that name none",
        HelpName = "NAME",
    };

    private readonly Option<bool> _select = new("--select") { Description = "Select it" };

    public AddContextCommand(CliHost host) : base(host, "add", "Keep a server: its --url and its --key-file.")
    {
        Add(_name);
        Add(_cluster);
        Add(_select);
        Prints(ContextCommand.One);
        Examples = ["session-mesh context add prod --url https://mesh.example --key-file ~/.mesh.key --select"];
        ExitNotes = ["5  there is a context of that name"];
    }

    protected override Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var name = context.Get(_name)!;
        context.Doing = $"add context {name}";
        var store = ContextStore.Of(context.Host);
        var file = store.Load();
        if (file.Find(name) is not null)
        {
            throw new CommandException(
                ExitCodes.Conflict, $"there is a context {name}", $"session-mesh context remove {name}, or another name");
        }

        var url = context.Get(context.Host.Globals.Url);
        if (url is not null)
        {
            MeshSettings.ParseUrl(url, "--url");
        }

        var keyFile = context.Get(context.Host.Globals.KeyFile);
        if (keyFile is not null)
        {
            MeshSettings.ReadKeyFile(keyFile, "--key-file");
        }

        if (url is null && keyFile is null && context.Get(_cluster) is null)
        {
            throw CommandException.Usage(
                "a context has the address of a server, a key or a cluster, and none is given",
                $"session-mesh context add {name} --url https://mesh.example --key-file FILE");
        }

        var added = new MeshContext
        {
            Name = name,
            Url = url,
            KeyFile = keyFile is null ? null : Path.GetFullPath(keyFile),
            Cluster = context.Get(_cluster),
        };
        var changed = file.With(added);
        if (context.Get(_select) || file.Contexts.Count == 0)
        {
            changed = changed with { Selected = name };
        }

        store.Save(changed);
        context.Output.Write(ContextCommand.ToJson(added, changed), ContextCommand.One);
        return Task.FromResult(ExitCodes.Done);
    }
}
