using System.Text.Json.Serialization.Metadata;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Registry;
using SessionMesh.Server.Mcp.Arguments;

namespace SessionMesh.Server.Mcp.Tools;

internal sealed class FindSpecialistTool : MeshTool
{
    public override string Name => "find_specialist";

    public override string Title => "Find a specialist";

    public override string Description =>
        "Says which agents should do a job: alive, not paused, with a free slot, and good at it. Best first, each with "
        + "why. It reserves nothing; to hand out work, use claim_specialist. No matches is an empty list.";

    public override string Operation => "matchAgents";

    public override ToolEffects Effects => new(ReadOnly: true, Destructive: false, Idempotent: true, OpenWorld: false);

    public override JsonTypeInfo Answer => MeshJson.Default.MatchAnswer;

    public override IReadOnlyList<ToolArgument> Arguments { get; } =
    [
        Argument.Text("specialization", Limits.NameLength, "What they have to be good at; one below that name will do.")
            .InQuery().Required(),
        Argument.Whole("count", 1, Limits.Matches, "How many; 1 by default.").InQuery(),
        Argument.Word("strategy", MatchStrategy.All, "Whom to prefer; least-loaded by default.").InQuery(),
        Argument.Text("cluster", Limits.NameLength, "Only agents of this cluster.").InQuery(),
        Argument.Map("label", "Only agents with these labels.").InQuery(),
    ];
}
