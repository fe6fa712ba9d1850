using System.Runtime.InteropServices;
using System.Text;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Run.Process;

/// <summary>
/// Starts a process with <c>posix_spawn</c>, which .NET's own Process class cannot be made to do as a supervisor must:
/// that class neither makes a session nor hands over a terminal, and it leaves SIGPIPE ignored in the child.
/// </summary>
internal static unsafe class Spawner
{
    /// <summary>
    /// Signals that were ignored when this process began, taken before anything of ours changed one: a child of
    /// <c>nohup</c> must stay deaf to HUP. SIGPIPE is not among them, since the runtime ignores it before we can look.
    /// </summary>
    private static readonly ulong s_ignoredAtStart = ReadIgnored() & ~BitOf(Signals.Pipe);

    /// <summary>Makes sure the signals ignored at the start are known before the caller changes any.</summary>
    public static void RememberIgnoredSignals() => _ = s_ignoredAtStart;

    /// <summary>Whether this signal was ignored when we were started, and so is to be ignored by the child as well.</summary>
    public static bool WasIgnored(int signal) => (s_ignoredAtStart & BitOf(signal)) != 0;

    /// <summary>Whether this signal is ignored now. False where the system does not say.</summary>
    public static bool IsIgnored(int signal) => (ReadIgnored() & BitOf(signal)) != 0;

    /// <summary>The new process's id.</summary>
    /// <exception cref="SpawnException">It could not be started; nothing was.</exception>
    public static int Start(SpawnRequest request)
    {
        using var memory = new NativeText();
        var attributes = memory.Zeroed(Native.Opaque);
        var actions = memory.Zeroed(Native.Opaque);
        var argv = memory.Vector([request.File, .. request.Arguments]);
        var envp = ChildEnvironment(memory, request.Environment);
        Check(request, Native.SpawnAttrInit(attributes));
        Check(request, Native.SpawnActionsInit(actions));
        try
        {
            SetSignals(request, memory, attributes);
            Place(request, attributes, actions);
            if (request.Stdin is { } stdin)
            {
                Check(request, Native.SpawnActionsAddDup2(actions, stdin, 0));
            }

            if (request.Stdout is { } stdout)
            {
                Check(request, Native.SpawnActionsAddDup2(actions, stdout, 1));
            }

            if (request.Stderr is { } stderr)
            {
                Check(request, Native.SpawnActionsAddDup2(actions, stderr, 2));
            }

            int pid;
            Check(request, Native.PosixSpawnP(&pid, memory.Text(request.File), actions, attributes, argv, envp));
            return pid;
        }
        finally
        {
            _ = Native.SpawnActionsDestroy(actions);
            _ = Native.SpawnAttrDestroy(attributes);
        }
    }

    /// <summary>The child starts with every signal unblocked and, unless it was ignored before us, at its default.</summary>
    private static void SetSignals(SpawnRequest request, NativeText memory, void* attributes)
    {
        var set = memory.Zeroed(Native.Opaque);
        _ = Native.SigEmptySet(set);
        Check(request, Native.SpawnAttrSetSigMask(attributes, set));
        for (var signal = 1; signal <= Signals.LastStandard; signal++)
        {
            if (!WasIgnored(signal) && signal != Signals.Kill && signal != Signals.Stop)
            {
                _ = Native.SigAddSet(set, signal);
            }
        }

        Check(request, Native.SpawnAttrSetSigDefault(attributes, set));
    }

    private static void Place(SpawnRequest request, void* attributes, void* actions)
    {
        var flags = (short)(Platform.SpawnSetSigDef | Platform.SpawnSetSigMask);
        if (request.Placement == Placement.NewSession)
        {
            flags |= Platform.SpawnSetSid;
        }
        else
        {
            flags |= Platform.SpawnSetPgroup;
            Check(request, Native.SpawnAttrSetPgroup(attributes, 0));

            // Where the library can, the child takes the terminal itself before it runs a line, so that it can never
            // find itself in the background. Elsewhere the parent hands it over right after, and continues the child.
            var take = (delegate* unmanaged<void*, int, int>)Native.Export("posix_spawn_file_actions_addtcsetpgrp_np");
            if (take is not null && request.Terminal >= 0)
            {
                Check(request, take(actions, request.Terminal));
            }
        }

        Check(request, Native.SpawnAttrSetFlags(attributes, flags));
    }

    /// <summary>Our own environment, bytes as they are, but for the given variables and the server's secret.</summary>
    private static byte** ChildEnvironment(NativeText memory, IReadOnlyDictionary<string, string?> changes)
    {
        var entries = new List<nint>();
        var environ = *(byte***)Native.Export("environ");
        for (var entry = environ; entry is not null && *entry is not null; entry++)
        {
            var name = NameOf(*entry);
            if (!changes.ContainsKey(name) && !DatabaseSecret.IsIn(name))
            {
                entries.Add((nint)(*entry));
            }
        }

        foreach (var (changed, value) in changes)
        {
            if (value is not null)
            {
                entries.Add((nint)memory.Text($"{changed}={value.Replace('\0', '\uFFFD')}"));
            }
        }

        return memory.Vector(entries);
    }

    private static string NameOf(byte* entry)
    {
        var text = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry);
        var equals = text.IndexOf((byte)'=');
        return Encoding.UTF8.GetString(equals < 0 ? text : text[..equals]);
    }

    private static ulong BitOf(int signal) => 1UL << (signal - 1);

    private static ulong ReadIgnored()
    {
        if (!Platform.IsLinux)
        {
            return 0;
        }

        foreach (var line in File.ReadLines("/proc/self/status"))
        {
            if (line.StartsWith("SigIgn:", StringComparison.Ordinal))
            {
                return Convert.ToUInt64(line["SigIgn:".Length..].Trim(), 16);
            }
        }

        return 0;
    }

    private static void Check(SpawnRequest request, int errno)
    {
        if (errno != 0)
        {
            throw new SpawnException(request.File, errno, Marshal.GetPInvokeErrorMessage(errno));
        }
    }
}
