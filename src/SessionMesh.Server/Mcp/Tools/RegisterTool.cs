using System.Text.Json.Serialization.Metadata;
using SessionMesh.Contracts;
using SessionMesh.Server.Mcp.Arguments;

namespace SessionMesh.Server.Mcp.Tools;

internal sealed class RegisterTool : MeshTool
{
    public override string Name => "register";

    public override string Title => "Register as an agent";

    public override string Description =>
        "Makes you, or an agent that you run, known to the mesh, so that it can be found, steered and stopped. Only for "
        + "what is not registered yet: an agent that was started by session-mesh run, or whose program has the hooks of "
        + "session-mesh, already is. Then call heartbeat before ttl seconds have passed, again and again, and check_inbox "
        + "between steps of work. already_alive means that another lives under that id.";

    public override string Operation => "registerAgent";

    public override ToolEffects Effects => new(ReadOnly: false, Destructive: true, Idempotent: false, OpenWorld: false);

    public override JsonTypeInfo Answer => MeshJson.Default.AgentRegistration;

    public override IReadOnlyList<ToolArgument> Arguments { get; } =
    [
        Argument.Id("agent_id", "The id; chosen by the server by default, or the agent that the key is bound to."),
        Argument.Id("parent_id", "The agent that started this one."),
        Argument.Text("cluster", Limits.NameLength, "The namespace; default by default."),
        Argument.Objects("specializations", "What it is good at.",
            Argument.Text("name", Limits.NameLength, "Such as data-analysis or image/ocr.").Required(),
            Argument.Text("version", Limits.NameLength, "Of what it does it with."),
            Argument.Whole("level", 0, Limits.MaxSkillLevel, "How good it is at it; 50 by default."),
            Argument.Whole("capacity", 1, Limits.MaxCapacity, "Jobs at once; 1 by default.")),
        Argument.Map("labels", "Text by name, to find it by."),
        Argument.Text("user", Limits.NameLength, "Whom it works for."),
        Argument.Whole("ttl", Limits.MinAgentTtl, Limits.MaxAgentTtl, "Seconds it counts as alive after each heartbeat.")
            .Or(Limits.DefaultRegistryTtl),
        Argument.Whole("incarnation", 1, int.MaxValue, "Of the registration to renew, as its answer said; a new one begins by default."),
        Argument.Flag("takeover", "Begin even while another lives under that id: that one is superseded, and has to stop."),
        Argument.SameCall,
    ];
}
