using System.Globalization;
using System.Text;

namespace SessionMesh.Cli.Run.Process;

/// <summary>Who a process is: its user, command, environment and age. All null when it is gone or not ours to look at.</summary>
internal static partial class ProcFs
{
    /// <summary>In which <c>/proc/PID/stat</c> counts, on every Linux that .NET runs on.</summary>
    private const long TicksPerSecond = 100;

    private static readonly Lazy<DateTimeOffset?> s_boot = new(ReadBootTime);

    /// <summary>The real user id.</summary>
    public static int? UserOf(int pid)
    {
        var line = Lines($"/proc/{pid}/status").FirstOrDefault(line => line.StartsWith("Uid:", StringComparison.Ordinal));
        var real = line?.Split('\t', StringSplitOptions.RemoveEmptyEntries)[1];
        return int.TryParse(real, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? id
            : null;
    }

    /// <summary>The arguments it was started with, with blanks between.</summary>
    public static string? CommandLine(int pid) =>
        Bytes($"/proc/{pid}/cmdline") is { Length: > 0 } bytes ? Encoding.UTF8.GetString(bytes).TrimEnd('\0').Replace('\0', ' ') : null;

    /// <summary>The same one by one; empty when it has none, or is gone.</summary>
    public static string[] ArgumentsOf(int pid) =>
        Bytes($"/proc/{pid}/cmdline") is { Length: > 0 } bytes ? Encoding.UTF8.GetString(bytes).TrimEnd('\0').Split('\0') : [];

    /// <summary>The file of its program.</summary>
    public static string? ProgramOf(int pid)
    {
        try
        {
            return new FileInfo($"/proc/{pid}/exe").LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public static DateTimeOffset? StartedAt(ProcEntry process) =>
        s_boot.Value?.AddMilliseconds(process.StartTime * (1000.0 / TicksPerSecond));

    /// <summary>These variables as they were when it began its program, each null where it had none.</summary>
    public static string?[]? EnvironmentOf(int pid, params ReadOnlySpan<string> names)
    {
        // The first thread may have ended, and with it what it shows, while others run.
        byte[]? bytes = null;
        foreach (var task in Tasks(pid))
        {
            bytes = Bytes(task + "/environ");
            if (bytes is { Length: > 0 })
            {
                break;
            }
        }

        if (bytes is null)
        {
            return null;
        }

        var values = new string?[names.Length];
        foreach (var entry in Encoding.UTF8.GetString(bytes).Split('\0'))
        {
            var equals = entry.IndexOf('=');
            if (equals < 0)
            {
                continue;
            }

            for (var i = 0; i < names.Length; i++)
            {
                if (entry.AsSpan(0, equals).SequenceEqual(names[i]))
                {
                    values[i] ??= entry[(equals + 1)..];
                }
            }
        }

        return values;
    }

    private static DateTimeOffset? ReadBootTime()
    {
        var line = Lines("/proc/stat").FirstOrDefault(line => line.StartsWith("btime ", StringComparison.Ordinal));
        return line is not null && long.TryParse(line["btime ".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;
    }

    private static string[] Lines(string path) => Bytes(path) is { } bytes ? Encoding.UTF8.GetString(bytes).Split('\n') : [];

    private static byte[]? Bytes(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            NoteMiss(e.HResult);
            return null;
        }
    }
}
