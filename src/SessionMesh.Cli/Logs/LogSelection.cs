using SessionMesh.Cli.Run.Kept;

namespace SessionMesh.Cli.Logs;

/// <summary>Which frames are asked for.</summary>
/// <param name="Only">One stream; null for both.</param>
/// <param name="Since">Nothing older.</param>
internal sealed record LogSelection(KeptKind? Only, DateTimeOffset? Since)
{
    public bool Takes(KeptFrame frame) =>
        !(frame.At < Since) && (Only is not { } only || frame.Kind == only || frame.Kind is KeptKind.Life or KeptKind.Gap);

    /// <summary>Where the last lines begin. Text after the last line break counts as a line, too.</summary>
    public LogStart LastLines(string directory, int count)
    {
        var starts = new Queue<LogStart>();
        var isAtStart = true;
        var end = default(LogStart);
        using var reader = new KeptReader(directory);
        while (reader.Next() is { } frame)
        {
            end = new LogStart(reader.Place, frame.Bytes.Length);
            if (frame.Kind is not (KeptKind.Stdout or KeptKind.Stderr) || !Takes(frame))
            {
                continue;
            }

            for (var at = 0; at < frame.Bytes.Length;)
            {
                if (isAtStart)
                {
                    starts.Enqueue(new LogStart(reader.Place, at));
                    if (starts.Count > count)
                    {
                        starts.Dequeue();
                    }
                }

                var newline = frame.Bytes.Span[at..].IndexOf((byte)'\n');
                isAtStart = newline >= 0;
                at = newline < 0 ? frame.Bytes.Length : at + newline + 1;
            }
        }

        return starts.TryPeek(out var first) ? first : end;
    }
}

/// <summary>Where to begin to print.</summary>
/// <param name="Place">The frame.</param>
/// <param name="Byte">The byte in it.</param>
internal readonly record struct LogStart(KeptPlace Place, int Byte)
{
    /// <summary>What of a frame is at or past the start; null for nothing.</summary>
    public ReadOnlyMemory<byte>? Cut(KeptPlace place, ReadOnlyMemory<byte> bytes) => place.CompareTo(Place) switch
    {
        < 0 => default(ReadOnlyMemory<byte>?), // a bare null would become an empty memory
        0 when Byte >= bytes.Length => default(ReadOnlyMemory<byte>?),
        0 => bytes[Byte..],
        _ => bytes,
    };
}
