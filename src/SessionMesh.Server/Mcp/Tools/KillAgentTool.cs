using System.Text.Json.Serialization.Metadata;
using SessionMesh.Contracts;
using SessionMesh.Server.Mcp.Arguments;

namespace SessionMesh.Server.Mcp.Tools;

internal sealed class KillAgentTool : MeshTool
{
    public override string Name => "kill_agent";

    public override string Title => "Stop an agent";

    public override string Description =>
        "Stops an agent and, unless cascade says else, all that it started: first it is asked to stop, and when the grace "
        + "is over it is cut off. confirmed in the answer is true only when its end was reported; look again with "
        + "get_agent, or give wait. This cannot be undone. Use it when the user asks for it, or when an agent you started "
        + "yourself has to end.";

    public override string Operation => "killAgent";

    public override ToolEffects Effects => new(ReadOnly: false, Destructive: true, Idempotent: true, OpenWorld: false);

    public override JsonTypeInfo Answer => MeshJson.Default.KillReport;

    public override IReadOnlyList<ToolArgument> Arguments { get; } =
    [
        Argument.Id("agent_id", "The agent.").InPath("id").Required(),
        Argument.Whole("grace", 0, Limits.MaxGrace, "Seconds it has to stop by itself; 10 by default.").InQuery(),
        Argument.Flag("force", "At once; not together with grace.").InQuery(),
        Argument.Word("cascade", ["descendants", "none"], "Whether those below it are stopped, too; descendants by default.").InQuery(),
        Argument.Text("reason", Limits.NoteLength, "Why; kept and shown.").InQuery(),
        Argument.Whole("wait", 0, Limits.MaxWait, "Seconds to hold the answer until the end is confirmed.").InQuery(),
    ];
}
