using System.Collections.Frozen;
using ModelContextProtocol.Protocol;

namespace SessionMesh.Server.Mcp.Tools;

/// <summary>All tools, in the order in which they are listed. Immutable.</summary>
internal sealed class Toolbox
{
    private readonly FrozenDictionary<string, MeshTool> _byName;

    public Toolbox()
    {
        MeshTool[] tools =
        [
            new ListAgentsTool(), new GetAgentTool(), new FindSpecialistTool(), new ClaimSpecialistTool(), new ReleaseClaimTool(),
            new RegisterTool(), new HeartbeatTool(), new SteerAgentTool(), new KillAgentTool(), new CheckInboxTool(),
            new AckDirectiveTool(), new SessionGetTool(), new SessionSetTool(),
        ];
        All = [.. tools.Select(tool => (tool, tool.Describe()))];
        _byName = tools.ToFrozenDictionary(tool => tool.Name, StringComparer.Ordinal);
    }

    /// <summary>Each with its description.</summary>
    public IReadOnlyList<(MeshTool Tool, Tool Description)> All { get; }

    public MeshTool? Find(string name) => _byName.GetValueOrDefault(name);
}
