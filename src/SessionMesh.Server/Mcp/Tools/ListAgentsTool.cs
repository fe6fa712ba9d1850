using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Server.Agents;
using SessionMesh.Server.Mcp.Arguments;

namespace SessionMesh.Server.Mcp.Tools;

internal sealed class ListAgentsTool : MeshTool
{
    /// <summary>What a model chooses by: a whole row is three times as long.</summary>
    private static readonly JsonArray s_fields =
        ["agent_id", "status", "activity", "load", "progress", "note", "specializations", "parent_id", "direction", "last_heartbeat_at"];

    public override string Name => "list_agents";

    public override string Title => "List agents";

    public override string Description =>
        "Lists the agents of the mesh with their status, what they are doing, and when they were last heard. Lists those "
        + "that are alive unless filter says else. A page has 20 rows; next_cursor, sent as cursor with the same arguments, "
        + "gives the next page, and is null at the end.";

    public override string Operation => "listAlive";

    public override ToolEffects Effects => new(ReadOnly: true, Destructive: false, Idempotent: true, OpenWorld: false);

    public override JsonTypeInfo Answer => MeshJson.Default.AgentPage;

    public override IReadOnlyList<ToolArgument> Arguments { get; } =
    [
        Argument.Word("filter", AliveFilter.Allowed, "Which agents: alive by default, all for every one that is known.").InQuery(),
        Argument.Text("specialization", Limits.NameLength, "Only agents that have it, or one below it: image finds image/ocr.").InQuery(),
        Argument.Text("label", Limits.MessageLength, "Only agents whose labels match: env=prod,tier!=free.").InQuery(),
        Argument.Text("cluster", Limits.NameLength, "Only agents of this cluster.").InQuery(),
        Argument.Id("parent", "Only children of this agent.").InQuery(),
        Argument.Id("subtree", "Only this agent and all below it.").InQuery(),
        Argument.Text("q", Limits.NameLength, "Only agents that have each of these words in their id, user, note or labels.").InQuery(),
        Argument.Word("sort", AliveSort.Allowed, "In this order; - reverses it.").InQuery(),
        Argument.Texts("fields", "Members of a row to show; a few by default.", RowFieldNames.All).InQuery().Or(s_fields),
        Argument.Whole("limit", 1, Limits.MaxPage, "Rows of the page.").InQuery().Or(20),
        Argument.Text("cursor", Limits.MessageLength, "next_cursor of the page before.").InQuery(),
    ];
}
