using System.CommandLine;
using System.Text.Json;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Settings;

namespace SessionMesh.Cli.Contexts;

/// <summary><c>context</c>: servers under a name.</summary>
internal sealed class ContextCommand : Command
{
    public ContextCommand(CliHost host) : base("context", "Keep servers under a name, and choose one.")
    {
        Add(new AddContextCommand(host));
        Add(new ListContextsCommand(host));
        Add(new UseContextCommand(host));
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
