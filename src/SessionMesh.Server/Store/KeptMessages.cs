using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SessionMesh.Core;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Json;

namespace SessionMesh.Server.Store;

/// <summary>
/// Messages that are kept once for many directives, each read when it is first needed. It lives as long as its context, and is for one
/// thread.
/// </summary>
internal sealed class KeptMessages(MeshDbContext db)
{
    private readonly Dictionary<long, MessageRow> _read = [];

    /// <summary>The message of a revision; an empty one if it is missing, which happens in a damaged store only.</summary>
    public MessageRow At(long revision)
    {
        if (!_read.TryGetValue(revision, out var message))
        {
            message = db.Messages.AsNoTracking().SingleOrDefault(m => m.Revision == revision) ?? new MessageRow { Revision = revision };
            _read[revision] = message;
        }

        return message;
    }

    /// <summary>Puts the text of a kept message into the entries of the log that name it, so that readers need not look it up.</summary>
    public void PutInto(IEnumerable<ChangeRow> rows)
    {
        foreach (var row in rows)
        {
            if (row.Kind != DirectiveIssued.Name || !row.Payload.Contains("\"message_at\":", StringComparison.Ordinal))
            {
                continue;
            }

            var change = ChangeCodec.Read(row.Revision, row.At, row.Actor, Origin.Mesh, row.Kind, row.Subject, row.Payload);
            if (change is DirectiveIssued { MessageAt: > 0 } issued)
            {
                row.Payload = Payload(issued.Saying(At(issued.MessageAt).Text, At(issued.MessageAt).Data));
            }
        }
    }

    private static string Payload(Change change)
    {
        using var text = new Utf8Buffer();
        using var json = new Utf8JsonWriter(Stream.Null);
        ChangeCodec.WritePayload(text, json, change);
        return Encoding.UTF8.GetString(text.Written.Span);
    }
}
