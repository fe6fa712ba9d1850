using SessionMesh.Contracts.Audit;
using SessionMesh.Core;
using SessionMesh.Core.Audit;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Audit;

/// <summary>Audit entries in their wire form. Of a change's own members only the reason is included, so no hash gets out.</summary>
internal static class AuditEntries
{
    public static AuditEntry ToWire(ChangeRow row) =>
        ToWire(ChangeCodec.Read(
            row.Revision, row.At, row.Actor, Origin.Of(row.RemoteAddress, row.RequestId), row.Kind, row.Subject, row.Payload));

    public static AuditEntry ToWire(Change change) => new()
    {
        Revision = change.Revision,
        At = DateTimeOffset.FromUnixTimeMilliseconds(change.At),
        Actor = change.Actor,
        Operation = change.Kind,
        Subject = change.Subject,
        Outcome = AuditOutcome.Done,
        Reason = (change as IHasReason)?.Reason,
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
}
