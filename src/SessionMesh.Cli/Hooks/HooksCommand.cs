using System.CommandLine;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Hooks;

/// <summary><c>hooks</c>: brings coding agents into the mesh that people start themselves.</summary>
internal sealed class HooksCommand : Command
{
    public HooksCommand(CliHost host) : base("hooks", "Bring coding agents into the mesh that you start yourself.")
    {
        Add(new InstallHooksCommand(host));
        Add(new UninstallHooksCommand(host));
        Add(new DoctorCommand(host));
    }
}
