using SessionMesh.Core;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Json;
using SessionMesh.Server.Push;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Streams;

/// <summary>What one kind of stream shows of the log, and how. It may leave entries out; the reader's place goes past them.</summary>
public abstract class LogView
{
    /// <summary>Whether a kind is the mesh's own bookkeeping, which no reader is shown.</summary>
    public static bool IsBookkeeping(string kind) => kind is ReceiptKept.Name or ReceiptsTrimmed.Name or MessageKept.Name;

    /// <summary>A word of <see cref="Telemetry.StreamKind"/>.</summary>
    public abstract string Kind { get; }

    /// <summary>Writes an entry from memory as an event, or leaves it out.</summary>
    public abstract void Write(Utf8Buffer text, Change change);

    /// <summary>Writes an entry from the table as an event, or leaves it out.</summary>
    public abstract void Write(Utf8Buffer text, ChangeRow row);

    /// <summary>Writes a piece of what stands beside the log; true when there is more of it. Nothing, unless overridden.</summary>
    public virtual bool WriteMore(Utf8Buffer text) => false;

    /// <summary>Sets the signal whenever there is something new beside the log, until disposed of; null where there is never any.</summary>
    public virtual IDisposable? Listen(AsyncSignal changed) => null;
}
