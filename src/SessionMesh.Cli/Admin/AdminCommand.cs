using System.CommandLine;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Admin;

/// <summary><c>admin</c>: the store as a whole, of a mesh that runs or, with <c>--data</c>, of one that is stopped.</summary>
internal sealed class AdminCommand : Command
{
    public AdminCommand(CliHost host)
        : base("admin", "Back up, restore, compact, check and move the store of a mesh; replace its root key.")
    {
        Add(new BackupCommand(host));
        Add(new RestoreCommand(host));
        Add(new CompactCommand(host));
        Add(new CheckCommand(host));
        Add(new NewRootCommand(host));
        Add(new MoveStoreCommand(host));
    }
}
