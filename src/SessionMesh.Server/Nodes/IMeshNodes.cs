namespace SessionMesh.Server.Nodes;

/// <summary>
/// The nodes that run on this mesh, this one included. Answers from memory, on any thread: what it says of another node is as old as
/// <see cref="NodeStatus.SeenAt"/> says.
/// </summary>
public interface IMeshNodes
{
    /// <summary>Every node that lives, in no particular order.</summary>
    IReadOnlyList<NodeStatus> List();

    /// <summary>Changes in the log that this node does not have in memory, as far as it knows.</summary>
    long Lag => 0;
}
