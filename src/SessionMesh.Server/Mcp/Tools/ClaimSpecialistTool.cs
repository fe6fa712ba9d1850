using System.Text.Json.Serialization.Metadata;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Registry;
using SessionMesh.Server.Mcp.Arguments;

namespace SessionMesh.Server.Mcp.Tools;

internal sealed class ClaimSpecialistTool : MeshTool
{
    public override string Name => "claim_specialist";

    public override string Title => "Claim a specialist";

    public override string Description =>
        "Finds the agent that should do a job and takes one of its slots, in one step, so that nobody else hands it the "
        + "same slot. Then tell it what to do with steer_agent, and give the slot back with release_claim. The claim ends "
        + "by itself after ttl seconds. no_capacity means that every agent with that specialization is busy: wait, or ask "
        + "for another.";

    public override string Operation => "claimAgent";

    public override ToolEffects Effects => new(ReadOnly: false, Destructive: false, Idempotent: false, OpenWorld: false);

    public override JsonTypeInfo Answer => MeshJson.Default.ClaimRow;

    public override IReadOnlyList<ToolArgument> Arguments { get; } =
    [
        Argument.Text("specialization", Limits.NameLength, "What it has to be good at; one below that name will do.").Required(),
        Argument.Word("strategy", MatchStrategy.All, "Whom to prefer; least-loaded by default."),
        Argument.Text("cluster", Limits.NameLength, "Only agents of this cluster."),
        Argument.Map("label", "Only agents with these labels."),
        Argument.Whole("ttl", Limits.MinClaimTtl, Limits.MaxClaimTtl, "Seconds until the claim ends by itself.").Or(600),
        Argument.Whole("wait", 0, Limits.MaxWait, "Seconds to wait for a free slot; 0 by default."),
        Argument.SameCall,
    ];
}
