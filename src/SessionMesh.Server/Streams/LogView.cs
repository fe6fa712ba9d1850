using System.Text.Json;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Events;
using SessionMesh.Core;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Json;
using SessionMesh.Server.Push;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Streams;

/// <summary>What one kind of stream shows of the log, and in what form. It may skip entries; the reader's place moves past them.</summary>
public abstract class LogView
{
    /// <summary>The kinds that are the mesh's own bookkeeping. No reader of the log is shown them, as a stream or as pages.</summary>
    public static readonly IReadOnlyList<string> Bookkeeping = [ReceiptKept.Name, ReceiptsTrimmed.Name, MessageKept.Name, KeyUsed.Name];

    public static bool IsBookkeeping(string kind) => Bookkeeping.Contains(kind);

    /// <summary>One of <see cref="Telemetry.StreamKind"/>.</summary>
    public abstract string Kind { get; }

    /// <summary>Writes an entry from memory as an event, or skips it.</summary>
    public abstract void Write(Utf8Buffer text, Change change);

    /// <summary>Writes an entry from the table as an event, or skips it.</summary>
    public abstract void Write(Utf8Buffer text, ChangeRow row);

    /// <summary>Whether all has been said: the stream ends after what is written.</summary>
    public virtual bool IsOver => false;

    /// <summary>Writes what comes before the first entry; by default nothing.</summary>
    public virtual void WriteFirst(Utf8Buffer text)
    {
    }

    /// <summary>Tells the reader of something that is about the stream itself.</summary>
    /// <param name="name">One of <see cref="StreamEvent"/>.</param>
    public virtual void WriteNotice(Utf8Buffer text, string name, StreamNotice notice)
    {
        Sse.OpenFrame(text, id: null, name);
        text.Raw(JsonSerializer.SerializeToUtf8Bytes(notice, MeshJson.Default.StreamNotice));
        Sse.CloseFrame(text);
    }

    /// <summary>Writes some of the entries that are not in the log; returns whether there are more. By default there are none.</summary>
    public virtual bool WriteMore(Utf8Buffer text) => false;

    /// <summary>Sets the signal when there is a new entry that is not in the log, until disposed of; null if there never is one.</summary>
    public virtual IDisposable? Listen(AsyncSignal changed) => null;
}
