using SessionMesh.Cli.Hosting;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Steering;

/// <summary><c>pause</c>: holds agents where they are, until <c>resume</c>.</summary>
internal sealed class PauseCommand : HoldCommand
{
    public PauseCommand(CliHost host) : base(host, "pause", DirectiveVerb.Pause, "Pause an agent, or many, and wait until each says so.") =>
        Examples =
        [
            "session-mesh pause 123",
            "session-mesh pause 123 124 125",
            "session-mesh pause --subtree lead --yes",
            "session-mesh pause --spec ocr --expect 12 --wait-seconds 1m",
            "session-mesh pause --all --yes",
        ];
}
