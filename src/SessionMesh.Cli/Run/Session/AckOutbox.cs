using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Run.Session;

/// <summary>
/// Acks that the server has not taken yet, oldest first. They survive its absence and go out again, by themselves or in a
/// heartbeat; acks are idempotent, so twice does no harm. Bounded by the inbox, for which the same limit holds.
/// Thread-safe.
/// </summary>
internal sealed class AckOutbox
{
    private readonly Lock _gate = new();
    private readonly List<HeartbeatAck> _waiting = [];

    public bool IsEmpty
    {
        get
        {
            lock (_gate)
                return _waiting.Count == 0;
        }
    }

    public void Add(long seq, string state, string? note)
    {
        lock (_gate)
            _waiting.Add(new HeartbeatAck { Seq = seq, State = state, Note = Shorten(note) });
    }

    /// <summary>What waits now, or null when nothing does.</summary>
    public IReadOnlyList<HeartbeatAck>? Peek()
    {
        lock (_gate)
            return _waiting.Count == 0 ? null : [.. _waiting];
    }

    /// <summary>Forgets exactly these: taken, or refused for good.</summary>
    public void Remove(IEnumerable<HeartbeatAck> acks)
    {
        lock (_gate)
        {
            foreach (var ack in acks)
                _waiting.Remove(ack);
        }
    }

    private static string? Shorten(string? note) =>
        note is { Length: > Contracts.Limits.NoteLength } ? note[..Contracts.Limits.NoteLength] : note;
}
