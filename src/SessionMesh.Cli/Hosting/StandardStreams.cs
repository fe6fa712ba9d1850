using System.Runtime.InteropServices;
using System.Text;

namespace SessionMesh.Cli.Hosting;

/// <summary>The reader of our output has closed it. Ends a command quietly.</summary>
internal sealed class OutputClosedException() : IOException("the reader of our output has gone");

/// <summary>Standard output takes nothing: the disk is full, or it was closed from the start.</summary>
internal sealed class OutputFailedException(string why) : IOException($"cannot write to standard output: {why}");

/// <summary>
/// Standard output and error in UTF-8. On Unix through write(2): <see cref="Console"/> swallows a closed pipe, and then
/// <c>events | head -1</c> never ends; a <see cref="FileStream"/> writes at offsets of its own, and then two commands
/// that share a redirection overwrite each other.
/// </summary>
internal static partial class StandardStreams
{
    public static TextWriter Writer(int descriptor, bool autoFlush = false)
    {
        return new StreamWriter(Open(descriptor), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 8192)
        {
            AutoFlush = autoFlush,
        };
    }

    /// <summary>Standard output (1) or error (2) as bytes, unbuffered.</summary>
    public static Stream Open(int descriptor) => OperatingSystem.IsWindows()
        ? descriptor == 1 ? Console.OpenStandardOutput() : Console.OpenStandardError()
        : new DescriptorStream(descriptor);

    /// <summary>Writes all of a text to standard error. False where it takes not all of it.</summary>
    public static bool TryWriteError(string text)
    {
        try
        {
            using var error = OperatingSystem.IsWindows() ? Console.OpenStandardError() : new DescriptorStream(2, failsAlways: true);
            error.Write(Encoding.UTF8.GetBytes(text));
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>
    /// The size of the terminal on standard output, or null. On Linux asked of the terminal itself: <see cref="Console"/>
    /// would first set it up, which writes an escape sequence to it that changes what the cursor keys send.
    /// </summary>
    public static unsafe (int Columns, int Lines)? Size()
    {
        const nuint GetWindowSize = 0x5413;
        if (OperatingSystem.IsLinux())
        {
            // Lines, columns, and the same in pixels.
            var size = stackalloc ushort[4];
            return Ioctl(1, GetWindowSize, size) == 0 && size[1] > 0 && size[0] > 0 ? (size[1], size[0]) : null;
        }

        try
        {
            return Console.WindowWidth > 0 && Console.WindowHeight > 0 ? (Console.WindowWidth, Console.WindowHeight) : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static unsafe partial int Ioctl(int descriptor, nuint request, void* argument);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static unsafe partial nint Write(int descriptor, byte* data, nuint count);

    /// <param name="failsAlways">Whether a write fails, too, that a person's eye alone depends on.</param>
    private sealed class DescriptorStream(int descriptor, bool failsAlways = false) : Stream
    {
        private const int Interrupted = 4;
        private const int BrokenPipe = 32;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override unsafe void Write(ReadOnlySpan<byte> buffer)
        {
            while (!buffer.IsEmpty)
            {
                nint written;
                fixed (byte* data = buffer)
                {
                    written = StandardStreams.Write(descriptor, data, (nuint)buffer.Length);
                }

                if (written >= 0)
                {
                    buffer = buffer[(int)written..];
                    continue;
                }

                switch (Marshal.GetLastPInvokeError())
                {
                    case Interrupted: continue;
                    case var _ when descriptor != 1 && !failsAlways: return; // nobody hears us, and the exit code says enough
                    case BrokenPipe: throw new OutputClosedException();
                    case var error: throw new OutputFailedException(Marshal.GetPInvokeErrorMessage(error));
                }
            }
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        // Written where it stands: the base class would start a pool of threads to do no more than this on one of them.
        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Write(buffer.Span);
            return ValueTask.CompletedTask;
        }

        public override void Flush()
        {
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
