using System.ComponentModel;
using System.Runtime.InteropServices;

namespace SessionMesh.Cli.Run.Process;

internal enum PipeWrite
{
    /// <summary>All of it is in the pipe.</summary>
    Done,

    /// <summary>The pipe stayed full for the whole bound; not a byte of this write is in it.</summary>
    Full,

    /// <summary>Nobody reads any more.</summary>
    Closed,
}

/// <summary>
/// A pipe into a child's stdin. Writes never block a thread, and are all or nothing as far as a reader that is alive can
/// tell: once the first byte is in, the rest follows or the reader is gone. One writer at a time.
/// </summary>
internal sealed class ChildPipe : IDisposable
{
    /// <summary>Room for many directives, so that a slow reader does not hold up the next; what an unprivileged process may have.</summary>
    private const int Capacity = 1 << 20;

    private static readonly TimeSpan s_retry = TimeSpan.FromMilliseconds(20);
    private readonly TimeProvider _time;
    private int _read;
    private int _write;

    public unsafe ChildPipe(TimeProvider time)
    {
        _time = time;
        var ends = stackalloc int[2];

        // Both ends are born close-on-exec, so that no other child started meanwhile can hold the pipe open.
        var made = Platform.IsLinux ? Native.Pipe2(ends, Platform.OpenCloexec) : Native.Pipe(ends);
        if (made != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }

        (_read, _write) = (ends[0], ends[1]);
        if (!Platform.IsLinux)
        {
            _ = Native.Fcntl(_read, Platform.FSetFd, Platform.FdCloexec);
            _ = Native.Fcntl(_write, Platform.FSetFd, Platform.FdCloexec);
        }

        _ = Native.Fcntl(_write, Platform.FSetFl, Native.Fcntl(_write, Platform.FGetFl, 0) | Platform.OpenNonBlock);
        if (Platform.IsLinux)
        {
            _ = Native.Fcntl(_write, Platform.FSetPipeSize, Capacity);
        }
    }

    /// <summary>For <see cref="SpawnRequest.Stdin"/>.</summary>
    public int ReadEnd => _read;

    /// <summary>After the start of the child: the reading end is its alone, so that its end is seen here.</summary>
    public void CloseReadEnd() => Close(ref _read);

    /// <summary>The reader sees the end of its input.</summary>
    public void CloseWriteEnd() => Close(ref _write);

    public async Task<PipeWrite> WriteAsync(ReadOnlyMemory<byte> bytes, TimeSpan atMost, CancellationToken cancellation)
    {
        var began = _time.GetTimestamp();
        var started = false;
        while (!bytes.IsEmpty)
        {
            var written = Write(bytes.Span, out var errno);
            if (written > 0)
            {
                started = true;
                bytes = bytes[written..];
                continue;
            }

            if (errno == Platform.EINTR)
            {
                continue;
            }

            if (errno != Platform.EAGAIN)
            {
                return PipeWrite.Closed;
            }

            if (!started && _time.GetElapsedTime(began) >= atMost)
            {
                return PipeWrite.Full;
            }

            await Task.Delay(s_retry, _time, cancellation);
        }

        return PipeWrite.Done;
    }

    public void Dispose()
    {
        CloseReadEnd();
        CloseWriteEnd();
    }

    private unsafe int Write(ReadOnlySpan<byte> bytes, out int errno)
    {
        fixed (byte* start = bytes)
        {
            var written = (int)Native.Write(_write, start, bytes.Length);
            errno = written < 0 ? Marshal.GetLastPInvokeError() : 0;
            return written;
        }
    }

    private static void Close(ref int descriptor)
    {
        var closing = Interlocked.Exchange(ref descriptor, -1);
        if (closing >= 0)
        {
            _ = Native.Close(closing);
        }
    }
}
