using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SessionMesh.Core;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Json;

namespace SessionMesh.Server.Store;

/// <summary>
/// Messages that were kept once for many directives, read as they are needed and then shared. As long-lived as the context that it reads
/// with, and for one thread.
/// </summary>
internal sealed class KeptMessages(MeshDbContext db)
{
    private readonly Dictionary<long, MessageRow> _read = [];

    /// <summary>The message of that revision; an empty one where it is not there, which a sound store never is without.</summary>
    public MessageRow At(long revision)
    {
        if (!_read.TryGetValue(revision, out var message))
        {
            message = db.Messages.AsNoTracking().SingleOrDefault(m => m.Revision == revision) ?? new MessageRow { Revision = revision };
            _read[revision] = message;
        }

        return message;
    }

    /// <summary>Puts into entries of the log that name a message what it says, so that readers need not know of it.</summary>
    public void PutInto(IEnumerable<ChangeRow> rows)
    {
        foreach (var row in rows.Where(row => row.Kind == DirectiveIssued.Name && row.Payload.Contains("\"message_at\":", StringComparison.Ordinal)))
        {
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
