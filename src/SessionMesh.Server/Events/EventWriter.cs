using SessionMesh.Core.Idempotency;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Events;

/// <summary>Entries of the log as events. The mesh's own bookkeeping stays out, and so do hashes of keys.</summary>
internal static class EventWriter
{
    private static readonly byte[][] s_hashes = ["\"hash\":\""u8.ToArray(), "\"refresh_hash\":\""u8.ToArray()];

    /// <param name="payload">The change's own members, a JSON object; they stand beside the envelope.</param>
    public static void Write(Utf8Buffer text, long revision, long at, string actor, string kind, string subject, ReadOnlySpan<byte> payload)
    {
        if (kind is ReceiptKept.Name or ReceiptsTrimmed.Name)
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
        foreach (var name in kind == KeyMinted.Name ? s_hashes : [])
        {
            // A hash is base64 and never the first member of a minted key.
            if (members.IndexOf(name) is var hash and > 0)
            {
                var end = hash + name.Length + members[(hash + name.Length)..].IndexOf((byte)'"') + 1;
                members = (byte[])[.. members[..(hash - 1)], .. members[end..]];
            }
        }

        text.Raw(members);
    }
}
