using System.Globalization;
using System.Text;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Run.Process;

namespace SessionMesh.Cli.Attach;

/// <summary>
/// <c>--detach</c>: a watcher in a session of its own, that is this tool once more. It has our errors and a pipe to us until it watches,
/// and then nothing of ours: no terminal, no file, no directory.
/// </summary>
internal static class Background
{
    /// <summary>Says to the second one that it is in the background.</summary>
    public const string Flag = "--in-background";

    private const string Null = "/dev/null";

    /// <summary>Starts it, and waits until it watches or has given up.</summary>
    /// <param name="program">The words that run this tool.</param>
    /// <param name="arguments">Our own, without <c>--detach</c>.</param>
    /// <returns>Its process id, and what it says: the agent and its incarnation. Without those, its exit code.</returns>
    public static async Task<(int Pid, string? AgentId, int Incarnation, int Code)> StartAsync(
        IReadOnlyList<string> program, IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        InheritNothing();
        using var input = File.OpenHandle(Null);
        var (read, write) = Pipe();
        ChildProcess child;
        try
        {
            child = ChildReaper.Shared.Start(new SpawnRequest
            {
                File = program[0],
                Arguments = [.. program.Skip(1), .. arguments, Flag],
                Placement = Placement.NewSession,
                Stdin = (int)input.DangerousGetHandle(),
                Stdout = write,
            });
        }
        finally
        {
            _ = Native.Close(write);
        }

        // It has not said that it watches: then it is not to.
        await using var giveUp = cancellation.Register(() => ChildReaper.Shared.SignalGroup(child, Signals.Term));
        var said = await Task.Run(() => ReadToEnd(read), CancellationToken.None);
        _ = Native.Close(read);
        return said.Split('\n') is [var agent, var number, ..]
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var incarnation)
                ? (child.Pid, agent, incarnation, ExitCodes.Done)
                : (child.Pid, null, 0, (await child.Exited).ShellCode);
    }

    /// <summary>Starts it with nothing of ours, and does not wait to hear of it.</summary>
    /// <param name="program">The words that run this tool.</param>
    /// <param name="arguments">Those of <c>attach</c>.</param>
    /// <param name="without">A variable that it is not to inherit.</param>
    public static void Leave(IReadOnlyList<string> program, IReadOnlyList<string> arguments, string? without = null)
    {
        InheritNothing();
        using var nowhere = File.OpenHandle(Null, FileMode.Open, FileAccess.ReadWrite);
        var descriptor = (int)nowhere.DangerousGetHandle();
        _ = ChildReaper.Shared.Start(new SpawnRequest
        {
            File = program[0],
            Arguments = [.. program.Skip(1), .. arguments, Flag],
            Environment = without is null ? new() : new Dictionary<string, string?> { [without] = null },
            Placement = Placement.NewSession,
            Stdin = descriptor,
            Stdout = descriptor,
            Stderr = descriptor,
        });
    }

    /// <summary>In the second one: says which agent it watches, and lets go of all that was ours.</summary>
    public static unsafe void Ready(string agentId, int incarnation)
    {
        var line = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{agentId}\n{incarnation}\n"));
        fixed (byte* start = line)
        {
            _ = Native.Write(1, start, line.Length);
        }

        Directory.SetCurrentDirectory("/");
        using var nowhere = File.OpenHandle(Null, access: FileAccess.ReadWrite);
        var open = Descriptors().ToDictionary(descriptor => descriptor, TargetOf);

        // The runtime has copies of its own of what it prints to.
        string?[] ours = [open.GetValueOrDefault(0), open.GetValueOrDefault(1), open.GetValueOrDefault(2)];
        foreach (var descriptor in open.Keys.Where(descriptor => open[descriptor] is { } target && ours.Contains(target)))
        {
            _ = Native.Dup2((int)nowhere.DangerousGetHandle(), descriptor);
        }
    }

    /// <summary>Whoever started us may have left descriptors open in us, which are not to be held for as long as a process lives.</summary>
    private static void InheritNothing()
    {
        foreach (var descriptor in Descriptors().Where(descriptor => descriptor > 2))
        {
            _ = Native.Fcntl(descriptor, Platform.FSetFd, Platform.FdCloexec);
        }
    }

    private static List<int> Descriptors() =>
    [
        .. Directory.EnumerateFileSystemEntries("/proc/self/fd")
            .Select(path => int.Parse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture)),
    ];

    private static string? TargetOf(int descriptor)
    {
        try
        {
            return new FileInfo(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{descriptor}")).LinkTarget;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static unsafe (int Read, int Write) Pipe()
    {
        var ends = stackalloc int[2];
        return Native.Pipe2(ends, Platform.OpenCloexec) == 0
            ? (ends[0], ends[1])
            : throw new System.ComponentModel.Win32Exception(System.Runtime.InteropServices.Marshal.GetLastPInvokeError());
    }

    private static unsafe string ReadToEnd(int descriptor)
    {
        var text = new MemoryStream();
        var buffer = stackalloc byte[512];
        while (true)
        {
            var count = (int)Native.Read(descriptor, buffer, 512);
            if (count > 0)
            {
                text.Write(new ReadOnlySpan<byte>(buffer, count));
            }
            else if (count == 0 || System.Runtime.InteropServices.Marshal.GetLastPInvokeError() != Platform.EINTR)
            {
                return Encoding.UTF8.GetString(text.ToArray());
            }
        }
    }
}
