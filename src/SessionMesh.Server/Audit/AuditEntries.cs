using SessionMesh.Contracts.Audit;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Sessions;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Audit;

/// <summary>Entries of both records as they cross the wire. Of a change's own members only its reason: no hash gets out here.</summary>
internal static class AuditEntries
{
    public static AuditEntry ToWire(ChangeRow row) =>
        ToWire(ChangeCodec.Read(row.Revision, row.At, row.Actor, Origin.Of(row.RemoteAddress, row.RequestId), row.Kind, row.Subject, row.Payload));

    public static AuditEntry ToWire(Change change) => new()
    {
        Revision = change.Revision,
        At = DateTimeOffset.FromUnixTimeMilliseconds(change.At),
        Actor = change.Actor,
        Operation = change.Kind,
        Subject = change.Subject,
        Outcome = AuditOutcome.Done,
        Reason = ReasonOf(change),
        RemoteAddress = change.Origin.RemoteAddress,
        RequestId = change.Origin.RequestId,
    };

    public static AuditEntry ToWire(Refusal refusal) => new()
    {
        At = DateTimeOffset.FromUnixTimeMilliseconds(refusal.At),
        Actor = refusal.Actor,
        Operation = refusal.Operation,
        Subject = refusal.Subject,
        Outcome = AuditOutcome.Refused,
        Reason = refusal.Reason,
        Code = refusal.Code,
        RemoteAddress = refusal.RemoteAddress,
        RequestId = refusal.RequestId,
    };

    /// <summary>A test looks for changes that have a reason and are not here.</summary>
    private static string? ReasonOf(Change change) => change switch
    {
        AgentStopping c => c.Reason,
        AgentDied c => c.Reason,
        AgentForgotten c => c.Reason,
        KeyEnded c => c.Reason,
        SessionDeleted c => c.Reason,
        _ => null,
    };
}
