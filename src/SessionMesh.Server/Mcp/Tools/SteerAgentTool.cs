using System.Text.Json.Serialization.Metadata;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Steering;
using SessionMesh.Server.Mcp.Arguments;

namespace SessionMesh.Server.Mcp.Tools;

internal sealed class SteerAgentTool : MeshTool
{
    public override string Name => "steer_agent";

    public override string Title => "Steer an agent";

    public override string Description =>
        "Tells an agent to do something else, to pause or to resume. direction is a short token, message says it in "
        + "words. The answer comes once the directive is stored, not once it is followed: state goes from queued by "
        + "delivered to acknowledged or rejected, and only acknowledged means that the agent itself said so. wait holds the "
        + "answer until then. not_alive means that nobody would hear it now.";

    public override string Operation => "steer";

    public override ToolEffects Effects => new(ReadOnly: false, Destructive: false, Idempotent: false, OpenWorld: false);

    public override JsonTypeInfo Answer => MeshJson.Default.Directive;

    public override IReadOnlyList<ToolArgument> Arguments { get; } =
    [
        Argument.Id("agent_id", "The agent.").Required(),
        Argument.Word("verb", DirectiveVerb.Steerable, "What to do; steer by default."),
        Argument.Text("direction", Limits.DirectionLength, "A token that the agent understands, such as west or drain; steer needs it."),
        Argument.Text("message", Limits.MessageLength, "In words."),
        Argument.Object("data", "Anything that the agent can use."),
        Argument.Text("reason", Limits.NoteLength, "Why, for the audit; the agent is not told."),
        Argument.Whole("ttl", 1, Limits.MaxDirectiveTtl, "Seconds for which it may be delivered; 3600 by default."),
        Argument.Flag("hold", "Keep it for an agent that is not alive until it comes back."),
        Argument.Word("wait", DirectiveState.Waits, "Hold the answer until this state is reached."),
        Argument.Whole("wait_seconds", 0, Limits.MaxWait, "For so long at most; 30 by default."),
        Argument.SameCall,
    ];
}
