namespace SessionMesh.Cli.Run.Kept;

/// <summary>A place in kept output: a segment, and a byte in it.</summary>
internal readonly record struct KeptPlace(int Segment, long Offset) : IComparable<KeptPlace>
{
    public int CompareTo(KeptPlace other) => Segment != other.Segment ? Segment.CompareTo(other.Segment) : Offset.CompareTo(other.Offset);
}

/// <summary>
/// Reads an agent's kept output, frame by frame, while it may still grow. It holds the segment that it reads, so that one that is removed
/// meanwhile is read to its end; where whole segments went, the reading goes on with the oldest that is left.
/// </summary>
internal sealed class KeptReader(string directory) : IDisposable
{
    private readonly byte[] _head = new byte[KeptFrame.HeadLength];
    private readonly byte[] _bytes = new byte[KeptFrame.MostBytes];
    private FileStream? _segment;
    private KeptPlace _next;

    /// <summary>Where the frame that was read last begins.</summary>
    public KeptPlace Place { get; private set; }

    /// <summary>Whether segments went before they were read.</summary>
    public bool HasMissed { get; private set; }

    /// <summary>The next frame, or null when there is none now. Its bytes are good until the next call.</summary>
    public KeptFrame? Next()
    {
        while (true)
        {
            if (_segment is not null && ReadFrame() is { } frame)
            {
                return frame;
            }

            // Looked for before the last look: a segment is complete once there is another.
            var later = KeptOutput.Segments(directory).Find(number => number > _next.Segment);
            if (later == 0)
            {
                return null;
            }

            if (_segment is not null && ReadFrame() is { } last)
            {
                return last;
            }

            HasMissed |= _next.Segment > 0 && later > _next.Segment + 1;
            Open(later);
        }
    }

    public void Dispose() => _segment?.Dispose();

    private void Open(int number)
    {
        _segment?.Dispose();
        _segment = null;
        try
        {
            _segment = new FileStream(
                KeptOutput.Segment(directory, number),
                FileMode.Open,
                FileAccess.Read,
                FileShare.ReadWrite | FileShare.Delete,
                bufferSize: 0);
        }
        catch (FileNotFoundException)
        {
            HasMissed = true; // it went between the look and this
        }

        _next = new KeptPlace(number, 0);
    }

    /// <summary>Null where the frame is not there as a whole.</summary>
    private KeptFrame? ReadFrame()
    {
        var handle = _segment!.SafeFileHandle;
        if (Fill(_head, _next.Offset) < KeptFrame.HeadLength
            || !KeptFrame.TryReadHead(_head, out var kind, out var length, out var at)
            || Fill(_bytes.AsSpan(0, length), _next.Offset + KeptFrame.HeadLength) < length)
        {
            return null;
        }

        Place = _next;
        _next = _next with { Offset = _next.Offset + KeptFrame.HeadLength + length };
        return new KeptFrame(kind, at, _bytes.AsMemory(0, length));

        int Fill(Span<byte> into, long offset)
        {
            var filled = 0;
            while (filled < into.Length)
            {
                var read = RandomAccess.Read(handle, into[filled..], offset + filled);
                if (read == 0)
                {
                    break;
                }

                filled += read;
            }

            return filled;
        }
    }
}
