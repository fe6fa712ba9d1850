using System.Globalization;
using System.Text;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Run.Orphans;
using SessionMesh.Cli.Run.Process;
using SessionMesh.Cli.Settings;
using SessionMesh.Storage;

namespace SessionMesh.Cli.Attach;

/// <summary>
/// What this machine knows of a process that is under the mesh by <c>attach</c>: which agent it is, so that the next watcher goes on where
/// one that was killed left off. Held open by the watcher for as long as it watches, so that there is one: of a process, or of each agent
/// in it that a hook has registered, since some programs have many sessions in one process. Below the XDG state directory, mode 0600.
/// </summary>
internal sealed class AttachRecord : IDisposable
{
    private const int MostBytes = 4096;

    /// <summary>A file that is being removed is found at most once or twice in a row.</summary>
    private const int MostAttempts = 5;

    private readonly FileStream _file;

    private AttachRecord(FileStream file) => _file = file;

    /// <summary>Of the watcher before; null where there was none, or in another mesh.</summary>
    public AttachedLife? Last { get; private set; }

    /// <summary>Null where somebody watches the process already, or that agent of it.</summary>
    /// <param name="hooked">An agent that a hook has registered; null for the process as a whole: then nobody else is to watch it.</param>
    public static AttachRecord? Take(CliHost host, Uri url, ProcEntry process, string? hooked = null)
    {
        var path = PathOf(host, process, hooked);
        var directory = Path.GetDirectoryName(path)!;
        PrivateFiles.MakeDirectory(directory);
        Clear(directory);
        if (hooked is null && Directory.EnumerateFiles(directory)
            .Any(other => other.StartsWith(path + ".", StringComparison.Ordinal) && IsHeld(other)))
        {
            return null;
        }

        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var file = PrivateFiles.Open(path, FileMode.OpenOrCreate, FileAccess.ReadWrite);
                if (File.Exists(path))
                {
                    var record = new AttachRecord(file);
                    record.Read(OrphanSearch.UrlText(url));
                    return record;
                }

                file.Dispose(); // the watcher before removed it while we opened it: nobody else would see that we hold it
            }
            catch (IOException) when (File.Exists(path))
            {
                return null;
            }
            catch (IOException) when (attempt < MostAttempts)
            {
                // The same, a moment earlier.
            }
        }
    }

    /// <summary>Whether somebody watches that agent of a process.</summary>
    public static bool IsWatched(CliHost host, ProcEntry process, string hooked) => IsHeld(PathOf(host, process, hooked));

    public void Write(Uri url, AttachedLife life)
    {
        _file.SetLength(0);
        _file.Write(Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"{OrphanSearch.UrlText(url)}\n{life.AgentId}\n{life.Incarnation}\n{life.Epoch}\n{life.CreatedAt:O}\n")));
        _file.Flush(flushToDisk: true);
    }

    /// <summary>The process has ended: nobody goes on from here.</summary>
    public void Delete()
    {
        File.Delete(_file.Name);
        _file.Dispose();
    }

    public void Dispose() => _file.Dispose();

    private static string PathOf(CliHost host, ProcEntry process, string? hooked) => Path.Combine(
        StateDirectory.Of(host), "attached",
        string.Create(CultureInfo.InvariantCulture, $"{process.Pid}.{process.StartTime}.{RunnerMark.Ours?.Namespace}")
        + (hooked is null ? "" : "." + hooked));

    private static bool IsHeld(string path)
    {
        try
        {
            using var held = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (IOException e)
        {
            return FileWords.IsInUse(e);
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Removes the records of processes that are gone.</summary>
    private static void Clear(string directory)
    {
        foreach (var path in Directory.EnumerateFiles(directory))
        {
            if (Path.GetFileName(path).Split('.', 4) is not [var pid, var start, var space, ..] || space != RunnerMark.Ours?.Namespace
                || !int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                || (ProcFs.Read(id) is { } now && !ProcFs.IsGone(id) && start == now.StartTime.ToString(CultureInfo.InvariantCulture)))
            {
                continue;
            }

            try
            {
                using var held = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                File.Delete(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Its watcher removes it.
            }
        }
    }

    private void Read(string url)
    {
        var text = new byte[Math.Min(_file.Length, MostBytes)];
        _file.ReadExactly(text);
        if (Encoding.UTF8.GetString(text).Split('\n') is [var mesh, var agent, var number, var epoch, var created, ..] && mesh == url
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var incarnation)
            && long.TryParse(epoch, NumberStyles.None, CultureInfo.InvariantCulture, out var store)
            && DateTimeOffset.TryParse(created, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var at))
        {
            Last = new AttachedLife(agent, incarnation, store, at);
        }
    }
}
