using System.Diagnostics;

namespace SessionMesh.Benchmarks;

/// <summary>What one fsync of 4 KiB costs on the disk under a directory: no durable write can be quicker.</summary>
internal static class Fsync
{
    public static int Run(string directory)
    {
        var path = Path.Combine(directory, "fsync.probe");
        var times = new List<double>();
        using (var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose))
        {
            var block = new byte[4096];
            for (var i = 0; i < 500; i++)
            {
                file.Write(block);
                var began = Stopwatch.GetTimestamp();
                file.Flush(flushToDisk: true);
                times.Add(Stopwatch.GetElapsedTime(began).TotalMicroseconds);
            }
        }

        times.Sort();
        Console.WriteLine($"{times[250]:0} {times[495]:0}");
        return 0;
    }
}
