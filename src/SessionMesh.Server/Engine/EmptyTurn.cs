using SessionMesh.Core;
using SessionMesh.Core.State;

namespace SessionMesh.Server.Engine;

/// <summary>
/// A command that does nothing: that it is answered says that the engine takes turns, and that memory was level with the log.
/// </summary>
internal sealed record EmptyTurn : Command<bool>
{
    /// <summary>Vital, because it writes nothing: a full disk must not refuse it.</summary>
    public override bool IsVital(MeshState state) => true;

    public override Outcome<bool> Decide(MeshDraft draft) => true;
}
