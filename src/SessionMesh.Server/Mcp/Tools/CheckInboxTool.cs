using System.Text.Json.Serialization.Metadata;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Steering;
using SessionMesh.Server.Mcp.Arguments;

namespace SessionMesh.Server.Mcp.Tools;

internal sealed class CheckInboxTool : MeshTool
{
    public override string Name => "check_inbox";

    public override string Title => "Check the inbox";

    public override string Description =>
        "Gives an agent its pending directives, oldest first: steer (go another way), pause, resume, stop. Call it "
        + "between steps of work. They come again until they are acknowledged with ack_directive, and count as delivered "
        + "once this answer is sent. Follow a stop by ending the work.";

    public override string Operation => "listenToDirectives";

    public override ToolEffects Effects => new(ReadOnly: false, Destructive: false, Idempotent: true, OpenWorld: false);

    public override JsonTypeInfo Answer => MeshJson.Default.DirectiveList;

    public override IReadOnlyList<ToolArgument> Arguments { get; } =
    [
        Argument.Id("agent_id", "The agent; your own by default if the key is bound to an agent.").InPath("id").OrOwn(),
        Argument.Whole("after", 0, long.MaxValue, "Only those with a higher seq.").InQuery(),
        Argument.Whole("wait", 0, Limits.MaxWait, "Seconds to wait for one; 0 by default.").InQuery(),
        Argument.Whole("incarnation", 1, int.MaxValue, "As register answered it.").InQuery(),
        Argument.Texts("verbs", "Only these; all by default.", DirectiveVerb.All).InQuery(),
    ];
}
