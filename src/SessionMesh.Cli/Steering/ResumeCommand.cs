using SessionMesh.Cli.Hosting;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Steering;

/// <summary><c>resume</c>: lets paused agents go on.</summary>
internal sealed class ResumeCommand : HoldCommand
{
    public ResumeCommand(CliHost host)
        : base(host, "resume", DirectiveVerb.Resume, "Let a paused agent, or many, go on, and wait until each says so.") =>
        Examples =
        [
            "session-mesh resume 123",
            "session-mesh resume --all --yes",
        ];
}
