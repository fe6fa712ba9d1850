using System.Text.Json.Serialization.Metadata;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Steering;
using SessionMesh.Server.Mcp.Arguments;

namespace SessionMesh.Server.Mcp.Tools;

internal sealed class AckDirectiveTool : MeshTool
{
    public override string Name => "ack_directive";

    public override string Title => "Acknowledge a directive";

    public override string Description =>
        "Says what became of a directive: acknowledged when it was followed, rejected when it will not be, accepted when "
        + "it was passed on. Whoever sent it sees that, and it does not come again.";

    public override string Operation => "acknowledge";

    public override ToolEffects Effects => new(ReadOnly: false, Destructive: false, Idempotent: true, OpenWorld: false);

    public override JsonTypeInfo Answer => MeshJson.Default.Directive;

    public override IReadOnlyList<ToolArgument> Arguments { get; } =
    [
        Argument.Id("agent_id", "The agent; your own by default if the key is bound to an agent.").InPath("id").OrOwn(),
        Argument.Whole("seq", 1, long.MaxValue, "seq of the directive.").InPath("seq").Required(),
        Argument.Word("state", DirectiveState.Acks, "What became of it.").Required(),
        Argument.Text("note", Limits.NoteLength, "Why, or what was done."),
        Argument.Whole("incarnation", 1, int.MaxValue, "As register answered it."),
    ];
}
