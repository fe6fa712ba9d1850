using System.CommandLine;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Keys;

/// <summary><c>keys</c>: mint, look, refresh and revoke.</summary>
internal sealed class KeysCommand : Command
{
    public KeysCommand(CliHost host) : base("keys", "Mint, list, refresh, renew and revoke the keys that open the mesh.")
    {
        Add(new CreateKeyCommand(host));
        Add(new ListKeysCommand(host));
        Add(new ShowKeyCommand(host));
        Add(new RefreshKeyCommand(host));
        Add(new RenewKeyCommand(host));
        Add(new RevokeKeyCommand(host));
    }
}
