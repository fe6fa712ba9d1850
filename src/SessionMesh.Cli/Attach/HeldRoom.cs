using System.Globalization;
using SessionMesh.Cli.Run.Process;

namespace SessionMesh.Cli.Attach;

/// <summary>How many processes this one may hold: each takes a descriptor, and all else needs some, too.</summary>
internal static class HeldRoom
{
    /// <summary>Connections to the mesh, files below <c>/proc</c> and those of the runtime.</summary>
    private const int Reserve = 64;

    private const int Least = 8;

    private const int Unknown = 1024;

    /// <summary>What the limit of open files leaves now.</summary>
    public static int Now()
    {
        try
        {
            var open = Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();
            return Math.Max(Least, Limit() - open - Reserve);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            ProcFs.NoteMiss(e.HResult);
            return Least;
        }
    }

    private static int Limit()
    {
        const string name = "Max open files";
        var line = File.ReadLines("/proc/self/limits").FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        return line?[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var soft, ..]
            ? int.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : int.MaxValue
            : Unknown;
    }
}
