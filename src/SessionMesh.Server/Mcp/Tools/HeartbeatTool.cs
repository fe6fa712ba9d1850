using System.Text.Json.Serialization.Metadata;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Steering;
using SessionMesh.Server.Mcp.Arguments;

namespace SessionMesh.Server.Mcp.Tools;

internal sealed class HeartbeatTool : MeshTool
{
    public override string Name => "heartbeat";

    public override string Title => "Send a heartbeat";

    public override string Description =>
        "Says that an agent is alive, what it is doing and how far it is. Answers with the directives that wait for it, "
        + "each until it is acknowledged, and with next_heartbeat_in, the seconds until the next is due. superseded means "
        + "that another took over, tombstoned that the agent was killed: stop working then.";

    public override string Operation => "heartbeat";

    public override ToolEffects Effects => new(ReadOnly: false, Destructive: false, Idempotent: true, OpenWorld: false);

    public override JsonTypeInfo Answer => MeshJson.Default.HeartbeatAnswer;

    public override IReadOnlyList<ToolArgument> Arguments { get; } =
    [
        Argument.Id("agent_id", "The agent; your own by default if the key is bound to an agent.").InPath("id").OrOwn(),
        Argument.Whole("incarnation", 1, int.MaxValue, "As register answered it."),
        Argument.Word("activity", AgentActivity.All, "What it is doing."),
        Argument.Number("load", "0 (idle) to 1 (full)."),
        Argument.Number("progress", "A number that grows as the work does."),
        Argument.Whole("progress_interval", 0, Limits.MaxAgentTtl, "Seconds within which progress is promised; 0 takes the promise back."),
        Argument.Text("note", Limits.NoteLength, "A few words about what it is at."),
        Argument.Objects("acks", "What became of directives, as with ack_directive.",
            Argument.Whole("seq", 1, long.MaxValue, "Of the directive.").Required(),
            Argument.Word("state", DirectiveState.Acks, "acknowledged when it was followed, rejected when it will not be.").Required(),
            Argument.Text("note", Limits.NoteLength, "Why, or what was done.")),
        Argument.Texts("verbs", "Only hand out these directives; all by default.", DirectiveVerb.All),
    ];
}
