using System.CommandLine;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Keys;

/// <summary><c>keys</c>: mint and revoke.</summary>
internal sealed class KeysCommand : Command
{
    public KeysCommand(CliHost host) : base("keys", "Mint and revoke the keys that open the mesh.")
    {
        Add(new CreateKeyCommand(host));
        Add(new RevokeKeyCommand(host));
    }
}
