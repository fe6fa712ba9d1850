using SessionMesh.Contracts.Agents;

namespace SessionMesh.Client.Membership;

/// <summary>
/// Acks that the server has not taken yet, oldest first. They survive its absence and go out again, by themselves or in a
/// heartbeat; acks are idempotent, so twice does no harm. Bounded by the inbox, for which the same limit holds.
/// Thread-safe.
/// </summary>
internal sealed class AckOutbox
{
    private readonly Lock _gate = new();
    private readonly List<HeartbeatAck> _waiting = [];
    private Task _flushing = Task.CompletedTask;

    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count == 0;
            }
        }
    }

    public void Add(long seq, string state, string? note)
    {
        lock (_gate)
        {
            _waiting.Add(new HeartbeatAck { Seq = seq, State = state, Note = Shorten(note) });
        }
    }

    /// <summary>What waits now, or null when nothing does.</summary>
    public IReadOnlyList<HeartbeatAck>? Peek()
    {
        lock (_gate)
        {
            return _waiting.Count == 0 ? null : [.. _waiting];
        }
    }

    /// <summary>Whether it still waits: this very one, not one that says the same.</summary>
    public bool Holds(HeartbeatAck ack)
    {
        lock (_gate)
        {
            return _waiting.Exists(waiting => ReferenceEquals(waiting, ack));
        }
    }

    /// <summary>Forgets all: what they answer for is not there any more.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _waiting.Clear();
        }
    }

    /// <summary>Forgets exactly these: taken, or refused for good.</summary>
    public void Remove(IEnumerable<HeartbeatAck> acks)
    {
        lock (_gate)
        {
            foreach (var ack in acks)
            {
                _waiting.RemoveAll(waiting => ReferenceEquals(waiting, ack));
            }
        }
    }

    /// <summary>As much of a note as the server takes, without half a character at its end.</summary>
    public static string? Shorten(string? note) => note is { Length: > Contracts.Limits.NoteLength }
        ? note[..(Contracts.Limits.NoteLength - (char.IsHighSurrogate(note[Contracts.Limits.NoteLength - 1]) ? 1 : 0))]
        : note;

    /// <summary>
    /// Sends the waiting ones in order, until <paramref name="send"/> says of one that it is to be sent again, or the
    /// caller cancels. One flush at a time: the next begins after the one before.
    /// </summary>
    public Task FlushAsync(Func<HeartbeatAck, CancellationToken, Task<bool>> send, CancellationToken cancellation)
    {
        lock (_gate)
        {
            return _flushing = FlushAfterAsync(_flushing, send, cancellation);
        }
    }

    private async Task FlushAfterAsync(Task before, Func<HeartbeatAck, CancellationToken, Task<bool>> send, CancellationToken cancellation)
    {
        await before;
        try
        {
            while (Peek() is [var ack, ..] && await send(ack, cancellation))
            {
                Remove([ack]);
            }
        }
        catch (OperationCanceledException)
        {
            // What is left goes with the next call.
        }
    }
}
