using System.CommandLine;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Settings;

namespace SessionMesh.Cli.Contexts;

/// <summary><c>context</c>: servers under a name, so that nobody types URLs.</summary>
internal sealed class ContextCommand : Command
{
    public ContextCommand(CliHost host) : base("context", "Keep servers under a name, and choose one.")
    {
        Add(new AddContextCommand(host));
        Add(new ListContextsCommand(host));
        Add(new SelectContextCommand(host));
        Add(new ShowContextCommand(host));
        Add(new RemoveContextCommand(host));
    }

    internal static readonly View One = View.Single("name", ["name", "selected", "url", "key_file", "cluster"]);

    internal static readonly View Many = new()
    {
        RowsMember = "contexts",
        Names = ["name"],
        Table = [Column.Of("name"), Column.Of("selected"), Column.Of("url"), Column.Of("key file", "key_file"), Column.Of("cluster")],
    };

    internal static Argument<string> NameArgument() => new("name") { Description = "The context's name" };

    internal static CommandException NotFound(string name) =>
        new(ExitCodes.NotFound, $"there is no context {name}", "session-mesh context list");

    internal static JsonElement ToJson(MeshContext context, ContextFile file) => Json.Build(json => Write(json, context, file));

    internal static void Write(Utf8JsonWriter json, MeshContext context, ContextFile file)
    {
        json.WriteString("name"u8, context.Name);
        json.WriteBoolean("selected"u8, context.Name == file.Selected);
        json.WriteString("url"u8, context.Url);
        json.WriteString("key_file"u8, context.KeyFile);
        json.WriteString("cluster"u8, context.Cluster);
    }
}

/// <summary><c>context add</c>: the first one added is selected.</summary>
internal sealed class AddContextCommand : MeshCommand
{
    private readonly Argument<string> _name = ContextCommand.NameArgument();
    private readonly Option<string?> _cluster = new("--cluster") { Description = "The cluster for commands that name none", HelpName = "NAME" };
    private readonly Option<bool> _select = new("--select") { Description = "Select it" };

    public AddContextCommand(CliHost host) : base(host, "add", "Keep a server: its --url and its --key-file.")
    {
        Add(_name);
        Add(_cluster);
        Add(_select);
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
            throw new CommandException(ExitCodes.Conflict, $"there is a context {name}", $"session-mesh context remove {name}, or another name");

        var url = context.Get(context.Host.Globals.Url);
        if (url is not null) MeshSettings.ParseUrl(url, "--url");
        var keyFile = context.Get(context.Host.Globals.KeyFile);
        if (keyFile is not null) MeshSettings.ReadKeyFile(keyFile, "--key-file");

        var added = new MeshContext
        {
            Name = name,
            Url = url,
            KeyFile = keyFile is null ? null : Path.GetFullPath(keyFile),
            Cluster = context.Get(_cluster),
        };
        var changed = file.With(added);
        if (context.Get(_select) || file.Contexts.Count == 0) changed = changed with { Selected = name };
        store.Save(changed);
        context.Output.Write(ContextCommand.ToJson(added, changed), ContextCommand.One);
        return Task.FromResult(ExitCodes.Done);
    }
}

/// <summary><c>context list</c>.</summary>
internal sealed class ListContextsCommand : MeshCommand
{
    public ListContextsCommand(CliHost host) : base(host, "list", "List the contexts.") => Examples = ["session-mesh context list"];

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

/// <summary><c>context show</c>: the settings that a command would use now, and where its key comes from.</summary>
internal sealed class ShowContextCommand : MeshCommand
{
    private static readonly View s_view = View.Single("name", ["name", "url", "key_source", "cluster"]);

    public ShowContextCommand(CliHost host) : base(host, "show", "Show which server and key a command would use now.") =>
        Examples = ["session-mesh context show"];

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

/// <summary><c>context remove</c>: forgets where a server is; the key file stays.</summary>
internal sealed class RemoveContextCommand : MeshCommand
{
    private readonly Argument<string> _name = ContextCommand.NameArgument();

    public RemoveContextCommand(CliHost host) : base(host, "remove", "Forget a context.")
    {
        Add(_name);
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
