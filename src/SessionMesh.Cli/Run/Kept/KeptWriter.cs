using System.Text;
using SessionMesh.Cli.Output;
using SessionMesh.Storage;

namespace SessionMesh.Cli.Run.Kept;

/// <summary>
/// Keeps the last of what a process writes, in segments of an eighth of the size: before one is begun the oldest go, so that all of them
/// together are never more than the size, and at least seven eighths of it once there was so much. A disk that is full costs the bytes
/// that did not fit, and a line; it never stops the process. Thread-safe.
/// </summary>
internal sealed class KeptWriter : IDisposable
{
    public const long LeastSize = 64 << 10;
    public const long MostSize = 10L << 30;
    private const int Parts = 8;

    private readonly string _directory;
    private readonly FileStream _lock;
    private readonly long _size;
    private readonly RunLog _log;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly byte[] _frame = new byte[KeptFrame.HeadLength + KeptFrame.MostBytes];
    private FileStream? _segment;
    private int _number;
    private long _length;
    private long _lost;
    private bool _isClosed;

    private KeptWriter(string directory, FileStream held, long size, RunLog log, TimeProvider time)
    {
        (_directory, _lock, _size, _log, _time) = (directory, held, size, log, time);
        _number = KeptOutput.Segments(directory) is [.., var last] ? last : 0;
    }

    /// <summary>Begins to keep, after what an earlier runner of the agent left. Null, with a line, where that cannot be.</summary>
    public static KeptWriter? Open(KeptOutput kept, Uri url, string agentId, long size, RunLog log, TimeProvider time)
    {
        try
        {
            kept.Clear(time.GetUtcNow());
            if (kept.Take(url, agentId) is { } held)
            {
                return new KeptWriter(kept.DirectoryOf(url, agentId), held, size, log, time);
            }

            log.Warn("the process's output is not kept: another runner of this agent still lives on this machine and keeps its own");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.Warn($"the process's output is not kept: {FileWords.Of(e)}");
        }

        return null;
    }

    /// <summary>Marks the beginning of a life.</summary>
    public void Begin(int incarnation, int pid) =>
        Write(KeptKind.Life, Encoding.UTF8.GetBytes($"incarnation {incarnation}, process {pid}"));

    /// <summary>Keeps bytes of one stream, as one frame or, where a segment ends or they are many, as several.</summary>
    public void Write(KeptKind kind, ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            var at = _time.GetUtcNow();
            while (!bytes.IsEmpty && !_isClosed)
            {
                var piece = 0;
                try
                {
                    piece = Math.Min(Room(), bytes.Length);
                    if (_lost > 0)
                    {
                        Put(KeptKind.Gap, Encoding.UTF8.GetBytes($"{ByteSize.Of(_lost)} could not be kept"), at);
                        _lost = 0;
                        continue;
                    }

                    Put(kind, bytes[..piece], at);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    Lose(bytes.Length, e);
                    return;
                }

                bytes = bytes[piece..];
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
            _segment?.Dispose();
            _lock.Dispose();
        }
    }

    private long PartSize => _size / Parts;

    /// <summary>How many bytes the next frame may have; begins a segment where the last one is full.</summary>
    private int Room()
    {
        // Room for a gap's words as well, so that a segment never grows past its part.
        const int Least = KeptFrame.HeadLength + 64;
        if (_segment is null || _length + Least > PartSize)
        {
            Next();
        }

        return (int)Math.Min(PartSize - _length - KeptFrame.HeadLength, KeptFrame.MostBytes);
    }

    private void Next()
    {
        _segment?.Dispose();
        _segment = null;
        var segments = KeptOutput.Segments(_directory);
        var total = segments.Sum(number => new FileInfo(KeptOutput.Segment(_directory, number)).Length);
        foreach (var oldest in segments)
        {
            if (total + PartSize <= _size)
            {
                break;
            }

            var file = KeptOutput.Segment(_directory, oldest);
            total -= new FileInfo(file).Length;
            File.Delete(file);
        }

        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        _segment = new FileStream(KeptOutput.Segment(_directory, ++_number), options);
        _length = 0;
    }

    private void Put(KeptKind kind, ReadOnlySpan<byte> bytes, DateTimeOffset at)
    {
        KeptFrame.WriteHead(_frame, kind, bytes.Length, at);
        bytes.CopyTo(_frame.AsSpan(KeptFrame.HeadLength));
        var length = KeptFrame.HeadLength + bytes.Length;
        RandomAccess.Write(_segment!.SafeFileHandle, _frame.AsSpan(0, length), _length);
        _length += length;
    }

    /// <summary>The place of the next frame has not moved: it goes over what was written in part.</summary>
    private void Lose(int bytes, Exception why)
    {
        if (_lost == 0)
        {
            _log.Warn($"the process's output is not kept for now, and the process goes on: {FileWords.Of(why)}");
        }

        _lost += bytes;
        try
        {
            _segment?.SetLength(_length);
        }
        catch (IOException)
        {
            // What is left of the frame is cut off by the next one.
        }
    }
}
