namespace SessionMesh.Server.Nodes;

/// <summary>How a node stood when it was last heard of.</summary>
/// <param name="Id">What <c>--node-id</c> names it.</param>
/// <param name="IsJudge">Whether it decides what time brings about.</param>
/// <param name="Revision">Of the newest change that it has applied.</param>
/// <param name="Agents">Agents that are alive and that it hears itself.</param>
/// <param name="Streams">Streams that are open at it.</param>
/// <param name="SeenAt">Wall milliseconds.</param>
public sealed record NodeStatus(string Id, string Version, bool IsJudge, long Revision, int Agents, int Streams, long SeenAt);
