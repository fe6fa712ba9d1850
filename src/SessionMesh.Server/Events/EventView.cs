using SessionMesh.Core.Keys;
using SessionMesh.Core.Log;
using SessionMesh.Server.Http;
using SessionMesh.Server.Push;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Events;

/// <summary>Entries of the log as events. The mesh's own bookkeeping stays out, and so do hashes of keys.</summary>
internal sealed class EventView : LogView
{
    private static readonly byte[] s_hash = "\"hash\":\""u8.ToArray();

    public override void Write(Utf8Buffer text, IReadOnlyList<Change> changes)
    {
        using var json = new System.Text.Json.Utf8JsonWriter(Stream.Null);
        using var payload = new Utf8Buffer(512);
        foreach (var change in changes)
        {
            payload.Clear();
            ChangeCodec.WritePayload(payload, json, change);
            Write(text, change.Revision, change.At, change.Actor, change.Kind, change.Subject, payload.Written.Span);
        }
    }

    public override void Write(Utf8Buffer text, IReadOnlyList<ChangeRow> rows)
    {
        foreach (var row in rows)
        {
            Write(text, row.Revision, row.At, row.Actor, row.Kind, row.Subject, System.Text.Encoding.UTF8.GetBytes(row.Payload));
        }
    }

    /// <param name="payload">The change's own members, a JSON object; they stand beside the envelope.</param>
    private static void Write(Utf8Buffer text, long revision, long at, string actor, string kind, string subject, ReadOnlySpan<byte> payload)
    {
        if (IsBookkeeping(kind))
        {
            return;
        }

        text.Raw("id: "u8);
        text.Number(revision);
        text.Raw("\nevent: "u8);
        text.Raw(kind);
        text.Raw("\ndata: {\"revision\":"u8);
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

        text.Raw("}\n\n"u8);
    }

    private static void WriteMembers(Utf8Buffer text, string kind, ReadOnlySpan<byte> members)
    {
        var hash = kind == KeyMinted.Name ? members.IndexOf(s_hash) : -1;
        if (hash < 0)
        {
            text.Raw(members);
            return;
        }

        // The hash is base64 and never the first or last member of a minted key.
        var end = hash + s_hash.Length + members[(hash + s_hash.Length)..].IndexOf((byte)'"') + 2;
        text.Raw(members[..hash]);
        text.Raw(members[end..]);
    }
}
