using System.CommandLine;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Skills;

/// <summary><c>skill</c>: what teaches coding agents to use the tool.</summary>
internal sealed class SkillCommand : Command
{
    public SkillCommand(CliHost host) : base("skill", "Teach coding agents to use session-mesh.") => Add(new InstallSkillCommand(host));
}
