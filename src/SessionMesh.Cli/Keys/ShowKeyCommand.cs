using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Client;

namespace SessionMesh.Cli.Keys;

/// <summary><c>keys show</c>: one key, never its secret; by default the one in use.</summary>
internal sealed class ShowKeyCommand : MeshCommand
{
    private const string Self = "self";

    private readonly Argument<string?> _key = new("key-id")
    {
        Description = $"The id of the key, or {Self}: the one in use (default)",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public ShowKeyCommand(CliHost host) : base(host, "show", "Show a key: what it may do, to whom, and until when.")
    {
        Add(_key);
        Examples = ["session-mesh keys show", "session-mesh keys show 4fT9aB2kQ0xZ -o json"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var named = context.Get(_key) ?? Self;
        var id = named == Self ? null : KeyViews.IdOf(named, "show");
        context.Doing = id is null ? "show the key in use" : $"show key {id}";
        context.Output.Write(await context.Client.SendAsync(id is null ? MeshCall.OwnKey() : MeshCall.Key(id), cancellation), KeyViews.One);
        return ExitCodes.Done;
    }
}
