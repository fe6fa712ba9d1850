using System.Text.RegularExpressions;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Crash;

/// <summary>
/// A file that is made open and closed a moment later was open for that moment, and whoever opened it then still reads it. Only the
/// kernel's account of the server's calls shows the mode with which each file begins.
/// </summary>
public sealed partial class FileModeTests
{
    /// <summary>Under a umask that takes nothing away.</summary>
    [Fact]
    public async Task EveryFileOfTheStore_IsItsOwnersAloneFromItsFirstByte()
    {
        await using var mesh = new Mesh();
        var trace = mesh.Scratch.File("trace");
        mesh.Server.Under =
        [
            "bash", "-c", "umask 000; exec \"$@\"", "bash",
            "strace", "-f", "-D", "-s", "300", "-o", trace, "-e", "trace=open,openat,creat,mkdir,mkdirat,unlink,unlinkat,rename,renameat",
        ];
        await mesh.InitializeAsync();
        var backup = mesh.Scratch.File("mesh.backup");
        await AdminAsync(mesh, "backup", "--out", backup);
        await AdminAsync(mesh, "new-root", "--keep-children", "--yes");
        await AdminAsync(mesh, "restore", backup, "--yes");
        await Eventually.True(
            () => File.Exists(Path.Combine(mesh.Server.Data, "mesh.db"))
                && Directory.GetFiles(mesh.Server.Data, "*.before-restore-*").Length > 0,
            () => $"the restored store is in place\n{mesh.Server.Printed}");
        await mesh.Server.StopAsync();

        var made = ModesAtBirth(await File.ReadAllLinesAsync(trace), mesh.Server.Data);
        Assert.All(made, file => Assert.Equal([file.Key is "." or "tmp" ? "0700" : "0600"], file.Value));
        Assert.Superset(
            new HashSet<string>([
                ".", "lock", "mesh.db", "mesh.db-wal", "mesh.db-shm", "reserve", "root.address.new", "root.key.new", "tmp", "tmp/RANDOM.db",
            ]),
            made.Keys.ToHashSet());
        Assert.All(
            Directory.EnumerateFiles(mesh.Server.Data),
            file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, ModeOf(file)));
    }

    /// <summary>
    /// By name within the directory. SQLite asks for 0644 whenever it opens a file, which means nothing for one that is there; so what
    /// counts is the first call for a name until that name is gone.
    /// </summary>
    private static Dictionary<string, HashSet<string>> ModesAtBirth(IEnumerable<string> trace, string directory)
    {
        var made = new Dictionary<string, HashSet<string>>();
        var there = new HashSet<string>();
        foreach (var call in trace.Select(line => Call().Match(line)).Where(call => call.Success))
        {
            var path = call.Groups["path"].Value;
            if (!path.StartsWith(directory, StringComparison.Ordinal))
            {
                continue;
            }

            if (call.Groups["mode"] is not { Success: true } mode)
            {
                there.Remove(path);
                there.Add(call.Groups["to"].Value);
            }
            else if (there.Add(path))
            {
                var name = Random().Replace(Path.GetRelativePath(directory, path), "RANDOM");
                (made.TryGetValue(name, out var modes) ? modes : made[name] = []).Add(mode.Value);
            }
        }

        return made;
    }

    private static async Task AdminAsync(Mesh mesh, params string[] command)
    {
        var environment = new Dictionary<string, string>(mesh.Scratch.Environment()) { ["SESSION_MESH_DATA"] = mesh.Server.Data };
        using var tool = new Started(Built.Tool, ["admin", .. command, "--url", mesh.Server.Url], environment, mesh.Scratch.Root);
        var ran = await tool.EndAsync();
        Assert.True(ran.Code == 0, $"{command[0]}: {ran}");
    }

    private static UnixFileMode ModeOf(string path) => OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(path);

    /// <summary>A call that makes a file or a directory, or takes its name away.</summary>
    [GeneratedRegex(
        """
        \ (open(at)?\((AT_FDCWD,\ )?"(?<path>[^"]+)",\ [A-Z_|]*O_CREAT[A-Z_|]*,\ (?<mode>0[0-7]+)
        |(creat|mkdir|mkdirat)\((AT_FDCWD,\ )?"(?<path>[^"]+)",\ (?<mode>0[0-7]+)
        |(unlink|unlinkat|rename|renameat)\((AT_FDCWD,\ )?"(?<path>[^"]+)"(,\ (AT_FDCWD,\ )?"(?<to>[^"]+)")?)
        """,
        RegexOptions.ExplicitCapture | RegexOptions.IgnorePatternWhitespace,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Call();

    [GeneratedRegex("[0-9a-f]{16}", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Random();
}
