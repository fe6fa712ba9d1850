using SessionMesh.Core.Agents;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Options;
using SessionMesh.Server.Telemetry;

namespace SessionMesh.Server.Nodes;

/// <summary>
/// A server that is alone on its mesh: the judge of everything, and never behind. Every agent that is alive is heard by it, or by nobody
/// yet since it started.
/// </summary>
internal sealed class OneNode(ServerOptions options, MeshEngine engine, MeshMetrics metrics) : IMeshNodes
{
    public IReadOnlyList<NodeStatus> List() =>
    [
        new(options.NodeId, Release.Version, IsJudge: true, engine.State.Revision, engine.State.Indexes.With(Liveness.Alive).Count,
            metrics.OpenStreams, engine.Now.Wall),
    ];
}
