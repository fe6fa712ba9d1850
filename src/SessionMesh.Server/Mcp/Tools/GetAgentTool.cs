using System.Text.Json.Serialization.Metadata;
using SessionMesh.Contracts;
using SessionMesh.Server.Events;
using SessionMesh.Server.Mcp.Arguments;

namespace SessionMesh.Server.Mcp.Tools;

internal sealed class GetAgentTool : MeshTool
{
    public override string Name => "get_agent";

    public override string Title => "Look at one agent";

    public override string Description =>
        "Shows all that is known of one agent: status, activity, progress, last heartbeat, skills, how many directives "
        + "wait in its inbox, how it ended. Look here after steer_agent or kill_agent, and before acting on an agent that a "
        + "list shows as suspect or lost.";

    public override string Operation => "getAgent";

    public override ToolEffects Effects => new(ReadOnly: true, Destructive: false, Idempotent: true, OpenWorld: false);

    public override JsonTypeInfo Answer => MeshJson.Default.AgentDetail;

    public override IReadOnlyList<ToolArgument> Arguments { get; } =
    [
        Argument.Id("agent_id", "The agent; your own by default if the key is bound to an agent.").InPath("id").OrOwn(),
        Argument.Whole("events", 0, EventReader.Most, "Adds the newest so many entries of the log about it.").InQuery(),
    ];
}
