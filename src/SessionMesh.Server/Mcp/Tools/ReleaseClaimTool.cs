using System.Text.Json.Serialization.Metadata;
using SessionMesh.Contracts;
using SessionMesh.Server.Mcp.Arguments;

namespace SessionMesh.Server.Mcp.Tools;

internal sealed class ReleaseClaimTool : MeshTool
{
    public override string Name => "release_claim";

    public override string Title => "Release a claim";

    public override string Description =>
        "Gives back the slot that claim_specialist took. Do so when the work is handed back or no longer wanted.";

    public override string Operation => "releaseClaim";

    public override ToolEffects Effects => new(ReadOnly: false, Destructive: false, Idempotent: true, OpenWorld: false);

    public override JsonTypeInfo Answer => MeshJson.Default.ReleasedClaim;

    public override IReadOnlyList<ToolArgument> Arguments { get; } =
    [
        Argument.Id("claim_id", "claim_id of the answer of claim_specialist.").InPath("claim_id").Required(),
    ];
}
