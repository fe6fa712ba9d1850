using System.Diagnostics;

namespace SessionMesh.Server.Tests.Support;

/// <summary>A file system of a few MiB of its own, that can truly be full. To mount one takes root.</summary>
internal sealed class TinyDisk : IDisposable
{
    private readonly string _image;

    private TinyDisk(string path, string image) => (Path, _image) = (path, image);

    public string Path { get; }

    public long Free => new DriveInfo(Path).AvailableFreeSpace;

    /// <param name="kind"><c>tmpfs</c>, or <c>ext4</c> on an image.</param>
    /// <exception cref="InvalidOperationException">It cannot be had here.</exception>
    public static TinyDisk Mount(string kind, int mebibytes)
    {
        var disk = new TinyDisk(Directory.CreateTempSubdirectory("mesh-disk-").FullName, System.IO.Path.GetTempFileName());
        try
        {
            if (kind == "tmpfs")
            {
                Run("mount", "-t", "tmpfs", "-o", $"size={mebibytes}m", "tmpfs", disk.Path);
            }
            else
            {
                Run("truncate", "-s", $"{mebibytes}M", disk._image);
                Run("mkfs.ext4", "-q", "-m", "0", disk._image); // nothing that root alone may use: the tests are root
                Run("mount", "-o", "loop", disk._image, disk.Path);
            }

            return disk;
        }
        catch
        {
            disk.Clear();
            throw;
        }
    }

    /// <summary>Fills it to the last block.</summary>
    public void Fill()
    {
        using var file = File.OpenHandle(Filler, FileMode.OpenOrCreate, FileAccess.Write);
        var piece = new byte[1 << 20];
        Random.Shared.NextBytes(piece);
        for (var (at, size) = (RandomAccess.GetLength(file), piece.Length); size > 0;)
        {
            try
            {
                RandomAccess.Write(file, piece.AsSpan(0, size), at);
                at += size;
            }
            catch (IOException)
            {
                size /= 2;
            }
        }

        RandomAccess.FlushToDisk(file);
    }

    public void Empty() => File.Delete(Filler);

    public void Dispose()
    {
        Run("umount", Path);
        Clear();
    }

    private string Filler => System.IO.Path.Combine(Path, "filler");

    private void Clear()
    {
        Directory.Delete(Path, recursive: true);
        File.Delete(_image);
    }

    private static void Run(string program, params string[] arguments)
    {
        Process? process;
        try
        {
            process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, UseShellExecute = false });
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new InvalidOperationException($"{program} is not there", e);
        }

        using (process)
        {
            var said = process!.StandardError.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0)
            {
                throw new InvalidOperationException($"{program}: {said}");
            }
        }
    }
}

/// <summary>A test that needs a disk of its own; skipped, with the reason, where none can be mounted.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class TinyDiskFactAttribute : FactAttribute
{
    public TinyDiskFactAttribute(string kind)
    {
        try
        {
            TinyDisk.Mount(kind, 8).Dispose();
        }
        catch (InvalidOperationException e)
        {
            Skip = $"no {kind} can be mounted here: {e.Message}";
        }
    }
}
