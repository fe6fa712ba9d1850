using System.Text.Json.Serialization.Metadata;
using SessionMesh.Contracts;
using SessionMesh.Server.Mcp.Arguments;

namespace SessionMesh.Server.Mcp.Tools;

internal sealed class SessionGetTool : MeshTool
{
    public override string Name => "session_get";

    public override string Title => "Read a session";

    public override string Description =>
        "Reads a session of the store: who it belongs to, whether it is active, and its metadata, text by name. The "
        + "session_id of an agent reads that agent's registration.";

    public override string Operation => "getSession";

    public override ToolEffects Effects => new(ReadOnly: true, Destructive: false, Idempotent: true, OpenWorld: false);

    public override JsonTypeInfo Answer => MeshJson.Default.SessionRow;

    public override IReadOnlyList<ToolArgument> Arguments { get; } =
    [
        Argument.Id("session_id", "The session.").InPath("id").Required(),
    ];
}
