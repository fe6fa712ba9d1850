namespace SessionMesh.Server.Sandbox;

/// <summary>Puts the frames of a stream of events together again, however they were cut on the way. Not thread-safe.</summary>
internal sealed class EventFrames
{
    private readonly List<byte> _open = [];

    /// <summary>The frames that end in these bytes; the rest waits for the next.</summary>
    public List<byte[]> Take(ReadOnlySpan<byte> bytes)
    {
        var frames = new List<byte[]>();
        foreach (var next in bytes)
        {
            _open.Add(next);
            if (next == '\n' && _open is [.., (byte)'\n', _])
            {
                frames.Add([.. _open]);
                _open.Clear();
            }
        }

        return frames;
    }

    /// <summary>Whether it has data: a comment and the time to reconnect have none.</summary>
    public static bool IsEvent(byte[] frame) => DataOf(frame) >= 0;

    /// <summary>The same event with the first half of its data.</summary>
    public static byte[] Break(byte[] frame)
    {
        var data = DataOf(frame);
        var length = frame.Length - data - 2;
        return [.. frame.AsSpan(0, data + (length / 2)), (byte)'\n', (byte)'\n'];
    }

    /// <summary>Where the data begins; -1 for none. The server writes it as the last line of the frame.</summary>
    private static int DataOf(byte[] frame)
    {
        if (frame.AsSpan().StartsWith("data: "u8))
        {
            return "data: "u8.Length;
        }

        var at = frame.AsSpan().IndexOf("\ndata: "u8);
        return at < 0 ? -1 : at + "\ndata: "u8.Length;
    }
}
