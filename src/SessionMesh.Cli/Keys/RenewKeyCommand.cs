using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Client;

namespace SessionMesh.Cli.Keys;

/// <summary><c>keys renew</c>: mints a key again that has expired, with a key that may.</summary>
internal sealed class RenewKeyCommand : MeshCommand
{
    private readonly Argument<string> _key = new("key-id") { Description = "The id of the key that has expired: what follows smk_" };
    private readonly KeyOutput _output;

    public RenewKeyCommand(CliHost host)
        : base(host, "renew", "Mint an expired key again: the same name, scopes, agents and lifetime.")
    {
        Add(_key);
        _output = new KeyOutput(this);
        Prints(KeyViews.Created, json => json.CreatedKey);
        Examples =
        [
            "session-mesh keys renew 4fT9aB2kQ0xZ --out ci.key --force",
            "session-mesh keys renew 4fT9aB2kQ0xZ --key-file admin.key --url https://mesh.example --out ci.key",
        ];
        ExitNotes = ["5  it was revoked, is valid, or another key of its name followed it"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var id = KeyViews.IdOf(context.Get(_key)!, "renew");
        context.Doing = $"renew key {id}";
        _output.Check(context);
        return _output.Write(context, await context.Client.SendAsync(MeshCall.RenewKey(id), cancellation));
    }
}
