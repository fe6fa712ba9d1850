using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Run.Orphans;
using SessionMesh.Cli.Settings;

namespace SessionMesh.Cli.Run.Kept;

/// <summary>
/// Where <c>run --keep-output</c> keeps what processes write: a directory an agent, below the tool's own under the XDG state directory, on
/// this machine alone. Its name has a hash of the server's address and the agent's id, so that agents of one id in two meshes never mix.
/// </summary>
/// <remarks>
/// In the directory lie <c>about</c> (the server's address and the agent's id), <c>lock</c>, which the runner holds for as long as it
/// lives, and segments, numbered as they were begun. Directories have mode 0700, files 0600.
/// </remarks>
internal sealed class KeptOutput(string root)
{
    /// <summary>Output of agents that nobody runs is removed once it is this old…</summary>
    public static readonly TimeSpan MostAge = TimeSpan.FromDays(30);

    /// <summary>…or when there are this many newer ones.</summary>
    public const int MostAgents = 100;

    private const string About = "about";
    private const string LockName = "lock";
    private const string SegmentEnd = ".seg";

    public static KeptOutput Of(CliHost host) => new(Path.Combine(StateDirectory.Of(host), "output"));

    public string DirectoryOf(Uri url, string agentId)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{OrphanSearch.UrlText(url)}\n{agentId}"));
        return Path.Combine(root, $"{agentId}.{Convert.ToHexStringLower(hash.AsSpan(0, 8))}");
    }

    /// <summary>
    /// Makes the agent's directory and takes its lock, which is given back when disposed of. Null when another runner holds it.
    /// </summary>
    public FileStream? Take(Uri url, string agentId)
    {
        var directory = DirectoryOf(url, agentId);
        PrivateFiles.MakeDirectory(directory);
        var held = TryLock(directory);
        if (held is not null && !File.Exists(held.Name))
        {
            // Another runner cleared the directory before we had the lock; it is ours now, and made anew.
            held.Dispose();
            PrivateFiles.MakeDirectory(directory);
            held = TryLock(directory);
        }

        if (held is null)
        {
            return null;
        }

        var about = Path.Combine(directory, About);
        if (!File.Exists(about))
        {
            PrivateFiles.Write(about, Encoding.UTF8.GetBytes($"{OrphanSearch.UrlText(url)}\n{agentId}\n"));
        }

        return held;
    }

    /// <summary>The servers for which output of an agent of this id is kept.</summary>
    public IReadOnlyList<string> ServersOf(string agentId)
    {
        if (!Directory.Exists(root))
        {
            return [];
        }

        var servers = new List<string>();
        foreach (var directory in Directory.EnumerateDirectories(root, $"{agentId}.*"))
        {
            var about = Path.Combine(directory, About);
            if (File.Exists(about) && File.ReadAllLines(about) is [var server, var id, ..]
                && id == agentId && Segments(directory).Count > 0)
            {
                servers.Add(server);
            }
        }

        return [.. servers.Order(StringComparer.Ordinal)];
    }

    /// <summary>
    /// Removes the output of agents that nobody runs, where it is older than <see cref="MostAge"/> or there are <see cref="MostAgents"/>
    /// newer ones.
    /// </summary>
    public void Clear(DateTimeOffset now)
    {
        if (!Directory.Exists(root))
        {
            return;
        }

        var newestFirst = Directory.EnumerateDirectories(root)
            .Select(directory => (Directory: directory, At: WrittenAt(directory)))
            .OrderByDescending(one => one.At)
            .ToList();
        for (var i = 0; i < newestFirst.Count; i++)
        {
            if (i >= MostAgents || now - newestFirst[i].At > MostAge)
            {
                Remove(newestFirst[i].Directory);
            }
        }
    }

    /// <summary>Numbers of the segments, oldest first.</summary>
    public static List<int> Segments(string directory)
    {
        var numbers = new List<int>();
        if (Directory.Exists(directory))
        {
            foreach (var file in Directory.EnumerateFiles(directory, $"*{SegmentEnd}"))
            {
                if (int.TryParse(Path.GetFileNameWithoutExtension(file), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                {
                    numbers.Add(number);
                }
            }
        }

        numbers.Sort();
        return numbers;
    }

    public static string Segment(string directory, int number) => Path.Combine(directory, $"{number:D9}{SegmentEnd}");

    /// <summary>Whether a runner writes there now.</summary>
    public static bool IsLive(string directory)
    {
        try
        {
            using var shared = new FileStream(Path.Combine(directory, LockName), FileMode.Open, FileAccess.Read, FileShare.Read);
            return false;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>What a runner holds stays, as does what another one is removing.</summary>
    private static void Remove(string directory)
    {
        try
        {
            if (TryLock(directory) is { } held)
            {
                using (held)
                {
                    Directory.Delete(directory, recursive: true);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next runner tries again.
        }
    }

    private static FileStream? TryLock(string directory)
    {
        // A reader that looks whether we live holds the lock for a moment, so ask more than once.
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return PrivateFiles.Open(Path.Combine(directory, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite);
            }
            catch (IOException e) when (e is not DirectoryNotFoundException && attempt < 5 && IsLive(directory))
            {
                Thread.Yield();
            }
            catch (IOException) when (IsLive(directory))
            {
                return null;
            }
        }
    }

    private static DateTimeOffset WrittenAt(string directory)
    {
        var segments = Segments(directory);
        return new DateTimeOffset(
            segments.Count > 0 ? File.GetLastWriteTimeUtc(Segment(directory, segments[^1])) : Directory.GetLastWriteTimeUtc(directory));
    }
}
