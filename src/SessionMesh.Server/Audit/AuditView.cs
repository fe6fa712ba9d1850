using System.Text.Json;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Audit;
using SessionMesh.Core;
using SessionMesh.Server.Json;
using SessionMesh.Server.Push;
using SessionMesh.Server.Store;
using SessionMesh.Server.Streams;
using SessionMesh.Server.Telemetry;

namespace SessionMesh.Server.Audit;

/// <summary>
/// The audit as a stream. Entries of the log are events with the revision as their id; refusals are events without an id, so that a reader
/// always resumes at a place in the log. Not thread-safe: one per stream.
/// </summary>
/// <param name="at">The place among the refusals to start after.</param>
internal sealed class AuditView(AuditFilter filter, RefusalLog refusals, long at) : LogView
{
    private const int PieceSize = 256;
    private long _at = at;

    public override string Kind => StreamKind.Audit;

    public override void Write(Utf8Buffer text, Change change)
    {
        if (filter.Matches(change))
        {
            Write(text, AuditEntries.ToWire(change));
        }
    }

    public override void Write(Utf8Buffer text, ChangeRow row)
    {
        if (filter.Matches(row))
        {
            Write(text, AuditEntries.ToWire(row));
        }
    }

    public override bool WriteMore(Utf8Buffer text)
    {
        if (!filter.Refused)
        {
            return false;
        }

        var piece = refusals.After(_at, PieceSize, filter.Matches);
        foreach (var refusal in piece)
        {
            Write(text, AuditEntries.ToWire(refusal));
            _at = refusal.Seq;
        }

        return piece.Count == PieceSize;
    }

    public override IDisposable? Listen(AsyncSignal changed) => filter.Refused ? refusals.Listen(changed) : null;

    private static void Write(Utf8Buffer text, AuditEntry entry)
    {
        Sse.OpenFrame(text, entry.Revision, AuditEvent.Entry);
        text.Raw(JsonSerializer.SerializeToUtf8Bytes(entry, MeshJson.Default.AuditEntry));
        Sse.CloseFrame(text);
    }
}
