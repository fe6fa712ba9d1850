using System.CommandLine;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Config;

/// <summary><c>config</c>: fleets as files.</summary>
internal sealed class ConfigCommand : Command
{
    public ConfigCommand(CliHost host) : base("config", "Write a fleet as a file that load-config reads.") =>
        Add(new ExportConfigCommand(host));
}
