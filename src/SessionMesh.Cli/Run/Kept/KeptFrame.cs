using System.Buffers.Binary;

namespace SessionMesh.Cli.Run.Kept;

/// <summary>What a frame holds.</summary>
internal enum KeptKind : byte
{
    Stdout = 1,
    Stderr = 2,

    /// <summary>A life began; UTF-8 words about it.</summary>
    Life = 3,

    /// <summary>Bytes could not be kept here; UTF-8 words about it.</summary>
    Gap = 4,
}

/// <summary>
/// A piece of kept output: 16 bytes of head (kind, three that are 0, length, microseconds since 1970, little-endian), then the bytes. No
/// frame is more than <see cref="MostBytes"/>, none crosses a segment.
/// </summary>
/// <param name="At">When it was read from the process.</param>
internal readonly record struct KeptFrame(KeptKind Kind, DateTimeOffset At, ReadOnlyMemory<byte> Bytes)
{
    public const int HeadLength = 16;
    public const int MostBytes = 1 << 16;

    private static readonly long s_epoch = DateTimeOffset.UnixEpoch.Ticks;

    public static void WriteHead(Span<byte> head, KeptKind kind, int length, DateTimeOffset at)
    {
        head[..HeadLength].Clear();
        head[0] = (byte)kind;
        BinaryPrimitives.WriteInt32LittleEndian(head[4..], length);
        BinaryPrimitives.WriteInt64LittleEndian(head[8..], (at.UtcTicks - s_epoch) / TimeSpan.TicksPerMicrosecond);
    }

    /// <summary>False for what is no head: the file is damaged, or cut.</summary>
    public static bool TryReadHead(ReadOnlySpan<byte> head, out KeptKind kind, out int length, out DateTimeOffset at)
    {
        kind = (KeptKind)head[0];
        length = BinaryPrimitives.ReadInt32LittleEndian(head[4..]);
        var micros = BinaryPrimitives.ReadInt64LittleEndian(head[8..]);
        var isOne = kind is >= KeptKind.Stdout and <= KeptKind.Gap && length is >= 0 and <= MostBytes
            && micros is >= 0 and < 253_402_300_800_000_000;
        at = isOne ? DateTimeOffset.UnixEpoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond) : default;
        return isOne;
    }
}
