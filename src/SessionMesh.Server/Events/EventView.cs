using SessionMesh.Core;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Json;
using SessionMesh.Server.Store;
using SessionMesh.Server.Streams;
using SessionMesh.Server.Telemetry;

namespace SessionMesh.Server.Events;

/// <summary>Entries of the log as events, without the mesh's own bookkeeping and without the hashes of keys.</summary>
/// <param name="filter">What of it is wanted; null for all.</param>
internal sealed class EventView(Key key, MeshState state, EventFilter? filter = null) : LogView
{
    private static readonly byte[][] s_hashes = ["\"hash\":\""u8.ToArray(), "\"refresh_hash\":\""u8.ToArray()];
    private static readonly byte[] s_reason = ",\"reason\":\""u8.ToArray();

    public override string Kind => StreamKind.Events;

    public override void Write(Utf8Buffer text, Change change)
    {
        if (!IsFor(change.Kind, change.Subject))
        {
            return;
        }

        using var json = new System.Text.Json.Utf8JsonWriter(Stream.Null);
        using var payload = new Utf8Buffer(512);
        var whole = change is DirectiveIssued { Kept: { } kept } issued ? issued.Saying(kept.Text, kept.Data) : change;
        ChangeCodec.WritePayload(payload, json, whole);
        Write(text, change.Revision, change.At, change.Actor, change.Kind, change.Subject, payload.Written.Span);
    }

    public override void Write(Utf8Buffer text, ChangeRow row)
    {
        if (IsFor(row.Kind, row.Subject))
        {
            Write(text, row.Revision, row.At, row.Actor, row.Kind, row.Subject, System.Text.Encoding.UTF8.GetBytes(row.Payload));
        }
    }

    /// <summary>
    /// Whether this reader wants to see an entry and may. A key that is limited to some agents sees only those agents; sessions need
    /// <c>sessions:read</c>.
    /// </summary>
    private bool IsFor(string kind, string subject) => filter?.Matches(kind, subject) != false && MaySee(kind, subject);

    private bool MaySee(string kind, string subject) =>
        (key.Reach is null && (key.Has(ScopeSet.SessionsRead) || !kind.StartsWith("session.", StringComparison.Ordinal)))
        || ((kind.StartsWith("agent.", StringComparison.Ordinal) || kind.StartsWith("directive.", StringComparison.Ordinal))
            && state.Find(subject) is { } slot && state.Reaches(key, slot.Agent));

    /// <param name="payload">The change's own members, a JSON object; they are merged into the envelope.</param>
    private static void Write(
        Utf8Buffer text, long revision, long at, string actor, string kind, string subject, ReadOnlySpan<byte> payload)
    {
        if (IsBookkeeping(kind))
        {
            return;
        }

        Sse.OpenFrame(text, revision, kind);
        WriteObject(text, revision, at, actor, kind, subject, payload);
        Sse.CloseFrame(text);
    }

    /// <summary>An entry as it is in the data of an event.</summary>
    public static void WriteObject(Utf8Buffer text, ChangeRow row) => WriteObject(
        text, row.Revision, row.At, row.Actor, row.Kind, row.Subject, System.Text.Encoding.UTF8.GetBytes(row.Payload));

    private static void WriteObject(
        Utf8Buffer text, long revision, long at, string actor, string kind, string subject, ReadOnlySpan<byte> payload)
    {
        text.Raw("{\"revision\":"u8);
        text.Number(revision);
        text.Raw(",\"at\":"u8);
        text.Time(at);
        text.Raw(",\"actor\":"u8);
        text.String(actor);
        text.Raw(",\"kind\":"u8);
        text.String(kind);
        text.Raw(",\"subject\":"u8);
        text.String(subject);
        if (payload.Length > 2)
        {
            text.Raw(","u8);
            WriteMembers(text, kind, payload[1..^1]);
        }

        text.Raw("}"u8);
    }

    private static void WriteMembers(Utf8Buffer text, string kind, ReadOnlySpan<byte> members)
    {
        foreach (var name in kind == KeyMinted.Name ? s_hashes : [])
        {
            // A hash is base64, so it has no quote, and is never the first member of a minted key.
            if (members.IndexOf(name) is var hash and > 0)
            {
                var end = hash + name.Length + members[(hash + name.Length)..].IndexOf((byte)'"') + 1;
                members = (byte[])[.. members[..(hash - 1)], .. members[end..]];
            }
        }

        // A directive's reason is its last member, and for the audit alone. A quote within it is escaped; one in the data does not end it.
        if (kind == DirectiveIssued.Name && members.LastIndexOf(s_reason) is var reason and > 0
            && members[(reason + s_reason.Length)..].IndexOf((byte)'"') == members.Length - reason - s_reason.Length - 1)
        {
            members = members[..reason];
        }

        text.Raw(members);
    }
}
