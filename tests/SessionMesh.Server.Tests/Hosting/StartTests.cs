using SessionMesh.Server.Hosting;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Hosting;

public sealed class StartTests
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [Fact]
    public async Task FirstStart_WritesARootKeyForItsOwnerAlone_AndTheNextStartKeepsIt()
    {
        await using var mesh = await MeshHost.StartAsync();
        var key = mesh.RootKey;
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(OwnerOnly, File.GetUnixFileMode(Path.Combine(mesh.Directory, "root.key")));
            Assert.Equal(OwnerOnly | UnixFileMode.UserExecute, File.GetUnixFileMode(mesh.Directory));
        }

        await mesh.RestartAsync();
        Assert.Equal(key, mesh.RootKey);
        Assert.Equal(200, (await mesh.GetAsync("alive")).Status);
        Assert.Equal(1, mesh.Revision);
    }

    [Fact]
    public async Task FirstStart_RootKeyFileThatAnybodyCouldRead_IsClosedBeforeTheKeyGoesIn()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var directory = Directory.CreateTempSubdirectory("mesh-open-").FullName;
        var left = Path.Combine(directory, "root.key");
        await File.WriteAllTextAsync(left, "left by a start that was cut off");
        File.SetUnixFileMode(directory, (UnixFileMode)0b111_111_111);
        File.SetUnixFileMode(left, (UnixFileMode)0b110_110_110);
        await using (var app = MeshServer.Build(["--urls", "http://127.0.0.1:0", "--data", directory]))
        {
            await app.StartAsync();
            Assert.Equal(OwnerOnly, File.GetUnixFileMode(left));
            Assert.Equal(OwnerOnly | UnixFileMode.UserExecute, File.GetUnixFileMode(directory));
            Assert.StartsWith("smk_", await File.ReadAllTextAsync(left), StringComparison.Ordinal);
        }

        Directory.Delete(directory, recursive: true);
    }

    /// <summary>What an earlier version, or a copy under a wide umask, left open to others.</summary>
    [Fact]
    public async Task Store_ThatOthersCouldRead_IsClosedAtTheStart()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        await using var mesh = await MeshHost.StartAsync();
        string[] names = ["mesh.db", "lock", "reserve", "root.key", "mesh.db.before-restore-1", "mesh.db.before-20260101_Before-wal"];
        await mesh.StopAsync();
        File.SetUnixFileMode(mesh.Directory, (UnixFileMode)0b111_101_101);
        foreach (var name in names)
        {
            await File.AppendAllTextAsync(Path.Combine(mesh.Directory, name), "");
            File.SetUnixFileMode(Path.Combine(mesh.Directory, name), (UnixFileMode)0b110_100_100);
        }

        await mesh.RestartAsync();
        Assert.Equal(OwnerOnly | UnixFileMode.UserExecute, File.GetUnixFileMode(mesh.Directory));
        foreach (var name in names)
        {
            Assert.Equal(OwnerOnly, File.GetUnixFileMode(Path.Combine(mesh.Directory, name)));
        }
    }

    [Theory]
    [InlineData("notes.txt")]
    [InlineData("tmp", "notes.txt")]
    [InlineData("lock", "root.key", "mesh.database")]
    public void DirectoryOfSomebodyElse_IsRefusedAndLeftAsItIs(params string[] names)
    {
        var directory = Directory.CreateTempSubdirectory("mesh-foreign-").FullName;
        foreach (var name in names.Where(name => name != "tmp"))
        {
            File.WriteAllText(Path.Combine(directory, name), name);
        }

        if (names.Contains("tmp"))
        {
            File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(directory, "tmp")).FullName, "precious"), "");
        }

        var before = Describe(directory);
        AssertRefused(directory, $"holds other things than a mesh, such as {names[^1]}");
        Assert.Equal(before, Describe(directory));
        Directory.Delete(directory, recursive: true);
    }

    [Theory]
    [InlineData(0b111_101_101)]
    [InlineData(0b111_111_101)]
    public async Task EmptyDirectory_IsTakenAndClosed(int mode)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var directory = Directory.CreateTempSubdirectory("mesh-bare-").FullName;
        File.SetUnixFileMode(directory, (UnixFileMode)mode);
        await using (var app = MeshServer.Build(["--urls", "http://127.0.0.1:0", "--data", directory]))
        {
            Assert.Equal(OwnerOnly | UnixFileMode.UserExecute, File.GetUnixFileMode(directory));
        }

        Directory.Delete(directory, recursive: true);
    }

    /// <summary>A directory for temporary files, or of a group: others count on its mode.</summary>
    [Theory]
    [InlineData(0b111_111_111)]
    [InlineData(0b001_111_111_111)]
    [InlineData(0b010_111_101_101)]
    public void EmptyDirectory_ThatIsSharedWithOthers_IsRefusedAndLeftAsItIs(int mode)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var directory = Directory.CreateTempSubdirectory("mesh-shared-").FullName;
        File.SetUnixFileMode(directory, (UnixFileMode)mode);
        AssertRefused(directory, "is shared with other accounts");
        Assert.Equal((UnixFileMode)mode, File.GetUnixFileMode(directory));
        Assert.Empty(Directory.EnumerateFileSystemEntries(directory));
        Directory.Delete(directory);
    }

    /// <summary>Whoever may write there, such as root, would close it to its owner.</summary>
    [Fact]
    public void EmptyDirectory_ThatBelongsToAnotherAccount_IsRefusedAndLeftAsItIs()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            return;
        }

        var directory = Directory.CreateTempSubdirectory("mesh-other-").FullName;
        using (var chown = System.Diagnostics.Process.Start("chown", ["12345", directory]))
        {
            chown.WaitForExit();
            Assert.Equal(0, chown.ExitCode);
        }

        var before = Describe(directory);
        AssertRefused(directory, "belongs to another account");
        Assert.Equal(before, Describe(directory));
        Directory.Delete(directory);
    }

    [Fact]
    public async Task SecondServer_OnTheSameDirectory_IsRefused()
    {
        await using var mesh = await MeshHost.StartAsync();
        var refused = Assert.Throws<StartupException>(() => MeshServer.Build(["--urls", "http://127.0.0.1:0", "--data", mesh.Directory]));
        Assert.Equal(
            $"Another server holds the data directory {mesh.Directory}. "
            + "Stop it, or choose another directory with --data DIR and another port with --urls.",
            refused.Message);
        Assert.Equal(200, (await mesh.GetAsync("alive")).Status);
    }

    [Fact]
    public void DataDirectory_ThatCannotBe_IsRefusedInWords()
    {
        var file = Path.GetTempFileName();
        var refused = Assert.Throws<StartupException>(() => DataDirectory.Open(file));
        Assert.Equal($"The data directory {file} cannot be used: {file} is a file. Choose another with --data DIR.", refused.Message);
        File.Delete(file);
    }

    private static void AssertRefused(string directory, string why)
    {
        var refused = Assert.Throws<StartupException>(() => MeshServer.Build(["--urls", "http://127.0.0.1:0", "--data", directory]));
        Assert.Equal(
            $"The directory {directory} {why}. Nothing in it was changed. "
            + $"Name one that is not there yet, such as --data {directory}/session-mesh.",
            refused.Message);
    }

    private static string Describe(string directory) => string.Join('\n', Directory
        .EnumerateFileSystemEntries(directory, "*", SearchOption.AllDirectories)
        .Append(directory)
        .Order()
        .Select(path => $"{path} {(OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(path))}"));
}
