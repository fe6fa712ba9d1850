using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Attach;

/// <summary>
/// Which life of which agent a process is. An id and an incarnation alone are no proof: a mesh that was made anew, or restored, gives
/// them to others, too.
/// </summary>
/// <param name="Epoch">Of the store; 0 where the server does not say.</param>
/// <param name="CreatedAt">When the mesh got to know the agent.</param>
internal sealed record AttachedLife(string AgentId, int Incarnation, long Epoch, DateTimeOffset CreatedAt)
{
    public static AttachedLife Of(AgentRow row) =>
        new(row.AgentId!, row.Incarnation, row.Epoch ?? 0, row.CreatedAt ?? DateTimeOffset.UnixEpoch);
}
