using System.ComponentModel;
using System.Runtime.InteropServices;
using SessionMesh.Cli.Run.Process;

namespace SessionMesh.Cli.Run.Kept;

/// <summary>
/// Stands between one life of a process and our own stdout and stderr: two pipes, each with a thread that keeps what comes and passes it
/// on unchanged. When the reader of our stdout has gone, the pipe is closed, so that the process gets the SIGPIPE that it would get
/// without us.
/// </summary>
internal sealed class OutputTap : IDisposable
{
    /// <summary>
    /// What a pipe can hold at most. What came from processes that ended is in it at their end; more than that is a process out of reach,
    /// which may hold the pipe open for ever.
    /// </summary>
    private const int MostLeft = 1 << 20;

    /// <summary>For our reader to take the last words even when somebody wants us gone.</summary>
    private static readonly TimeSpan s_lastWord = TimeSpan.FromSeconds(3);

    private readonly Passage[] _streams;
    private readonly Ends _wake = Ends.Make();

    /// <param name="stdout">Where to pass on what comes on the process's stdout.</param>
    /// <param name="stderr">Where to pass on what comes on its stderr.</param>
    public OutputTap(KeptWriter keeper, RunLog log, int stdout = 1, int stderr = 2)
    {
        // On a terminal the process is in the foreground and we are not; with "stty tostop" our passing on would stop us.
        Spawner.RememberIgnoredSignals();
        _ = Native.Signal(Signals.Ttou, Native.SignalIgnored);
        _streams = [new Passage(KeptKind.Stdout, stdout, keeper, log, _wake), new Passage(KeptKind.Stderr, stderr, keeper, log, _wake)];
    }

    /// <summary>For <see cref="SpawnRequest.Stdout"/>.</summary>
    public int Stdout => _streams[0].WriteEnd;

    /// <summary>For <see cref="SpawnRequest.Stderr"/>.</summary>
    public int Stderr => _streams[1].WriteEnd;

    /// <summary>After the start of the child: the writing ends are its alone, and what it writes passes.</summary>
    public void Begin()
    {
        foreach (var stream in _streams)
        {
            stream.Begin();
        }
    }

    /// <summary>
    /// Once the process has ended and nothing of it is left: passes on what is still in the pipes. Waits for nobody who holds a pipe open,
    /// but for the reader of our own output, as every filter does, until <paramref name="leaving"/>.
    /// </summary>
    public async Task FinishAsync(TimeProvider time, CancellationToken leaving)
    {
        _wake.CloseWrite();
        var done = Task.WhenAll(_streams.Select(stream => stream.Done));
        try
        {
            await done.WaitAsync(s_lastWord, time, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            await done.WaitAsync(leaving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public void Dispose()
    {
        _wake.CloseWrite();
        foreach (var stream in _streams)
        {
            stream.Dispose();
        }

        if (Array.TrueForAll(_streams, stream => stream.Done.IsCompleted))
        {
            _wake.CloseRead();
        }
    }

    /// <summary>The two ends of a pipe, born close-on-exec.</summary>
    private sealed class Ends
    {
        private int _read;
        private int _write;

        public int Read => _read;

        public int Write => _write;

        public static unsafe Ends Make()
        {
            var ends = stackalloc int[2];
            if ((Platform.IsLinux ? Native.Pipe2(ends, Platform.OpenCloexec) : Native.Pipe(ends)) != 0)
            {
                throw new Win32Exception(Marshal.GetLastPInvokeError());
            }

            if (!Platform.IsLinux)
            {
                _ = Native.Fcntl(ends[0], Platform.FSetFd, Platform.FdCloexec);
                _ = Native.Fcntl(ends[1], Platform.FSetFd, Platform.FdCloexec);
            }

            return new Ends { _read = ends[0], _write = ends[1] };
        }

        public void CloseRead() => Close(ref _read);

        public void CloseWrite() => Close(ref _write);

        private static void Close(ref int descriptor)
        {
            var closing = Interlocked.Exchange(ref descriptor, -1);
            if (closing >= 0)
            {
                _ = Native.Close(closing);
            }
        }
    }

    private sealed class Passage(KeptKind kind, int to, KeptWriter keeper, RunLog log, Ends wake) : IDisposable
    {
        private readonly Ends _pipe = Ends.Make();
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private bool _hasWarned;
        private bool _hasBegun;

        public int WriteEnd => _pipe.Write;

        /// <summary>The last byte has passed, or nobody takes any.</summary>
        public Task Done => _done.Task;

        public void Begin()
        {
            _pipe.CloseWrite();
            _hasBegun = true;
            new Thread(Pass) { IsBackground = true, Name = $"output {kind}" }.Start();
        }

        public void Dispose()
        {
            _pipe.CloseWrite();
            if (!_hasBegun)
            {
                _pipe.CloseRead();
                _done.TrySetResult();
            }
        }

        private unsafe void Pass()
        {
            var buffer = new byte[KeptFrame.MostBytes];
            var left = MostLeft;
            try
            {
                while (left > 0 && Wait(out var isOver))
                {
                    nint read;
                    fixed (byte* start = buffer)
                    {
                        read = Native.Read(_pipe.Read, start, buffer.Length);
                    }

                    if (read < 0 && Marshal.GetLastPInvokeError() == Platform.EINTR)
                    {
                        continue;
                    }

                    if (read <= 0)
                    {
                        return;
                    }

                    left -= isOver ? (int)read : 0;
                    keeper.Write(kind, buffer.AsSpan(0, (int)read));
                    if (!Deliver(buffer.AsSpan(0, (int)read)))
                    {
                        return;
                    }
                }
            }
            finally
            {
                _pipe.CloseRead();
                _done.TrySetResult();
            }
        }

        /// <summary>Waits for something to read. False when there is nothing and the process is over.</summary>
        private unsafe bool Wait(out bool isOver)
        {
            var entries = stackalloc PollEntry[2];
            while (true)
            {
                entries[0] = new PollEntry { Descriptor = _pipe.Read, Wanted = Platform.PollIn };
                entries[1] = new PollEntry { Descriptor = wake.Read, Wanted = Platform.PollIn };
                var found = Native.Poll(entries, 2, -1);
                isOver = found > 0 && entries[1].Found != 0;
                if (found > 0)
                {
                    return entries[0].Found != 0;
                }

                if (found < 0 && Marshal.GetLastPInvokeError() != Platform.EINTR)
                {
                    return false;
                }
            }
        }

        /// <summary>Passes bytes on. False when their reader has gone.</summary>
        private unsafe bool Deliver(ReadOnlySpan<byte> bytes)
        {
            fixed (byte* start = bytes)
            {
                nint at = 0;
                while (at < bytes.Length)
                {
                    var written = Native.Write(to, start + at, bytes.Length - at);
                    if (written >= 0)
                    {
                        at += written;
                        continue;
                    }

                    var error = Marshal.GetLastPInvokeError();
                    if (error == Platform.EAGAIN)
                    {
                        // Somebody who shares the descriptor made it non-blocking.
                        var room = new PollEntry { Descriptor = to, Wanted = Platform.PollOut };
                        _ = Native.Poll(&room, 1, -1);
                    }
                    else if (error == Platform.EPIPE)
                    {
                        return false;
                    }
                    else if (error != Platform.EINTR)
                    {
                        Warn(error);
                        return true;
                    }
                }
            }

            return true;
        }

        /// <summary>A full disk behind our own output: what does not fit is lost there, and kept all the same.</summary>
        private void Warn(int error)
        {
            if (!_hasWarned)
            {
                _hasWarned = true;
                log.Warn($"cannot pass on what the process writes to its {kind.ToString().ToLowerInvariant()}, and the process goes on: "
                    + Marshal.GetPInvokeErrorMessage(error));
            }
        }
    }
}
