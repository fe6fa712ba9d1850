using SessionMesh.Cli.Hosting;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Steering;

/// <summary><c>stop-all</c>: pauses everything that is alive, with one confirmation that names the count. Nothing is killed.</summary>
internal sealed class StopAllCommand : HoldCommand
{
    public StopAllCommand(CliHost host)
        : base(
            host,
            "stop-all",
            DirectiveVerb.Pause,
            "Pause everything that is alive, in every cluster; 'resume --all' lets it go on.",
            always: true) =>
        Examples =
        [
            "session-mesh stop-all",
            "session-mesh stop-all --yes --wait-seconds 1m -o json",
        ];
}
