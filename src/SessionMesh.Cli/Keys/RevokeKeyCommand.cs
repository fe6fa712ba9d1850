using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Client;

namespace SessionMesh.Cli.Keys;

/// <summary><c>keys revoke</c>: ends a key and every key minted under it, open streams included.</summary>
internal sealed class RevokeKeyCommand : MeshCommand
{
    private static readonly View s_view = View.Single("key_id", ["key_id", "revoked"]);

    private readonly Argument<string?> _key = new("key-id")
    {
        Description = "The id of the key: what follows smk_",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> _yes = new("--yes", "-y") { Description = "Do not ask" };

    public RevokeKeyCommand(CliHost host) : base(host, "revoke", "End a key at once, with every key minted under it.")
    {
        Add(_key);
        Add(_yes);
        Examples = ["session-mesh keys revoke 4fT9aB2kQ0xZ --yes"];
        ExitNotes = ["2  no terminal to ask on, and no --yes"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var id = KeyViews.IdOf(
            context.Get(_key) ?? throw CommandException.Usage("no key is named", "session-mesh keys revoke KEY_ID"), "revoke");
        context.Doing = $"revoke key {id}";
        if (!context.Get(_yes) && !context.Confirm($"Revoke key {id} and every key minted under it? Streams that it opened are cut."))
        {
            context.Note("nothing was revoked");
            return ExitCodes.Failed;
        }

        context.Output.Write(await context.Client.SendAsync(MeshCall.RevokeKey(id), cancellation), s_view);
        return ExitCodes.Done;
    }
}
