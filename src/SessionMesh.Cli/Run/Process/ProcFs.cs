using System.Globalization;

namespace SessionMesh.Cli.Run.Process;

/// <summary>What the kernel says of one process. Start time tells it from a later process with the same id.</summary>
internal readonly record struct ProcEntry(int Pid, int ParentPid, int Group, char State, ulong StartTime)
{
    /// <summary>Stopped by a signal, or held by a debugger: it runs nothing.</summary>
    public bool IsStopped => State is 'T' or 't';

    /// <summary>Ended, and only waiting for its parent to notice.</summary>
    public bool IsOver => State is 'Z' or 'X' or 'x';
}

/// <summary>Reads the process table of Linux. Every answer may be out of date when it arrives: callers loop.</summary>
internal static partial class ProcFs
{
    private static readonly bool s_hasChildrenFile =
        File.Exists($"/proc/self/task/{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}/children");

    private static long s_misses;

    /// <summary>
    /// How often we could not look, for want of descriptors or memory. Where it has grown over a question, "nothing" is no answer to it.
    /// </summary>
    public static long Misses => Interlocked.Read(ref s_misses);

    /// <summary>Null when the process no longer exists, or could not be looked at; see <see cref="Misses"/>.</summary>
    public static ProcEntry? Read(int pid) => ReadStat(pid, $"/proc/{pid}/stat");

    /// <summary>Whether the process runs nothing: a process's own entry shows its first thread alone. True when it is gone.</summary>
    public static bool AreAllThreadsStopped(int pid)
    {
        var misses = Misses;
        return Tasks(pid).All(task => ReadStat(pid, task + "/stat") is not { } thread || thread.IsStopped || thread.IsOver)
            && Misses == misses;
    }

    /// <summary>Whether any of its threads is inside the kernel where no signal but KILL reaches it.</summary>
    public static bool IsInsideKernel(int pid) => Tasks(pid).Any(task => ReadStat(pid, task + "/stat") is { State: 'D' });

    /// <summary>Whether nothing of it runs any more. A process whose first thread has ended looks over though others of it run.</summary>
    public static bool IsGone(int pid)
    {
        var misses = Misses;
        return Tasks(pid).All(task => ReadStat(pid, task + "/stat") is not { IsOver: false }) && Misses == misses;
    }

    /// <summary>Counts it where a look failed for want of descriptors or memory.</summary>
    /// <param name="error">Of the system.</param>
    public static void NoteMiss(int error)
    {
        if (error is Platform.EMFILE or Platform.ENFILE or Platform.ENOMEM)
        {
            Interlocked.Increment(ref s_misses);
        }
    }

    /// <summary>Every process there is, as far as we may see.</summary>
    public static IEnumerable<ProcEntry> All() =>
        Directories("/proc")
            .Select(path => int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                ? Read(pid)
                : null)
            .OfType<ProcEntry>();

    private static ProcEntry? ReadStat(int pid, string path)
    {
        try
        {
            return Parse(pid, File.ReadAllText(path));
        }
        catch (IOException e)
        {
            NoteMiss(e.HResult);
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Every living process below <paramref name="root"/>, at any depth, without the root itself.</summary>
    public static List<ProcEntry> Descendants(int root, IReadOnlySet<int>? except = null)
    {
        var childrenOf = s_hasChildrenFile ? (Func<int, IEnumerable<int>>)ChildrenFromFiles : ChildrenFromScan();
        var found = new List<ProcEntry>();
        var seen = new HashSet<int> { root };
        var open = new Stack<int>([root]);
        while (open.TryPop(out var parent))
        {
            foreach (var child in childrenOf(parent))
            {
                if (except?.Contains(child) == true || !seen.Add(child) || Read(child) is not { } entry)
                {
                    continue;
                }

                // One whose first thread has ended looks over though others of it run.
                if (!entry.IsOver || !IsGone(child))
                {
                    found.Add(entry);
                }

                open.Push(child);
            }
        }

        return found;
    }

    private static IEnumerable<int> ChildrenFromFiles(int pid)
    {
        foreach (var task in Tasks(pid))
        {
            string text;
            try
            {
                text = File.ReadAllText(task + "/children");
            }
            catch (IOException e)
            {
                NoteMiss(e.HResult);
                continue;
            }
            catch (UnauthorizedAccessException)
            {
                continue;
            }

            foreach (var child in text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                yield return int.Parse(child, CultureInfo.InvariantCulture);
            }
        }
    }

    private static string[] Tasks(int pid) => Directories($"/proc/{pid}/task");

    private static string[] Directories(string path)
    {
        try
        {
            return Directory.GetDirectories(path);
        }
        catch (IOException e)
        {
            NoteMiss(e.HResult);
            return [];
        }
        catch (UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>For kernels without the children files: one pass over all processes.</summary>
    private static Func<int, IEnumerable<int>> ChildrenFromScan()
    {
        var byParent = All().ToLookup(entry => entry.ParentPid, entry => entry.Pid);
        return pid => byParent[pid];
    }

    /// <summary>The name stands in parentheses and may itself contain any character, so the fields start after the last one.</summary>
    private static ProcEntry? Parse(int pid, string stat)
    {
        var end = stat.LastIndexOf(')');
        if (end < 0)
        {
            return null;
        }

        var fields = stat[(end + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length < 20
            ? null
            : new ProcEntry(
                pid,
                int.Parse(fields[1], CultureInfo.InvariantCulture),
                int.Parse(fields[2], CultureInfo.InvariantCulture),
                fields[0][0],
                ulong.Parse(fields[19], CultureInfo.InvariantCulture));
    }
}
